"""One corpus type for every source of evidence: a passage with its provenance, and the query that looks for it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from cases.case import Evidence, Grade


@dataclass(frozen=True)
class Passage:
    """A piece of text that may be cited.

    Args:
        id: stable, e.g. `lib:uti#treatment@uti.cystitis_uncomplicated` or `om:idsa_uti_2022/treatment_duration#2`.
        grade: how well it is sourced; see DESIGN.md, "What a plan is made of".
        regimens: ids of the regimens whose sentences the text contains.
        label, section, syndrome: what the passage is about, where the corpus says so.
    """

    id: str
    title: str
    text: str
    grade: Grade
    source: str
    licence: str
    year: int | None = None
    url: str | None = None
    regimens: tuple[str, ...] = ()
    label: str | None = None
    section: str | None = None
    syndrome: str | None = None

    @property
    def sha256(self) -> str:
        """Digest of everything that a reader of the citation would see."""
        return hashlib.sha256(
            "\x1f".join((self.id, self.title, self.text, self.grade, self.source)).encode()
        ).hexdigest()

    def as_evidence(self, *, score: float, rank: int) -> Evidence:
        """Return the noun that travels with a result."""
        return Evidence(
            id=self.id,
            title=self.title,
            text=self.text,
            grade=self.grade,
            source=self.source,
            year=self.year,
            url=self.url,
            licence=self.licence,
            score=round(score, 6),
            rank=rank,
            sha256=self.sha256,
            regimens=self.regimens,
        )


@dataclass(frozen=True)
class Query:
    """What to look for.

    Args:
        text: the words.
        where: metadata that a passage must have, e.g. `{"label": "Malaria", "section": "recognition"}`.
    """

    text: str
    where: dict[str, str] = field(default_factory=dict)

    def admits(self, passage: Passage) -> bool:
        """Whether the passage has the metadata asked for."""
        return all(getattr(passage, key) == value for key, value in self.where.items())
