"""Read the two files of an RxNorm release that hold names and relations, a line at a time.

    RXNCONSO.RRF   RXCUI|LAT|TS|LUI|STT|SUI|ISPREF|RXAUI|SAUI|SCUI|SDUI|SAB|TTY|CODE|STR|SRL|SUPPRESS|CVF|
    RXNREL.RRF     RXCUI1|RXAUI1|STYPE1|REL|RXCUI2|RXAUI2|STYPE2|RELA|RUI|SRUI|SAB|SL|DIR|RG|SUPPRESS|CVF|

A relation is read backwards: the second concept stands in it to the first. Rows of other vocabularies and suppressed
rows are left out. A line that is not of this shape stops the import: half a release would miss ingredients.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

CONSO, REL = "RXNCONSO.RRF", "RXNREL.RRF"
WIDTHS = {CONSO: 18, REL: 16}
VOCABULARY_NAME = "RXNORM"
INGREDIENT, BRAND = "IN", "BN"
COMPONENTS = frozenset({"SBDC", "SCDF", "SBDF", "SCDG", "SBDG"})  # on the way from a product to its ingredients
CONCEPTS = frozenset({INGREDIENT, "PIN", "MIN", BRAND, "SCDC", "SCD", "SBD", "GPCK", "BPCK"}) | COMPONENTS
SYNONYMS = frozenset({"SY", "TMSY", "PSN"})
PARTS = frozenset(
    {"tradename_of", "form_of", "has_part", "consists_of", "has_ingredient", "has_ingredients", "contains"}
)  # each alone leads to every ingredient
TELL_EVERY = 20_000  # lines

Tell = Callable[[int], None]


class RrfError(ValueError):
    """A file of the release cannot be used: which file, which line, what to do."""


@dataclass(frozen=True)
class Atom:
    """A name of a concept, and of which type the name is."""

    rxcui: int
    tty: str
    text: str


@dataclass(frozen=True)
class Edge:
    """`source` stands in `relation` to `target`, e.g. a brand is `tradename_of` its ingredient."""

    source: int
    relation: str
    target: int


class RrfFile:
    """One file of a release, read once from front to back.

    Args:
        path: the file.
        layout: `RXNCONSO.RRF` or `RXNREL.RRF`: how many fields a line has.
        tell: called now and then with the number of bytes read since the last call.
    """

    def __init__(self, path: Path, layout: str, *, tell: Tell = lambda _: None) -> None:
        self.path = path
        self.lines = 0
        self._layout = layout
        self._width = WIDTHS[layout]
        self._tell = tell
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """Digest of what was read."""
        return self._digest.hexdigest()

    def rows(self) -> Iterator[list[str]]:
        """Yield the fields of every line.

        Raises:
            RrfError: at the first line that has another number of fields or is no UTF-8, or if there is none.
        """
        untold = 0
        try:
            with self.path.open("rb") as file:
                for line in file:
                    self.lines += 1
                    self._digest.update(line)
                    untold += len(line)
                    if self.lines % TELL_EVERY == 0:
                        self._tell(untold)
                        untold = 0
                    yield self._fields(line)
        except OSError as error:
            raise RrfError(f"{self.path} cannot be read ({error.strerror}). Check path and permissions.") from error
        self._tell(untold)
        if not self.lines:
            raise RrfError(f"{self.path} is empty. Unpack the release again.")

    def wrong(self, what: str) -> RrfError:
        """Return the error for the line that was read last."""
        return RrfError(
            f"{self.path} line {self.lines}: {what}. Is it the {self._layout} of an RxNorm release? "
            "If it is, unpack or download the release again."
        )

    def _fields(self, line: bytes) -> list[str]:
        try:
            fields = line.decode("utf-8").rstrip("\r\n").split("|")
        except UnicodeDecodeError as error:
            raise self.wrong("it is not UTF-8") from error
        if len(fields) == self._width + 1 and not fields[-1]:
            fields.pop()  # every line ends in a bar
        if len(fields) != self._width:
            raise self.wrong(f"it has {len(fields)} fields, not {self._width}")
        return fields


def read_atoms(file: RrfFile) -> Iterator[Atom]:
    """Yield RxNorm's own current names.

    Raises:
        RrfError: at the first line that cannot be read.
    """
    for row in file.rows():
        tty = row[12]
        if row[11] == VOCABULARY_NAME and row[16] == "N" and (tty in CONCEPTS or tty in SYNONYMS):
            if not row[14].strip():
                raise file.wrong("the name (STR) is blank")
            yield Atom(_code(file, row[0]), tty, row[14].strip())


def read_edges(file: RrfFile) -> Iterator[Edge]:
    """Yield RxNorm's own current relations between concepts that lead towards ingredients.

    Raises:
        RrfError: at the first line that cannot be read.
    """
    for row in file.rows():
        if row[7] in PARTS and row[10] == VOCABULARY_NAME and row[14] in ("", "N") and row[0] and row[4]:
            yield Edge(source=_code(file, row[4]), relation=row[7], target=_code(file, row[0]))


def _code(file: RrfFile, text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise file.wrong(f"the code (RXCUI) is {text!r}, not a number")
    return int(text)
