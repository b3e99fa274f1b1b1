"""A user's own RxNorm release: what is kept of it, what it resolves to, and how it stands behind our tables."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from cases.vocabulary.tables import drugs
from safety.resolver import Unavailable
from safety.rrf import Edge, RrfError
from safety.rrf_build import import_release
from safety.rrf_graph import Graph
from safety.rxnorm import OfflineResolver
from safety.rxnorm_index import ImportedIndex, IndexUnusable
from safety.screen import Screen
from tests.safety.conftest import CaseMaker

RELEASE = Path(__file__).parent / "fixtures" / "rrf"
MADE_UP = 99_000_000  # codes from here up are no codes of RxNorm


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> ImportedIndex:
    folder = tmp_path_factory.mktemp("index")
    return ImportedIndex(import_release(RELEASE / "RXNCONSO.RRF", RELEASE / "RXNREL.RRF", folder).path)


@pytest.fixture(scope="module")
def both(index: ImportedIndex) -> OfflineResolver:
    return OfflineResolver(imported=index)


def imported_with(folder: Path, *, conso: str = "", rel: str = "") -> ImportedIndex:
    """The index of the release with lines added."""
    for name, more in (("RXNCONSO.RRF", conso), ("RXNREL.RRF", rel)):
        (folder / name).write_text((RELEASE / name).read_text(encoding="utf-8") + more, encoding="utf-8")
    return ImportedIndex(import_release(folder / "RXNCONSO.RRF", folder / "RXNREL.RRF", folder).path)


# ── what a name of the release stands for ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("surface", "names"),
    [
        ("Examplinib", ("examplinib",)),
        ("examplinibum", ("examplinib",)),  # a synonym
        ("examplinib mesylate", ("examplinib",)),  # a salt
        ("Exampra", ("examplinib",)),  # a brand
        ("Exampra Duo", ("examplinib", "metoprolol")),  # a brand of a combination
        ("examplinib / metoprolol", ("examplinib", "metoprolol")),  # a combination
        ("examplinib 5 MG Oral Tablet", ("examplinib",)),  # a clinical drug
        ("examplinib 5 MG tab", ("examplinib",)),  # its prescribable name
        ("examplinib 5 MG / metoprolol tartrate 50 MG Oral Tablet [Exampra Duo]", ("examplinib", "metoprolol")),
    ],
)
def test_a_name_stands_for_all_of_its_ingredients(index: ImportedIndex, surface: str, names: tuple[str, ...]) -> None:
    read = index.resolve(surface)
    assert (read.names, read.how) == (names, "exact")


def test_a_strength_that_no_product_has_is_read_from_the_display(index: ImportedIndex) -> None:
    read = index.resolve("examplinib 7.5 MG Oral Capsule")
    assert (read.names, read.how) == (("examplinib",), "display")


@pytest.mark.parametrize(
    ("code", "names"),
    [
        (1, ("examplinib",)),
        (10, ("metoprolol",)),  # a salt
        (20, ("amoxicillin", "clavulanate")),  # a combination
        (31, ("examplinib", "metoprolol")),  # a brand
        (51, ("examplinib", "metoprolol")),  # a clinical drug
        (61, ("examplinib", "metoprolol")),  # a branded drug
        (70, ("ethinyl estradiol", "levonorgestrel")),  # a pack, without its placebo tablets
        (71, ("ethinyl estradiol", "levonorgestrel")),  # a branded pack
    ],
)
def test_a_code_stands_for_all_of_its_ingredients(index: ImportedIndex, code: int, names: tuple[str, ...]) -> None:
    assert index.resolve_code(str(MADE_UP + code)).names == names


@pytest.mark.parametrize("surface", ["Twofold", "doubletake"])
def test_a_name_of_two_medicines_is_refused(index: ImportedIndex, surface: str) -> None:
    read = index.resolve(surface)
    assert not read.resolved
    assert read.kind


@pytest.mark.parametrize("surface", ["suppressol", "foreignamide", "", "   "])
def test_what_is_suppressed_foreign_or_blank_is_not_known(index: ImportedIndex, surface: str) -> None:
    assert not index.resolve(surface).resolved


@pytest.mark.parametrize("code", [f"{MADE_UP + 4}", f"{MADE_UP + 3}", "", "abc", "-1", "9" * 30])
def test_a_code_that_is_not_there_is_refused(index: ImportedIndex, code: str) -> None:
    assert not index.resolve_code(code).resolved


def test_half_a_combination_is_none(index: ImportedIndex) -> None:
    """The second component is suppressed: the first alone would hide an ingredient."""
    assert not index.resolve_code(f"{MADE_UP + 53}").resolved
    assert index.resolve("amlodipine 5 MG / hydrochlorothiazide 25 MG Oral Tablet").how != "exact"


def test_foreign_and_suppressed_relations_add_no_ingredient(index: ImportedIndex) -> None:
    assert index.resolve_code(f"{MADE_UP + 50}").names == ("examplinib",)
    assert index.resolve("Exampra").names == ("examplinib",)


def test_a_circle_of_relations_ends() -> None:
    graph = Graph({1: "SCD", 2: "SCDC"}, [Edge(1, "consists_of", 2), Edge(2, "consists_of", 1)])
    assert graph.ingredients(1) == frozenset()


def test_a_relation_is_read_backwards(tmp_path: Path) -> None:
    """RXCUI1 tradename_of RXCUI2 is no statement about RXCUI1."""
    name = f"{MADE_UP + 33}|ENG||||||T||{MADE_UP + 33}||RXNORM|BN|x|Wrongway||N|4096|\n"
    edge = f"{MADE_UP + 33}||CUI|RO|6918||CUI|tradename_of|R||RXNORM|||||4096|\n"
    assert not imported_with(tmp_path, conso=name, rel=edge).resolve("Wrongway").resolved


def test_codes_of_the_fixture_are_those_of_the_committed_table(index: ImportedIndex) -> None:
    ours = {drug.rxcui: drug.name for drug in drugs().values() if drug.rxcui}
    lines = (RELEASE / "RXNCONSO.RRF").read_text(encoding="utf-8").splitlines()
    rows = [line.split("|") for line in lines]
    assert {row[0]: row[14] for row in rows if int(row[0]) < MADE_UP and row[12] == "IN"}.items() <= ours.items()


# ── behind the committed tables ──────────────────────────────────────────────────────────────────────────────────────


def test_what_our_tables_know_keeps_our_answer(both: OfflineResolver, resolver: OfflineResolver) -> None:
    for surface in ("Augmentin", "metoprolol tartrate", "amoxicilin", "amLODIPine 5 MG Oral Tablet"):
        assert both.resolve(surface).names == resolver.resolve(surface).names


def test_an_ingredient_that_our_tables_know_by_code_keeps_our_name(tmp_path: Path) -> None:
    conso = (RELEASE / "RXNCONSO.RRF").read_text(encoding="utf-8").replace("|clavulanate||", "|clavulanic acid||")
    (tmp_path / "RXNCONSO.RRF").write_text(conso, encoding="utf-8")
    shutil.copy(RELEASE / "RXNREL.RRF", tmp_path)
    made = import_release(tmp_path / "RXNCONSO.RRF", tmp_path / "RXNREL.RRF", tmp_path)
    assert ImportedIndex(made.path).resolve_code(f"{MADE_UP + 20}").names == ("amoxicillin", "clavulanate")


def test_the_release_answers_what_our_tables_do_not_know(both: OfflineResolver) -> None:
    read = both.resolve("Exampra Duo")
    assert read.names == ("examplinib", "metoprolol")
    assert "TEST_261102F" in read.source
    assert both.resolve_code(f"{MADE_UP + 71}").resolved
    assert both.rxcui("examplinib") == f"{MADE_UP + 1}"
    assert both.rxcui("metoprolol") == drugs()["metoprolol"].rxcui


def test_a_misspelling_of_a_name_of_the_release_is_a_fuzzy_match(both: OfflineResolver) -> None:
    read = both.resolve("examplinip")
    assert (read.names, read.how, read.read_as) == (("examplinib",), "fuzzy", "examplinib")


def test_a_misspelling_between_the_tables_and_the_release_is_refused(tmp_path: Path) -> None:
    """Alone, our tables would have read it as metoprolol."""
    name = f"{MADE_UP + 5}|ENG||||||T||x||RXNORM|IN|x|metoprolal||N|4096|\n"
    resolver = OfflineResolver(imported=imported_with(tmp_path, conso=name))
    assert not resolver.resolve("metoproll").resolved


def test_a_name_of_several_products_is_refused_before_any_guess(both: OfflineResolver) -> None:
    read = both.resolve("Twofold")
    assert (read.resolved, read.how) == (False, "unresolved")


def test_rules_apply_to_what_only_the_release_could_read(both: OfflineResolver) -> None:
    alone = Screen(resolver=both).interactions(["metoprolol", "verapamil"])
    verdict = Screen(resolver=both).interactions(["Exampra Duo", "verapamil"])
    assert alone.findings
    assert set(verdict.findings) == set(alone.findings)
    assert verdict.unchecked == ("examplinib: known, no rules",)


def test_a_name_of_the_release_before_a_dose_is_read_in_a_text(both: OfflineResolver, make_case: CaseMaker) -> None:
    verdict = Screen(resolver=both).text(make_case(), "Start Exampra 5 mg daily.")
    assert "examplinib: known, no rules" in verdict.unchecked
    assert not [item for item in verdict.findings if item.kind == "unresolved_drug"]


# ── files that cannot be used ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "line", "told"),
    [
        ("RXNCONSO.RRF", b"123|ENG|\n", r"RXNCONSO.RRF line 46: it has 3 fields, not 18.*download the release again"),
        ("RXNREL.RRF", b"123|" * 17 + b"\n", r"RXNREL.RRF line 94: it has 18 fields, not 16"),
        ("RXNCONSO.RRF", b"\xff|ENG\n", r"RXNCONSO.RRF line 46: it is not UTF-8"),
        ("RXNCONSO.RRF", b"x1|ENG||||||T||x||RXNORM|IN|x|newdrug||N|4096|\n", r"line 46: the code \(RXCUI\) is 'x1'"),
        ("RXNCONSO.RRF", b"1|ENG||||||T||x||RXNORM|IN|x| ||N|4096|\n", r"line 46: the name \(STR\) is blank"),
        ("RXNREL.RRF", b"x1||CUI|RO|1||CUI|form_of|R||RXNORM|||||4096|\n", r"line 94: the code \(RXCUI\) is 'x1'"),
    ],
)
def test_a_bad_line_stops_the_import_and_leaves_nothing(tmp_path: Path, name: str, line: bytes, told: str) -> None:
    for part in ("RXNCONSO.RRF", "RXNREL.RRF"):
        shutil.copy(RELEASE / part, tmp_path)
    with (tmp_path / name).open("ab") as file:
        file.write(line)
    out = tmp_path / "out"
    with pytest.raises(RrfError, match=told):
        import_release(tmp_path / "RXNCONSO.RRF", tmp_path / "RXNREL.RRF", out)
    assert not list(out.iterdir())


def test_a_failed_import_leaves_the_index_that_is_there(tmp_path: Path) -> None:
    path = import_release(RELEASE / "RXNCONSO.RRF", RELEASE / "RXNREL.RRF", tmp_path).path
    before = path.read_bytes()
    with pytest.raises(RrfError):
        import_release(RELEASE / "RXNREL.RRF", RELEASE / "RXNCONSO.RRF", tmp_path)
    assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


def test_an_empty_or_missing_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "RXNCONSO.RRF").touch()
    with pytest.raises(RrfError, match="is empty"):
        import_release(tmp_path / "RXNCONSO.RRF", RELEASE / "RXNREL.RRF", tmp_path)
    with pytest.raises(RrfError, match="cannot be read"):
        import_release(tmp_path / "nowhere.RRF", RELEASE / "RXNREL.RRF", tmp_path)


def test_files_of_two_releases_are_refused(tmp_path: Path) -> None:
    (tmp_path / "RXNREL.RRF").write_text("1||CUI|RO|2||CUI|form_of|R||RXNORM|||||4096|\n", encoding="utf-8")
    with pytest.raises(RrfError, match="Name files of one release"):
        import_release(RELEASE / "RXNCONSO.RRF", tmp_path / "RXNREL.RRF", tmp_path)


def test_lines_may_lack_the_bar_at_the_end_and_may_end_as_on_windows(tmp_path: Path) -> None:
    for name in ("RXNCONSO.RRF", "RXNREL.RRF"):
        text = (RELEASE / name).read_text(encoding="utf-8").replace("|\n", "\r\n")
        (tmp_path / name).write_bytes(text.encode())
    made = import_release(tmp_path / "RXNCONSO.RRF", tmp_path / "RXNREL.RRF", tmp_path)
    assert ImportedIndex(made.path).resolve("Exampra Duo").names == ("examplinib", "metoprolol")


def test_an_import_says_what_it_read(index: ImportedIndex) -> None:
    assert index.release == "TEST_261102F"
    assert index.meta["files"]["RXNCONSO.RRF"]["lines"] == 45
    assert index.meta["counts"]["ingredients"] == 9


def test_the_digest_changes_with_either_file(index: ImportedIndex, tmp_path: Path) -> None:
    foreign = f"1||CUI|RO|{MADE_UP}||CUI|isa|R||RXNORM|||||4096|\n"
    assert imported_with(tmp_path, rel=foreign).sha256 != index.sha256


def test_without_rxnsab_the_release_is_unknown(tmp_path: Path) -> None:
    assert imported_with(tmp_path).release == "unknown"


# ── an index that cannot be used ─────────────────────────────────────────────────────────────────────────────────────


def test_what_is_no_index_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IndexUnusable, match="wardround rxnorm import"):
        ImportedIndex(tmp_path / "none.sqlite")
    (tmp_path / "text.sqlite").write_text("no database", encoding="utf-8")
    with pytest.raises(IndexUnusable, match="is no RxNorm index"):
        ImportedIndex(tmp_path / "text.sqlite")


def test_an_index_of_another_layout_is_refused(tmp_path: Path) -> None:
    path = import_release(RELEASE / "RXNCONSO.RRF", RELEASE / "RXNREL.RRF", tmp_path).path
    database = sqlite3.connect(path)
    database.execute("UPDATE meta SET value = '0' WHERE key = 'layout'")
    database.commit()
    database.close()
    with pytest.raises(IndexUnusable, match="another version"):
        ImportedIndex(path)


def test_an_index_that_breaks_later_is_no_answer(tmp_path: Path) -> None:
    path = import_release(RELEASE / "RXNCONSO.RRF", RELEASE / "RXNREL.RRF", tmp_path).path
    index = ImportedIndex(path)
    database = sqlite3.connect(path)
    database.execute("DROP TABLE term")
    database.commit()
    database.close()
    with pytest.raises(Unavailable):
        index.resolve("examplinib")
