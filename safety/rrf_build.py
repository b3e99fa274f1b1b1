"""Make one SQLite index of a user's own RxNorm release, whole or not at all.

    ingredient   rxcui, label
    code         rxcui, tty, ingredients          every concept whose ingredients are clear
    term         key, surface, kind, ingredients, fuzzy    every name; no ingredients where they are not clear
    meta         release, digests and counts

`ingredients` are codes joined by `;`. Memory holds the types and the relations of RxNorm's own concepts, not the files.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cases.files import replacing
from cases.vocabulary.displays import INERT
from cases.vocabulary.lexicon import MIN_LENGTH, normalise
from safety.rrf import (
    COMPONENTS,
    CONCEPTS,
    CONSO,
    INGREDIENT,
    REL,
    Atom,
    RrfError,
    RrfFile,
    Tell,
    read_atoms,
    read_edges,
)
from safety.rrf_graph import Graph

FILE_NAME = "rxnorm.sqlite"
LAYOUT = 1
KINDS = {"IN": "ingredient", "PIN": "salt", "MIN": "combination", "BN": "brand"}
GUESSED = frozenset(KINDS)  # types of concept whose names a misspelling may be read as
MIN_GUESSED = 5  # characters
SCHEMA = """
CREATE TABLE ingredient (rxcui INTEGER PRIMARY KEY, label TEXT NOT NULL);
CREATE TABLE code (rxcui INTEGER PRIMARY KEY, tty TEXT NOT NULL, ingredients TEXT NOT NULL);
CREATE TABLE term (
    key TEXT PRIMARY KEY, surface TEXT NOT NULL, kind TEXT NOT NULL, ingredients TEXT NOT NULL, fuzzy INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TEMP TABLE atom (rxcui INTEGER NOT NULL, rank INTEGER NOT NULL, tty TEXT NOT NULL, text TEXT NOT NULL);
"""
ADD_TERM = """
INSERT INTO term VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET
    ingredients = CASE WHEN ingredients = excluded.ingredients THEN ingredients ELSE '' END,
    fuzzy = max(fuzzy, excluded.fuzzy)
"""  # a name of two medicines is the name of neither


@dataclass(frozen=True)
class Imported:
    """What an import made."""

    path: Path
    release: str
    counts: dict[str, int]


def import_release(conso: Path, rel: Path, folder: Path, *, tell: Tell = lambda _: None) -> Imported:
    """Read a release and write its index.

    Args:
        conso: `RXNCONSO.RRF`.
        rel: `RXNREL.RRF` of the same release.
        folder: where `rxnorm.sqlite` is written; one that is there already is replaced at the end.
        tell: called with the number of bytes read since its last call.

    Raises:
        RrfError: for a file or line that cannot be used; then nothing is written.
    """
    files = RrfFile(conso, CONSO, tell=tell), RrfFile(rel, REL, tell=tell)
    path, release = folder / FILE_NAME, release_of(conso.parent)
    with replacing(path) as temporary:
        try:
            with closing(sqlite3.connect(temporary)) as database:
                database.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {SCHEMA}")
                counts = _fill(database, *files)
                _describe(database, release, files, counts)
                database.commit()
        except sqlite3.Error as error:
            raise RrfError(f"{path} cannot be written ({error}). Check --out and the room on the disk.") from error
    return Imported(path, release, counts)


def release_of(folder: Path) -> str:
    """Return the version that `RXNSAB.RRF` beside the files names; `unknown` without it."""
    try:
        lines = (folder / "RXNSAB.RRF").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return "unknown"
    rows = (line.split("|") for line in lines)
    return next((row[6] for row in rows if len(row) > 6 and row[3] == "RXNORM" and row[6]), "unknown")


def _fill(database: sqlite3.Connection, conso: RrfFile, rel: RrfFile) -> dict[str, int]:
    types = _store_atoms(database, read_atoms(conso))
    if INGREDIENT not in types.values():
        raise RrfError(f"{conso.path} has no current ingredients of RxNorm. Name the RXNCONSO.RRF of a release.")
    inert = database.execute(
        f"SELECT rxcui FROM atom WHERE tty = 'IN' AND lower(text) IN ({', '.join('?' * len(INERT))})", tuple(INERT)
    )
    graph = Graph(types, read_edges(rel), inert=frozenset(row[0] for row in inert))
    if not graph.edges:
        raise RrfError(f"{rel.path} has no relations between the concepts of {conso.path}. Name files of one release.")
    database.execute("INSERT OR IGNORE INTO ingredient SELECT rxcui, text FROM atom WHERE tty = 'IN'")
    database.executemany("INSERT INTO code VALUES (?, ?, ?)", _codes(types, graph))
    atoms = database.cursor().execute("SELECT rxcui, tty, text FROM atom ORDER BY rank, rowid")
    database.cursor().executemany(ADD_TERM, _terms(atoms, types, graph))
    return _counts(database, types)


def _store_atoms(database: sqlite3.Connection, atoms: Iterable[Atom]) -> dict[int, str]:
    """Put the names aside; return the type of each concept."""
    ranks = {tty: rank for rank, tty in enumerate([*KINDS, *sorted(CONCEPTS - set(KINDS))])}
    types: dict[int, str] = {}

    def rows() -> Iterator[tuple[int, int, str, str]]:
        for atom in atoms:
            if atom.tty in CONCEPTS:
                types[atom.rxcui] = atom.tty
            yield atom.rxcui, ranks.get(atom.tty, len(ranks)), atom.tty, atom.text

    database.executemany("INSERT INTO atom VALUES (?, ?, ?, ?)", rows())
    return types


def _codes(types: dict[int, str], graph: Graph) -> Iterator[tuple[int, str, str]]:
    for rxcui, tty in types.items():
        found = graph.ingredients(rxcui)
        if found:
            yield rxcui, tty, _joined(found)


def _terms(
    atoms: Iterable[tuple[int, str, str]], types: dict[int, str], graph: Graph
) -> Iterator[tuple[str, str, str, str, bool]]:
    for rxcui, tty, text in atoms:
        key, concept = normalise(text), types.get(rxcui)
        if concept is None or tty in COMPONENTS or len(key) < MIN_LENGTH or key.replace(" ", "").isdigit():
            continue
        guessed = concept in GUESSED and len(key) >= MIN_GUESSED
        yield key, text, KINDS.get(tty, "name"), _joined(graph.ingredients(rxcui)), guessed


def _joined(codes: Iterable[int]) -> str:
    return ";".join(str(code) for code in sorted(codes))


def _counts(database: sqlite3.Connection, types: dict[int, str]) -> dict[str, int]:
    asked = {
        "ingredients": "SELECT count(*) FROM ingredient",
        "codes": "SELECT count(*) FROM code",
        "names": "SELECT count(*) FROM term",
        "names of several medicines": "SELECT count(*) FROM term WHERE ingredients = ''",
    }
    counts = {name: int(database.execute(query).fetchone()[0]) for name, query in asked.items()}
    return {**counts, "codes without clear ingredients": len(types) - counts["codes"]}


def _describe(
    database: sqlite3.Connection, release: str, files: tuple[RrfFile, RrfFile], counts: dict[str, int]
) -> None:
    sources = {
        layout: {"sha256": file.sha256, "lines": file.lines} for layout, file in zip((CONSO, REL), files, strict=True)
    }
    told = {
        "layout": LAYOUT,
        "release": release,
        "imported": datetime.now(UTC).isoformat(timespec="seconds"),
        "files": sources,
        "counts": counts,
    }
    database.executemany("INSERT INTO meta VALUES (?, ?)", [(key, json.dumps(value)) for key, value in told.items()])
