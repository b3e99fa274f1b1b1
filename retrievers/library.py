"""Our own evidence: `library/<slug>.md`, one file a condition, one line a statement, two sources a section.

A section header is `## kind` or `## kind @syndrome.id`; its first line names the sources. A line `{regimen.id}` stands
for the sentence rendered from `regimens.csv`, so that every dose is written in one place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cases.case import Grade
from cases.vocabulary.render import render
from cases.vocabulary.tables import VOCABULARY, Source, regimens, sources
from retrievers.passage import Passage

LIBRARY = Path(__file__).parent / "library"
LICENCE = "CC BY 4.0"
SECTIONS = (
    "recognition", "danger_signs", "confirm", "non_drug", "treatment", "no_drug",
    "antibiotics", "alternatives", "refer", "review", "safety_net",
)  # fmt: skip
_FRONT = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_HEADER = re.compile(r"^## (\w+)(?: @([\w.]+))?$")
_REGIMEN = re.compile(r"^\{([\w.]+)\}$")
_WORST_FIRST: tuple[Grade, ...] = ("drafted", "single", "secondary", "verified")


class LibraryError(ValueError):
    """A library file is wrong: the message names the file, the section and the remedy."""


@dataclass(frozen=True)
class Section:
    """A section as written: its kind, the syndrome it serves, its sources, its lines."""

    kind: str
    syndrome: str | None
    sources: tuple[str, ...]
    lines: tuple[str, ...]


def read_library(folder: Path = LIBRARY, vocabulary: Path = VOCABULARY) -> list[Passage]:
    """Return every section of every file as a passage, files in name order.

    Raises:
        LibraryError: if a file has an unknown section, source or regimen.
    """
    return [passage for path in sorted(folder.glob("*.md")) for passage in _passages(path, vocabulary)]


def _passages(path: Path, vocabulary: Path) -> Iterator[Passage]:
    text = path.read_text(encoding="utf-8")
    front = _FRONT.match(text)
    if not front:
        raise LibraryError(f"{path.name}: begins without front matter (--- label, title ---).")
    meta = dict(re.split(r":\s*", line, maxsplit=1) for line in front[1].splitlines() if ":" in line)
    for section in _sections(path, text[front.end() :]):
        yield _passage(path, meta, section, vocabulary)


def _sections(path: Path, body: str) -> Iterator[Section]:
    for block in re.split(r"^(?=## )", body, flags=re.MULTILINE):
        lines = [line.strip() for line in block.splitlines() if line.strip()]
        if not lines:
            continue
        header = _HEADER.match(lines[0])
        if not header or header[1] not in SECTIONS:
            raise LibraryError(f"{path.name}: `{lines[0]}` is no section; the kinds are {', '.join(SECTIONS)}.")
        cited = tuple(
            source.strip()
            for line in lines[1:]
            if line.startswith("sources:")
            for source in re.split(r"[;,]", line.removeprefix("sources:").strip("[] "))
            if source.strip()
        )
        said = tuple(line.removeprefix("- ") for line in lines[1:] if not line.startswith("sources:"))
        if not said:
            raise LibraryError(f"{path.name}, section {header[1]}: it has no lines.")
        yield Section(header[1], header[2], cited, said)


def _passage(path: Path, meta: dict[str, str], section: Section, vocabulary: Path) -> Passage:
    cited = [_source(path, section, name, vocabulary) for name in section.sources]
    carried = tuple(match[1] for line in section.lines if (match := _REGIMEN.match(line)))
    rows = regimens(vocabulary)
    unknown = [name for name in carried if name not in rows]
    if unknown:
        raise LibraryError(f"{path.name}, section {section.kind}: no regimen {unknown[0]} in regimens.csv.")
    lines = [render(rows[match[1]]) if (match := _REGIMEN.match(line)) else line for line in section.lines]
    scope = f"@{section.syndrome}" if section.syndrome else ""
    heading = section.kind.replace("_", " ")
    return Passage(
        id=f"lib:{path.stem}#{section.kind.replace('_', '-')}{scope}",
        title=f"{meta['title']}: {heading}",
        text="\n".join(lines),
        grade=_grade(cited, [rows[name].grade for name in carried]),
        source="; ".join(f"{source.title} ({source.organisation}, {source.year})" for source in cited),
        licence=LICENCE,
        year=cited[0].year if cited else None,
        url=cited[0].url if cited else None,
        regimens=carried,
        label=meta["label"],
        section=section.kind,
        syndrome=section.syndrome,
    )


def _source(path: Path, section: Section, name: str, vocabulary: Path) -> Source:
    try:
        return sources(vocabulary)[name]
    except KeyError as error:
        raise LibraryError(f"{path.name}, section {section.kind}: no source {name} in sources.csv.") from error


def _grade(cited: list[Source], regimen_grades: list[Grade]) -> Grade:
    """Prose is as good as the number of its sources; a section of regimens as good as its worst."""
    if regimen_grades:
        return min(regimen_grades, key=_WORST_FIRST.index)
    return ("drafted", "single", "verified")[min(len({source.id for source in cited}), 2)]  # type: ignore[return-value]
