"""A thin LangChain `BaseRetriever` over `HybridRetriever.search`."""

from __future__ import annotations

from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever

from retrievers.hybrid import HybridRetriever
from retrievers.passage import Query


class EvidenceRetriever(BaseRetriever):
    """Return evidence as LangChain documents; everything but the text is in the metadata."""

    retriever: Any
    k: int = 5

    @classmethod
    def over(cls, retriever: HybridRetriever, *, k: int = 5) -> EvidenceRetriever:
        """Wrap a retriever."""
        return cls(retriever=retriever, k=k)

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        found = self.retriever.search([Query(query)], self.k)[0]
        return [Document(page_content=e.text, metadata=e.model_dump(exclude={"text"})) for e in found]
