"""The online resolver: what it asks, what it makes of the answers, and that no answer is never "no match"."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from cases.vocabulary.tables import drugs
from safety.offline_first import OfflineFirst
from safety.resolver import NOT_KNOWN, Resolution, Resolver, Unavailable, refused
from safety.rxnav import ATTRIBUTION, RxNavResolver
from safety.rxnav_client import ATTEMPTS, KEPT, PER_SECOND, Pace, RxNavClient
from safety.rxnorm import OfflineResolver
from safety.screen import Screen
from tests.safety.conftest import CaseMaker

BASE = "https://rxnav.test/REST"
RELEASE = "02-Nov-2026"
# Codes of ingredients are those of our table; those from 99000000 up are made up.
SALT, COMBINATION, BRAND, PRODUCT, NEW, RETIRED = (str(99_000_000 + n) for n in range(1, 7))


def code(name: str) -> str:
    return drugs()[name].rxcui or ""


Answer = dict[str, Any] | int | str


@dataclass
class Service:
    """RxNav in miniature: answers by path and parameters, and what was asked; time passes only where it is slept."""

    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    busy: list[int] = field(default_factory=list)
    time: float = 1000.0
    down: bool = False

    def handle(self, request: httpx.Request) -> httpx.Response:
        call = request.url.raw_path.decode().removeprefix("/REST/")
        self.asked.append(call)
        self.at.append(self.time)
        if self.down:
            raise httpx.ConnectError("no network", request=request)
        if self.busy:
            return httpx.Response(self.busy.pop(0))
        if call == "version.json" and call not in self.answers:
            return httpx.Response(200, json={"version": RELEASE, "apiVersion": "3.1.364"})
        answer = self.answers.get(call, {})
        if isinstance(answer, int):
            return httpx.Response(answer)
        return httpx.Response(200, text=answer) if isinstance(answer, str) else httpx.Response(200, json=answer)

    def sleep(self, seconds: float) -> None:
        self.time += seconds

    def named(self, name: str, *codes: str, search: int = 0) -> None:
        """Exact and normalised names; without codes the key is missing, as it is there."""
        found: dict[str, Any] = {"name": name, "rxnormId": list(codes)} if codes else {}
        self.answers[f"rxcui.json?name={name}&search={search}"] = {"idGroup": found}

    def concept(self, rxcui: str, tty: str, name: str, *ingredients: str) -> None:
        known = {"rxcui": rxcui, "name": name, "synonym": "", "tty": tty, "language": "ENG", "suppress": "N"}
        self.answers[f"rxcui/{rxcui}/properties.json"] = {"properties": {**known, "umlscui": ""}}
        group: dict[str, Any] = {"tty": "IN"}
        if ingredients:
            group["conceptProperties"] = [{"rxcui": code(item), "name": item, "tty": "IN"} for item in ingredients]
        self.answers[f"rxcui/{rxcui}/related.json?tty=IN"] = {
            "relatedGroup": {"rxcui": None, "termType": ["IN"], "conceptGroup": [group]}
        }

    def ingredient(self, name: str) -> None:
        self.concept(code(name), "IN", name)

    def approximate(self, term: str, *rows: tuple[str, str, str | None]) -> None:
        """Rows of code, score and name, one an atom."""
        candidates = [
            {"rxcui": rxcui, "rxaui": str(n), "score": score, "rank": "1", "source": "RXNORM" if name else "MMSL"}
            | ({"name": name} if name else {})
            for n, (rxcui, score, name) in enumerate(rows)
        ]
        group: dict[str, Any] = {"inputTerm": None} | ({"candidate": candidates} if candidates else {})
        self.answers[f"approximateTerm.json?term={term}&maxEntries=20&option=1"] = {"approximateGroup": group}

    def history(self, rxcui: str, status: str, **derived: list[dict[str, str]]) -> None:
        told = {"metaData": {"status": status}, "attributes": {"rxcui": rxcui}, "derivedConcepts": derived}
        self.answers[f"rxcui/{rxcui}/properties.json"] = 404
        self.answers[f"rxcui/{rxcui}/historystatus.json"] = {"rxcuiStatusHistory": told}


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def client(service: Service, tmp_path: Path) -> RxNavClient:
    return make_client(service, tmp_path)


def make_client(service: Service, folder: Path) -> RxNavClient:
    return RxNavClient(
        BASE,
        cache=folder / "rxnav.sqlite",
        transport=httpx.MockTransport(service.handle),
        clock=lambda: service.time,
        sleep=service.sleep,
        now=lambda: service.time,
    )


@pytest.fixture
def rxnav(client: RxNavClient) -> RxNavResolver:
    return RxNavResolver(client)


# ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_exact_name_is_its_ingredient_with_the_attribution(service: Service, rxnav: RxNavResolver) -> None:
    service.named("warfarin", code("warfarin"))
    service.ingredient("warfarin")
    read = rxnav.resolve("warfarin")
    assert (read.names, read.how) == (("warfarin",), "exact")
    assert RELEASE in read.source
    assert ATTRIBUTION in read.source


def test_a_normalised_name_is_asked_for_when_there_is_no_exact_one(service: Service, rxnav: RxNavResolver) -> None:
    service.named("Warfarin.")
    service.named("Warfarin.", code("warfarin"), search=1)
    service.ingredient("warfarin")
    read = rxnav.resolve("Warfarin.")
    assert (read.names, read.how) == (("warfarin",), "exact")
    assert [call.rsplit("=", 1)[-1] for call in service.asked if call.startswith("rxcui.json")] == ["0", "1"]


@pytest.mark.parametrize("surface", ["", "   ", "\n", "?!"])
def test_a_blank_name_is_refused_without_a_call(service: Service, rxnav: RxNavResolver, surface: str) -> None:
    assert not rxnav.resolve(surface).resolved
    assert service.asked == []


def test_several_exact_concepts_are_refused(service: Service, rxnav: RxNavResolver) -> None:
    service.named("cold", code("warfarin"), code("amoxicillin"))
    assert not rxnav.resolve("cold").resolved
    assert not any("approximate" in call for call in service.asked)


def test_a_brand_of_a_combination_is_all_of_its_ingredients(service: Service, rxnav: RxNavResolver) -> None:
    service.named("Augmentin", BRAND)
    service.concept(BRAND, "BN", "Augmentin", "amoxicillin", "clavulanate")
    assert rxnav.resolve("Augmentin").names == ("amoxicillin", "clavulanate")


def test_a_combination_without_related_ingredients_is_all_of_its_parts(service: Service, rxnav: RxNavResolver) -> None:
    service.concept(COMBINATION, "MIN", "amoxicillin / clavulanate")
    parts = [{"rxcui": code(name), "name": name, "tty": "IN"} for name in ("amoxicillin", "clavulanate")]
    groups = [{"tty": "IN", "conceptProperties": parts}, {"tty": "PIN"}]
    service.answers[f"rxcui/{COMBINATION}/related.json?rela=has_part"] = {"relatedGroup": {"conceptGroup": groups}}
    for name in ("amoxicillin", "clavulanate"):
        service.ingredient(name)
    assert rxnav.resolve_code(COMBINATION).names == ("amoxicillin", "clavulanate")


def test_a_salt_rolls_up_to_its_ingredient(service: Service, rxnav: RxNavResolver) -> None:
    service.named("metoprolol%20tartrate", SALT)
    service.answers["rxcui.json?name=metoprolol+tartrate&search=0"] = {"idGroup": {"rxnormId": [SALT]}}
    service.concept(SALT, "PIN", "metoprolol tartrate", "metoprolol")
    assert rxnav.resolve("metoprolol tartrate").names == ("metoprolol",)


def test_an_ingredient_that_we_do_not_have_is_known_without_rules(service: Service, rxnav: RxNavResolver) -> None:
    service.named("Examplinib", NEW)
    service.concept(NEW, "IN", "examplinib")
    assert rxnav.resolve("Examplinib").names == ("examplinib",)
    assert rxnav.rxcui("examplinib") == NEW
    verdict = Screen(resolver=rxnav).interactions(["Examplinib"])
    assert "examplinib: known, no rules" in verdict.unchecked


def test_an_ingredient_that_we_have_keeps_our_name(service: Service, rxnav: RxNavResolver) -> None:
    service.named("clavulanic-acid", code("clavulanate"))
    service.concept(code("clavulanate"), "IN", "clavulanic acid")
    assert rxnav.resolve("clavulanic-acid").names == ("clavulanate",)


# ── approximate names ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_misspelling_is_a_fuzzy_match(service: Service, rxnav: RxNavResolver) -> None:
    service.approximate("amoxicilin", (code("amoxicillin"), "11.7", "amoxicillin"))
    service.ingredient("amoxicillin")
    read = rxnav.resolve("amoxicilin")
    assert (read.names, read.how, read.read_as) == (("amoxicillin",), "fuzzy", "amoxicillin")
    assert "option=1" in next(call for call in service.asked if call.startswith("approximateTerm"))


def test_rows_of_one_concept_count_once_with_their_best_score(service: Service, rxnav: RxNavResolver) -> None:
    """As text "9.2" is above "14.19"; as two rows the warfarin would tie with itself."""
    service.approximate(
        "warfarinn",
        (code("warfarin"), "9.2", None),
        (code("warfarin"), "14.19", "warfarin"),
        (code("metoprolol"), "9.2", "metoprolol"),
    )
    service.ingredient("warfarin")
    service.ingredient("metoprolol")
    assert rxnav.resolve("warfarinn").names == ("warfarin",)


def test_the_name_of_a_licensed_row_is_looked_up(service: Service, rxnav: RxNavResolver) -> None:
    service.approximate("amoxicilin", (code("amoxicillin"), "11.7", None))
    service.ingredient("amoxicillin")
    assert rxnav.resolve("amoxicilin").read_as == "amoxicillin"


def test_different_ingredients_that_share_the_first_place_are_refused(service: Service, rxnav: RxNavResolver) -> None:
    service.approximate(
        "amoxicilin", (code("amoxicillin"), "8.5", "amoxicillin"), (code("warfarin"), "8.50", "warfarin")
    )
    service.ingredient("amoxicillin")
    service.ingredient("warfarin")
    assert not rxnav.resolve("amoxicilin").resolved


def test_names_of_one_ingredient_that_share_the_first_place_are_no_tie(service: Service, rxnav: RxNavResolver) -> None:
    service.approximate("metoprolo", (code("metoprolol"), "8.5", "metoprolol"), (SALT, "8.5", "metoprolol tartrate"))
    service.ingredient("metoprolol")
    service.concept(SALT, "PIN", "metoprolol tartrate", "metoprolol")
    assert rxnav.resolve("metoprolo").names == ("metoprolol",)


def test_another_ingredient_with_a_name_as_near_is_refused(service: Service, rxnav: RxNavResolver) -> None:
    """RxNav's score sees a clear winner; the names do not."""
    service.approximate(
        "predniso", (code("prednisone"), "12.0", "prednisone"), (code("prednisolone"), "9.0", "predniso")
    )
    service.ingredient("prednisone")
    service.ingredient("prednisolone")
    assert not rxnav.resolve("predniso").resolved


@pytest.mark.parametrize("score", ["100", "14.19", "0.3"])
def test_the_floor_is_on_the_names_whatever_the_score(service: Service, rxnav: RxNavResolver, score: str) -> None:
    service.approximate("wharfage", (code("warfarin"), score, "warfarin"))
    service.ingredient("warfarin")
    read = rxnav.resolve("wharfage")
    assert (read.resolved, read.why, read.suggestions) == (False, NOT_KNOWN, ("warfarin",))


def test_a_misspelling_between_look_alikes_is_refused(service: Service, rxnav: RxNavResolver) -> None:
    service.approximate("hydroxizine", (code("hydroxyzine"), "12", "hydroxyzine"))
    service.ingredient("hydroxyzine")
    assert not rxnav.resolve("hydroxizine").resolved


def test_no_candidates_are_no_match(service: Service, rxnav: RxNavResolver) -> None:
    service.approximate("qwertzuiop")
    assert rxnav.resolve("qwertzuiop").why == NOT_KNOWN


def test_a_short_name_is_never_guessed(service: Service, rxnav: RxNavResolver) -> None:
    assert rxnav.resolve("abcd").why == NOT_KNOWN
    assert not any("approximate" in call for call in service.asked)


# ── codes ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_code_of_a_clinical_drug_is_all_of_its_ingredients(service: Service, rxnav: RxNavResolver) -> None:
    service.concept(PRODUCT, "SCD", "amoxicillin 500 MG / clavulanate 125 MG Oral Tablet", "amoxicillin", "clavulanate")
    read = rxnav.resolve_code(PRODUCT)
    assert (read.names, read.how) == (("amoxicillin", "clavulanate"), "code")


def test_a_remapped_code_is_what_it_became(service: Service, rxnav: RxNavResolver) -> None:
    service.history(RETIRED, "Remapped", remappedConcept=[{"remappedRxCui": PRODUCT, "remappedTTY": "SCD"}])
    service.concept(PRODUCT, "SCD", "warfarin 5 MG Oral Tablet", "warfarin")
    assert rxnav.resolve_code(RETIRED).names == ("warfarin",)


def test_a_code_that_was_split_is_refused(service: Service, rxnav: RxNavResolver) -> None:
    moved = [{"remappedRxCui": code(name)} for name in ("warfarin", "amoxicillin")]
    service.history(RETIRED, "Remapped", remappedConcept=moved)
    assert not rxnav.resolve_code(RETIRED).resolved


def test_a_retired_code_is_all_the_ingredients_it_had(service: Service, rxnav: RxNavResolver) -> None:
    had = [{"ingredientRxcui": code(name), "ingredientName": name} for name in ("amoxicillin", "clavulanate")]
    service.history(RETIRED, "Obsolete", ingredientConcept=had)
    for name in ("amoxicillin", "clavulanate"):
        service.ingredient(name)
    assert rxnav.resolve_code(RETIRED).names == ("amoxicillin", "clavulanate")


def test_a_retired_code_with_an_unclear_ingredient_is_refused(service: Service, rxnav: RxNavResolver) -> None:
    service.history(
        RETIRED, "Obsolete", ingredientConcept=[{"ingredientRxcui": code("warfarin")}, {"ingredientRxcui": NEW}]
    )
    service.ingredient("warfarin")
    assert not rxnav.resolve_code(RETIRED).resolved


def test_codes_that_were_remapped_in_a_circle_are_refused(service: Service, rxnav: RxNavResolver) -> None:
    service.history(RETIRED, "Remapped", remappedConcept=[{"remappedRxCui": NEW}])
    service.history(NEW, "Remapped", remappedConcept=[{"remappedRxCui": RETIRED}])
    assert not rxnav.resolve_code(RETIRED).resolved


@pytest.mark.parametrize("rxcui", ["", " ", "abc", "1/../2"])
def test_what_is_no_code_is_refused_without_a_call(service: Service, rxnav: RxNavResolver, rxcui: str) -> None:
    assert not rxnav.resolve_code(rxcui).resolved
    assert service.asked == []


def test_an_unknown_code_is_refused(rxnav: RxNavResolver) -> None:
    assert not rxnav.resolve_code("424242424").resolved


# ── the network ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", [403, 429, 500, 502, 503])
def test_a_busy_service_is_asked_again_later(service: Service, rxnav: RxNavResolver, status: int) -> None:
    service.named("warfarin", code("warfarin"))
    service.ingredient("warfarin")
    service.busy = [status] * (ATTEMPTS - 1)
    before = service.time
    assert rxnav.resolve("warfarin").resolved
    assert service.time > before + 1


@pytest.mark.parametrize("status", [403, 503])
def test_a_service_that_stays_busy_is_no_answer(service: Service, rxnav: RxNavResolver, status: int) -> None:
    service.busy = [status] * 100
    with pytest.raises(Unavailable, match="still busy"):
        rxnav.resolve("warfarin")
    assert len(service.asked) == ATTEMPTS


@pytest.mark.parametrize("answer", [400, 401, 301, "<html>", "[]", '{"idGroup": []}'])
def test_anything_else_is_no_answer(service: Service, rxnav: RxNavResolver, answer: int | str) -> None:
    service.answers["rxcui.json?name=warfarin&search=0"] = answer
    with pytest.raises(Unavailable):
        rxnav.resolve("warfarin")


def test_a_network_that_is_down_is_no_answer(service: Service, rxnav: RxNavResolver) -> None:
    service.down = True
    with pytest.raises(Unavailable, match="could not be reached"):
        rxnav.resolve("warfarin")


@pytest.mark.parametrize("answer", [404, {}, {"version": None}])
def test_a_service_without_a_version_is_no_rxnav(service: Service, rxnav: RxNavResolver, answer: Answer) -> None:
    service.answers["version.json"] = answer
    with pytest.raises(Unavailable):
        rxnav.resolve("warfarin")


def test_a_score_that_is_no_number_is_no_answer(service: Service, rxnav: RxNavResolver) -> None:
    service.approximate("amoxicilin", (code("amoxicillin"), "high", "amoxicillin"))
    with pytest.raises(Unavailable):
        rxnav.resolve("amoxicilin")


def test_calls_are_spaced() -> None:
    service = Service()
    pace = Pace(PER_SECOND, clock=lambda: service.time, sleep=service.sleep)
    times = []
    for _ in range(3 * PER_SECOND):
        pace.wait()
        times.append(service.time)
    busiest = max(sum(start <= time < start + 1 for time in times) for start in times)
    assert busiest <= PER_SECOND + 1  # a window may hold both of its ends
    assert times[-1] - times[0] == pytest.approx((len(times) - 1) / PER_SECOND)


def test_requests_of_a_resolver_are_spaced(service: Service, rxnav: RxNavResolver) -> None:
    for name in ("a-name", "b-name", "c-name"):
        rxnav.resolve(name)
    gaps = [after - before for before, after in zip(service.at, service.at[1:], strict=False)]
    assert min(gaps) >= 1 / PER_SECOND - 1e-9


# ── the cache ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_answer_is_kept_for_a_day_also_by_the_next_process(service: Service, tmp_path: Path) -> None:
    service.named("warfarin", code("warfarin"))
    service.ingredient("warfarin")
    RxNavResolver(make_client(service, tmp_path)).resolve("warfarin")
    asked, service.down = len(service.asked), True
    assert RxNavResolver(make_client(service, tmp_path)).resolve("warfarin").resolved
    assert len(service.asked) == asked
    service.time += KEPT + 1
    with pytest.raises(Unavailable):
        RxNavResolver(make_client(service, tmp_path)).resolve("warfarin")


def test_no_match_is_kept_too_but_no_failure(service: Service, rxnav: RxNavResolver) -> None:
    service.down = True
    with pytest.raises(Unavailable):
        rxnav.resolve("qwertzuiop")
    service.down = False
    rxnav.resolve("qwertzuiop")
    asked = len(service.asked)
    rxnav.resolve("qwertzuiop")
    assert len(service.asked) == asked


def test_the_version_is_asked_once_a_day_and_a_new_one_asks_anew(service: Service, rxnav: RxNavResolver) -> None:
    service.named("warfarin", code("warfarin"))
    service.ingredient("warfarin")
    rxnav.resolve("warfarin")
    rxnav.resolve("warfarin")
    assert service.asked.count("version.json") == 1
    service.time += KEPT - 10  # everything but the version stays fresh
    service.named("metoprolol", code("metoprolol"))
    service.ingredient("metoprolol")
    rxnav.resolve("metoprolol")
    service.time += 20
    service.answers["version.json"] = {"version": "07-Dec-2026"}
    assert "07-Dec-2026" in rxnav.resolve("metoprolol").source
    assert service.asked.count("rxcui.json?name=metoprolol&search=0") == 2


def test_a_cache_that_cannot_be_opened_is_no_answer(service: Service, tmp_path: Path) -> None:
    (tmp_path / "rxnav.sqlite").write_text("no database", encoding="utf-8")
    with pytest.raises(Unavailable, match="Remove it"):
        make_client(service, tmp_path)


# ── tables first, and the screen ─────────────────────────────────────────────────────────────────────────────────────


def test_what_the_tables_know_is_never_asked(service: Service, rxnav: RxNavResolver, resolver: OfflineResolver) -> None:
    both = OfflineFirst(resolver, rxnav)
    assert both.resolve("Augmentin").names == ("amoxicillin", "clavulanate")
    assert both.resolve_code(code("warfarin")).names == ("warfarin",)
    assert both.rxcui("warfarin") == code("warfarin")
    assert service.asked == []


def test_the_service_reads_what_the_tables_do_not_know(
    service: Service, rxnav: RxNavResolver, resolver: OfflineResolver
) -> None:
    service.named("Examplinib", NEW)
    service.concept(NEW, "IN", "examplinib")
    both = OfflineFirst(resolver, rxnav)
    assert both.resolve("Examplinib").names == ("examplinib",)
    assert both.resolve_code(NEW).names == ("examplinib",)
    assert both.rxcui("examplinib") == NEW


@dataclass
class Fixed:
    """A resolver that always says the same."""

    says: Resolution

    def resolve(self, surface: str) -> Resolution:
        return self.says

    resolve_code = resolve

    def rxcui(self, name: str) -> str | None:
        return None


def guess(name: str) -> Resolution:
    return Resolution("x", (name,), "fuzzy", read_as=name)


CLEAR = Resolution("x", ("clear",), "exact")
SEVERAL = refused("x", "several products have this name", kind="brand")
NEAR, UNKNOWN = refused("x", "two medicines have names this near"), refused("x", NOT_KNOWN)


@pytest.mark.parametrize(
    ("offline", "online", "names"),
    [
        (guess("a"), CLEAR, ("clear",)),
        (NEAR, CLEAR, ("clear",)),
        (SEVERAL, CLEAR, ()),
        (guess("a"), guess("a"), ("a",)),
        (guess("a"), guess("b"), ()),
        (guess("a"), UNKNOWN, ("a",)),
        (guess("a"), NEAR, ()),
        (UNKNOWN, guess("b"), ("b",)),
        (NEAR, guess("b"), ()),
        (UNKNOWN, UNKNOWN, ()),
    ],
)
def test_guesses_count_only_where_nothing_speaks_against_them(
    offline: Resolution, online: Resolution, names: tuple[str, ...]
) -> None:
    assert OfflineFirst(Fixed(offline), Fixed(online)).resolve("x").names == names


class Failing:
    """A resolver that cannot answer."""

    def resolve(self, surface: str) -> Resolution:
        raise Unavailable("no network")

    resolve_code = resolve

    def rxcui(self, name: str) -> str | None:
        return None


def verdicts(screen: Screen, make_case: CaseMaker) -> Iterator[tuple[str, Any]]:
    taking = make_case(medications=[{"name": "warfarin"}])
    yield "patient", screen.patient(taking)
    yield "text", screen.text(make_case(), "Start xyzomycin 5 mg daily.")
    yield "interactions", screen.interactions(["warfarin", "ibuprofen"])


def test_a_resolver_that_cannot_answer_blocks(make_case: CaseMaker) -> None:
    resolver: Resolver = Failing()
    for door, verdict in verdicts(Screen(resolver=resolver), make_case):
        assert [item for item in verdict.findings if item.action == "block" and item.kind == "unresolved_drug"], door
        assert any("could not be checked" in item for item in verdict.unchecked), door


def test_no_regimen_is_allowed_while_the_resolver_cannot_answer(make_case: CaseMaker) -> None:
    screened = Screen(resolver=Failing()).regimens(make_case(), "uti.cystitis_uncomplicated")
    assert screened.allowed == ()
    assert screened.excluded


def test_a_finding_about_a_guess_shows_the_attribution(service: Service, rxnav: RxNavResolver) -> None:
    service.approximate("amoxicilin", (code("amoxicillin"), "11.7", "amoxicillin"))
    service.ingredient("amoxicillin")
    (found,) = [
        item for item in Screen(resolver=rxnav).interactions(["amoxicilin"]).findings if item.rule == "rx.fuzzy"
    ]
    assert ATTRIBUTION in found.source


def test_resolvers_are_of_one_protocol(rxnav: RxNavResolver, resolver: OfflineResolver) -> None:
    both: list[Resolver] = [rxnav, resolver, OfflineFirst(resolver, rxnav)]
    names: list[Callable[[str], Resolution]] = [item.resolve for item in both]
    assert len(names) == 3


def test_the_reference_shows_the_attribution() -> None:
    assert ATTRIBUTION in (Path(__file__).parents[2] / "REFERENCE.md").read_text(encoding="utf-8")
