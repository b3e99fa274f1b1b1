"""Broken tables, a resolver that is down, endless and hostile input: whatever goes wrong, nothing is called clear."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cases.case import Case, Finding
from cases.errors import CaseError
from cases.jsonl import case_from_line
from cases.vocabulary.tables import VOCABULARY, VocabularyError, drugs
from cases.whole import LISTING, Incomplete, check_whole
from safety.intake import Drug
from safety.interactions import Interactions
from safety.resolver import Resolution
from safety.rules import ACTION_OF, KNOWLEDGE, RulesError
from safety.rxnorm import OfflineResolver
from safety.screen import MAX_TEXT, Screen, Verdict
from scripts.count_lines import tables

SECONDS = 60.0  # for the largest input that is read; 2 to 15 on one slow core
PATIENT = {"age": 40.0, "sex": "female", "pregnant": False, "egfr": 90.0}
TEXT = "Take clarithromycin 500 mg twice daily for 7 days."


def _blocks(verdict: Verdict) -> bool:
    return any(item.action == "block" for item in verdict.findings) and bool(verdict.unchecked)


# ── tables ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _cut(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])


def _cut_between_lines(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[: len(lines) * 2 // 3]))


def _replaced_by_a_folder(path: Path) -> None:
    """Stands for a file that may not be read: permissions do not bind root."""
    path.unlink()
    path.mkdir()


def _as_many_lines_of(line: bytes) -> Callable[[Path], None]:
    """Damage that no count of lines shows."""
    return lambda path: path.write_bytes(line * 30_000)


SHORTER: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "cut": _cut,
    "cut between lines": _cut_between_lines,
    "a folder": _replaced_by_a_folder,
}
CORRUPT = {
    "garbage": _as_many_lines_of(b"\xff\x00\xfe{[\n"),
    "wrong types": _as_many_lines_of(b"- 3\n"),
    "no list": _as_many_lines_of(b"x\n"),
}
EVERY = [(folder, path.relative_to(folder)) for folder in (VOCABULARY, KNOWLEDGE) for path in tables(folder)]
READ_BY_SCRIPTS = {"cyp_names.csv", "rxcui_evidence.csv", "rxnorm_labels.csv", "sources.csv", "atc.csv", "VERSION"}
ANY_TEXT = {"english_words.txt", "not_in_text.txt"}  # every line of these is a word
SHIPPED_ALONE = {"context_rules.yaml", "dosing_rules.yaml", "function_words.yaml", "instructions.yaml"}
ASKED_BY_CODE = {"clinical_drugs.csv.gz", "other_codes.csv.gz"}
LOADED = [
    (folder, path)
    for folder, path in EVERY
    if path.name not in READ_BY_SCRIPTS | ANY_TEXT | SHIPPED_ALONE | ASKED_BY_CODE | {"meaning_words.yaml"}
]
SOME = [item for item in LOADED if item[1].name in {"facts.yaml", "classes.yaml", "liver.yaml", "drugs.csv"}]


def _damaged(folder: Path, table: Path, damage: Callable[[Path], object], place: Path) -> Path:
    copy = place / folder.name
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    damage(copy / table)
    return copy


@pytest.mark.parametrize("damage", SHORTER)
@pytest.mark.parametrize(("folder", "table"), EVERY, ids=str)
def test_a_table_that_is_gone_or_shorter_is_noticed(folder: Path, table: Path, damage: str, tmp_path: Path) -> None:
    broken = _damaged(folder, table, SHORTER[damage], tmp_path)
    with pytest.raises(Incomplete, match=f"{table.name} .*Restore the file"):
        check_whole(broken)


@pytest.mark.parametrize("damage", [*SHORTER, "garbage"])
@pytest.mark.parametrize("folder", [VOCABULARY, KNOWLEDGE], ids=lambda folder: str(folder.name))
def test_a_listing_that_is_gone_or_broken_is_noticed(folder: Path, damage: str, tmp_path: Path) -> None:
    if damage.startswith("cut"):
        return  # it lists less, which nothing else can tell
    broken = _damaged(folder, Path(LISTING), {**SHORTER, **CORRUPT}[damage], tmp_path)
    with pytest.raises(Incomplete, match=LISTING):
        check_whole(broken)


@pytest.mark.parametrize("folder", [VOCABULARY, KNOWLEDGE], ids=lambda folder: str(folder.name))
def test_the_shipped_listings_name_every_table(folder: Path) -> None:
    """If this fails, tables were added or lost lines: run `python -m scripts.count_lines`."""
    check_whole(folder)
    listed = {line.split(",")[0] for line in (folder / LISTING).read_text(encoding="utf-8").splitlines()[1:]}
    assert listed == {path.relative_to(folder).as_posix() for path in tables(folder)}


def test_a_table_may_grow(tmp_path: Path) -> None:
    check_whole(_damaged(KNOWLEDGE, Path("VERSION"), lambda path: path.write_text("1\n2\n"), tmp_path))


def test_a_shorter_table_blocks_and_is_named_with_the_remedy(tmp_path: Path, make_case: Any) -> None:
    knowledge = _damaged(KNOWLEDGE, Path("interactions/bleeding.yaml"), _cut_between_lines, tmp_path)
    screen, case = Screen(knowledge=knowledge), make_case(patient=PATIENT, medications=["warfarin"])
    for verdict in (screen.text(case, TEXT), screen.patient(case), screen.interactions(["aspirin", "warfarin"])):
        assert _blocks(verdict)
        assert any("bleeding.yaml" in gap and "Restore the file" in gap for gap in verdict.unchecked)
    assert not screen.regimens(case, "uti.cystitis_uncomplicated").allowed


def _blocks_or_names(folder: Path, table: Path, damage: Callable[[Path], object], place: Path, case: Case) -> None:
    folders: dict[str, Path] = {"vocabulary" if folder == VOCABULARY else "knowledge": place / folder.name}
    _damaged(folder, table, damage, place)
    told = ""
    try:
        blocked = _blocks(Screen(**folders).text(case, TEXT))
    except (RulesError, VocabularyError) as error:
        told = str(error)
    assert table.name in told or folder.name in told if told else blocked


@pytest.mark.parametrize("damage", ["garbage", "wrong types"])
@pytest.mark.parametrize(("folder", "table"), SOME, ids=str)
def test_a_corrupt_table_blocks_or_is_named(
    folder: Path, table: Path, damage: str, tmp_path: Path, make_case: Any
) -> None:
    case = make_case(patient=PATIENT, medications=["warfarin"], text="I take ibuprofen. Chest pain.")
    _blocks_or_names(folder, table, CORRUPT[damage], tmp_path, case)


@pytest.mark.slow
@pytest.mark.parametrize("damage", CORRUPT)
@pytest.mark.parametrize(("folder", "table"), LOADED, ids=str)
def test_any_corrupt_table_blocks_or_is_named(
    folder: Path, table: Path, damage: str, tmp_path: Path, make_case: Any
) -> None:
    vitals = {"heart_rate": 80.0}
    case = make_case(patient=PATIENT, medications=["warfarin"], text="I take ibuprofen. Chest pain.", vitals=vitals)
    _blocks_or_names(folder, table, CORRUPT[damage], tmp_path, case)


# ── the resolver ─────────────────────────────────────────────────────────────────────────────────────────────────────


class _Down(OfflineResolver):
    def resolve(self, surface: str) -> Resolution:
        raise ConnectionError(surface)


def test_a_resolver_that_is_down_blocks_and_repeats_nothing_of_the_patient(make_case: Any) -> None:
    case = make_case(medications=["warfarin"], patient=PATIENT)
    screen = Screen(resolver=_Down())
    for verdict in (screen.text(case, "Take qwxzol 5 mg."), screen.interactions(["aspirin", "warfarin"])):
        assert _blocks(verdict)
        assert any("ConnectionError" in gap for gap in verdict.unchecked)
        assert "warfarin" not in json.dumps(verdict.unchecked)


def test_marks_that_cannot_be_made_block(monkeypatch: pytest.MonkeyPatch, make_case: Any) -> None:
    def boom(*_: object) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr("safety.screen.annotate", boom)
    verdict = Screen().text(make_case(patient=PATIENT), TEXT)
    assert _blocks(verdict)
    assert verdict.annotated == TEXT


# ── endless input ────────────────────────────────────────────────────────────────────────────────────────────────────


def _timely(screen: Screen, case: Case, text: str) -> Verdict:
    start = time.perf_counter()
    verdict = screen.text(case, text)
    assert time.perf_counter() - start < SECONDS
    return verdict


@pytest.mark.parametrize("sentence", ["Take ibuprofen 400 mg. ", "rest and drink, ", "a", "\n", "(", "1/", "5 mg "])
def test_ten_megabytes_are_refused_in_bounded_time(screen: Screen, make_case: Any, sentence: str) -> None:
    text = (sentence * (10_000_000 // len(sentence) + 1))[:10_000_000]
    verdict = _timely(screen, make_case(medications=["warfarin"]), text)
    assert _blocks(verdict)
    assert any(f"only {MAX_TEXT} were read" in gap for gap in verdict.unchecked)


@pytest.mark.slow
@pytest.mark.parametrize("piece", ["take ibuprofen 400 mg and ", "ibuprofen, aspirin, ", "avoid ibuprofen or "])
def test_a_sentence_without_an_end_is_read_in_bounded_time(screen: Screen, make_case: Any, piece: str) -> None:
    text = (piece * (MAX_TEXT // len(piece)))[:MAX_TEXT]
    assert _timely(screen, make_case(medications=["warfarin"]), text).findings


def test_five_thousand_drugs_in_one_plan(screen: Screen, make_case: Any) -> None:
    names = (list(drugs()) * 4)[:5000]
    text = " ".join(f"Take {name}." for name in names)
    verdict = _timely(screen, make_case(medications=["warfarin"]), text[:MAX_TEXT])
    assert any(item.action == "block" for item in verdict.findings)


@pytest.mark.parametrize("names", [["ibuprofen"] * 5000, (list(drugs()) * 4)[:5000]], ids=["one", "many"])
def test_five_thousand_medicines(screen: Screen, make_case: Any, names: list[str]) -> None:
    assert _timely(screen, make_case(medications=names), "Take naproxen 500 mg twice daily.").findings


def test_pairs_that_are_passed_over_have_no_rule(resolver: OfflineResolver) -> None:
    """The short cut over pairs of a long list finds what asking every pair for its rules finds."""
    engine = Interactions(resolver)
    names = sorted(drugs())[::23]
    taken = [Drug(name, new=index % 2 == 0) for index, name in enumerate(names)]
    plain = {
        (rule.id, frozenset((one, other)), ACTION_OF[rule.severity])
        for one, other in combinations(names, 2)
        for rule in engine._look_up(min(one, other), max(one, other))
    }
    fast = [item for item in engine.check(taken + taken) if item.kind == "interaction"]
    assert {item.rule for item in fast} == {rule for rule, _, _ in plain}
    assert len({(item.rule, item.drugs) for item in fast}) == len(plain)


# ── hostile input ────────────────────────────────────────────────────────────────────────────────────────────────────

HIDDEN = {
    "zero width": "ibu\u200bprofen",
    "soft hyphen": "ibu\u00adprofen",
    "combining": "i\u0301buprofen",
    "flood": "ibuprofen" + "\u0301" * 5000,
    "full width": "\uff49\uff42\uff55\uff50\uff52\uff4f\uff46\uff45\uff4e",
    "mathematical": "\U0001d422\U0001d41b\U0001d42e\U0001d429\U0001d42b\U0001d428\U0001d41f\U0001d41e\U0001d427",
    "homoglyph": "ibupr\u043efen",
    "right to left": "\u202eibuprofen\u202c",
    "dotted": "\u0130buprofen",
    "surrogate": "\ud800ibuprofen\udfff",
    "nul": "\x00ibuprofen\x00",
}


@pytest.mark.parametrize("name", HIDDEN.values(), ids=HIDDEN)
def test_a_name_in_disguise_is_found(screen: Screen, make_case: Any, name: str) -> None:
    case = make_case(patient=PATIENT, medications=["warfarin"])
    verdict = screen.text(case, f"Take {name} 400 mg twice daily.")
    assert "ddi.anticoagulant_nsaid" in {item.rule for item in verdict.findings}


NAMES = [
    "'; DROP TABLE drugs;--", '" OR 1=1', "%", "_", "*", "(((", "[a-", "a{9999}", "\\", ".*", "(?P<x>",
    "../../etc/passwd", "C:\\con", "~/.ssh/id_rsa", "file:///etc/passwd", "?!?!", "-", "…", "12345",
    "1e309", "0", "NaN", "null", "None",
    "\u200b", "\u202e", "\u0301", "💊", "x" * 500, "a b " * 125, "𝔬" * 250, "<script>alert(1)</script>",
    "${jndi:ldap://x}",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_none_is_unresolved_never_read_as_something(screen: Screen, make_case: Any, name: str) -> None:
    taken = screen.text(make_case(medications=[name]), "Rest.")
    allergic = screen.text(make_case(allergies=[name]), "Rest.")
    alone = screen.interactions([name, "warfarin"])
    for verdict in (taken, alone):
        assert "rx.unresolved" in {item.rule for item in verdict.findings}
        assert verdict.unchecked
    assert allergic.unchecked
    assert not any(item.kind == "interaction" for item in alone.findings)


@pytest.mark.parametrize("text", ["", " ", "\x01\x02\x07", "\n\t\r", "?!", "\u200b\u202e", "💊", "\x00"])
def test_a_text_that_says_nothing_is_not_clear(screen: Screen, make_case: Any, text: str) -> None:
    verdict = screen.text(make_case(patient=PATIENT), text)
    assert "the text: it says nothing" in verdict.unchecked
    assert verdict.annotated == text


@pytest.mark.parametrize(
    "line",
    [
        '{"id": "c", "text": "x", "patient": {"age": NaN}}',
        '{"id": "c", "text": "x", "patient": {"egfr": Infinity}}',
        '{"id": "c", "text": "x", "patient": {"weight_kg": -5}}',
        '{"id": "c", "text": "x", "patient": {"age": -1}}',
        '{"id": "c", "text": "x", "patient": {"age": 1e400}}',
        '{"id": "c", "text": "x", "patient": {"gestation_weeks": 400}}',
        '{"id": "c", "text": "\\ud800"}',
        '{"id": "c", "text": "x\\u0000"}',
        '{"id": "c", "text": "x", "medications": ["\\udfff"]}',
        '{"id": "c", "text": "x", "medications": [""]}',
        '{"id": "c", "text": "x", "medications": [7]}',
        '{"id": "c", "text": "x", "allergies": [{"name": null}]}',
        json.dumps({"id": "c", "text": "x", "medications": ["x" * 501]}),
        json.dumps({"id": "c", "text": "x" * 100_001}),
    ],
)
def test_impossible_values_are_an_error_of_that_case(line: str) -> None:
    read = case_from_line(line.encode())
    assert isinstance(read, CaseError)
    assert read.remedy


# ── properties ───────────────────────────────────────────────────────────────────────────────────────────────────────

GRAVITY = {"note": 0, "warn": 1, "interrupt": 2, "block": 3}
POOL = (
    "warfarin", "lisinopril", "simvastatin", "spironolactone", "ibuprofen", "sertraline", "lithium", "clarithromycin",
    "methotrexate", "amoxicillin", "digoxin", "amiodarone", "metformin", "isotretinoin", "paracetamol", "qwxzol",
)  # fmt: skip
QUICK = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)


def _weights(findings: tuple[Finding, ...]) -> dict[tuple[str, tuple[str, ...]], int]:
    """The gravest action of each rule about each set of drugs."""
    found: dict[tuple[str, tuple[str, ...]], int] = {}
    for item in findings:
        key = (item.rule, item.drugs)
        found[key] = max(found.get(key, 0), GRAVITY[item.action])
    return found


def _never_less(before: Verdict, after: Verdict) -> None:
    heavier = _weights(after.findings)
    assert all(heavier.get(key, -1) >= weight for key, weight in _weights(before.findings).items())


@QUICK
@given(
    proposed=st.lists(st.sampled_from(POOL), max_size=4, unique=True),
    taken=st.lists(st.sampled_from(POOL), max_size=4, unique=True),
    more=st.sampled_from(POOL),
)
def test_one_more_drug_never_removes_or_lightens_a_finding(
    screen: Screen, make_case: Any, proposed: list[str], taken: list[str], more: str
) -> None:
    def screened(plan: list[str], medications: list[str]) -> Verdict:
        case = make_case(patient={"age": 60.0, "sex": "female", "egfr": 25.0}, medications=medications)
        return screen.text(case, " ".join(f"Start {name} 50 mg once daily." for name in plan) or "Rest.")

    before = screened(proposed, taken)
    if more not in proposed:
        _never_less(before, screened([*proposed, more], taken))
    if more not in taken:
        _never_less(before, screened(proposed, [*taken, more]))


WORDS = st.sampled_from(["ibuprofen", "Augmentin", "avoid", "stop", "allergic to", "5 mg", "bid", ".", ",", "(", "\n"])
ANY = st.one_of(st.text(max_size=80), st.lists(st.one_of(WORDS, st.text(max_size=6)), max_size=14).map(" ".join))


@cache
def _one() -> Screen:
    return Screen()


@settings(max_examples=200, deadline=None)
@given(text=ANY)
def test_any_text_gives_a_verdict_and_always_the_same(text: str) -> None:
    case = Case.model_validate({"id": "c", "text": "x", "medications": ["warfarin"], "allergies": ["penicillin"]})
    verdict = _one().text(case, text)
    assert verdict == _one().text(case, text)
    assert not any(item.rule.startswith("screen.failed") for item in verdict.findings)


def test_another_screen_says_the_same(screen: Screen, make_case: Any) -> None:
    case = make_case(patient=PATIENT, medications=["warfarin", "lithium"], allergies=["penicillin"])
    text = "Start ibuprofen 400 mg, lisinopril 10 mg daily and amoxicillin 500 mg tds. Avoid aspirin."
    assert screen.text(case, text) == Screen(resolver=OfflineResolver()).text(case, text)
