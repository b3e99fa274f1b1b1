"""What a case says of its drugs: current medicines and allergies, resolved; whatever cannot be read is a finding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from cases.case import Action, Allergy, Case, Finding, FindingKind, Medication, Question, Severity
from safety.mentions import Mention, find_mentions
from safety.orders import Order, orders_in, read_order
from safety.resolver import Resolution, Resolver, labels
from safety.rules import AllergyTable, allergy_table

RESOLVER_SOURCE = "RxNorm names and codes: cases/vocabulary"
SCREEN_SOURCE = "screen"
UNDOSED = "text, without a dose"  # of a drug that a text names and gives no dose of


@dataclass(frozen=True)
class Drug:
    """An ingredient in play; `new` if a plan proposes it, `route` where it is known."""

    name: str
    new: bool
    route: str = ""
    origin: str = ""


@dataclass(frozen=True)
class KnownAllergy:
    """An allergy of the patient: what was written, its ingredients, and what is told of the reaction."""

    surface: str
    names: tuple[str, ...]
    reaction: str
    severity: str
    refuted: bool = False


@dataclass
class Intake:
    """The drugs of a case and what could not be read of them."""

    drugs: list[Drug] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    allergies: list[KnownAllergy] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)


def read_intake(case: Case, resolver: Resolver, *, vocabulary: Path, knowledge: Path) -> Intake:
    """Read the medicines and allergies of the fields and of the text.

    A question about unknown medicines or allergies is of the kind `syndrome`: asked beside the plan, not blocking it.
    """
    intake, table = Intake(), allergy_table(knowledge)
    for medication in case.medications or ():
        if medication.status != "stopped":
            _take_medication(intake, medication, resolver)
    for allergy in case.allergies or ():
        take_allergy(intake, allergy, resolver, table)
    mentions = find_mentions(case.text or "", default="current", vocabulary=vocabulary, knowledge=knowledge)
    for mention in sorted(mentions, key=lambda mention: mention.kind == "class"):  # after the medicines by name
        _take_mention(intake, mention, resolver, table)
    intake.orders += [replace(order, new=False) for order in orders_in(case.text or "", mentions)]
    _ask_about_unknowns(intake, case)
    return intake


def _take_medication(intake: Intake, medication: Medication, resolver: Resolver) -> None:
    read = [resolver.resolve(medication.name)] if medication.name else []
    if medication.rxcui:
        by_code = resolver.resolve_code(medication.rxcui)
        if by_code.resolved or not read:
            read.append(by_code)
    if len(read) == 2 and all(item.resolved for item in read) and set(read[0].names) != set(read[1].names):
        intake.findings.append(unresolved(medication.name or "", "its name and its code are different medicines"))
    for item in read:
        intake.findings += report(item, resolver, new=False)
    if not any(item.resolved for item in read):
        intake.unchecked.append("a current medicine that could not be read")
    names = tuple(dict.fromkeys(name for item in read for name in item.names))
    intake.orders.append(read_order(names, _words(medication, read), route=(medication.route or "").lower(), new=False))
    for name in names:
        intake.drugs.append(Drug(name, new=False, route=(medication.route or "").lower(), origin="medications"))


def _words(medication: Medication, read: Sequence[Resolution]) -> str:
    """The words that may hold a dose; a name that is known as a whole and has no figure holds none."""
    name = medication.name or ""
    if any(item.how == "exact" for item in read) and not any(letter.isdigit() for letter in name):
        name = ""
    return f"{name} {medication.dose or ''} {medication.frequency or ''}".strip()


def take_allergy(intake: Intake, allergy: Allergy, resolver: Resolver, table: AllergyTable) -> None:
    """Add one allergy of the fields; what is no medicine is left out, what cannot be read is a finding."""
    written = " ".join(allergy.name.lower().split())
    if written in table.nothing or written in table.not_drugs:
        return
    details = (allergy.reaction or "", allergy.severity or "", allergy.status == "refuted")
    if _is_group(written, table):
        intake.allergies.append(KnownAllergy(written, (), *details))
        return
    read = resolver.resolve(allergy.name)
    if not read.resolved and allergy.rxcui:
        read = resolver.resolve_code(allergy.rxcui)
    intake.findings += report(read, resolver, new=False)
    if not read.resolved:
        intake.unchecked.append("an allergy that could not be read")
    intake.allergies.append(KnownAllergy(written, read.names, *details))


def _is_group(written: str, table: AllergyTable) -> bool:
    return any(written in group.terms for group in table.groups)


def _take_mention(intake: Intake, mention: Mention, resolver: Resolver, table: AllergyTable) -> None:
    names = mention.names
    if not names:
        read = resolver.resolve(mention.surface)
        if mention.role in ("historical", "negated"):
            return
        intake.findings += report(read, resolver, new=False)
        names = read.names
    if mention.role == "allergy":
        written = mention.surface.lower()
        causes = () if _is_group(written, table) else names
        intake.allergies.append(KnownAllergy(written, causes, mention.sentence, ""))
    elif mention.role == "current" and mention.kind == "class":
        _take_class(intake, mention)
    elif mention.role in ("current", "proposed") and mention.kind != "class":
        have = {drug.name for drug in intake.drugs}
        intake.drugs += [Drug(name, new=False, origin="text") for name in names if name not in have]


def _take_class(intake: Intake, mention: Mention) -> None:
    """A class that the patient takes, such as a blood thinner, hides a medicine unless one of it is listed."""
    if not {drug.name for drug in intake.drugs} & set(mention.names):
        intake.findings.append(unresolved(mention.surface, "it is a class, not one medicine", new=False))
        intake.unchecked.append("a current medicine that is named by its class alone")


def _ask_about_unknowns(intake: Intake, case: Case) -> None:
    if case.medications is None:
        intake.unchecked.append("current medicines: unknown, so interactions with them were not checked")
        ask = "Which medicines does the patient take, including those bought without a prescription?"
        intake.questions.append(Question(ask=ask, because="interactions could not be checked", kind="syndrome"))
    if case.allergies is None:
        intake.unchecked.append("allergies: unknown")
        ask = "Any allergy or bad reaction to a medicine?"
        intake.questions.append(Question(ask=ask, because="allergies could not be checked", kind="syndrome"))


def report(read: Resolution, resolver: Resolver, *, new: bool = True) -> Iterator[Finding]:
    """Yield a finding for everything but a clear reading."""
    if not read.resolved:
        hint = f"Perhaps {', '.join(read.suggestions)}." if read.suggestions else ""
        yield unresolved(read.surface, read.why, hint=hint, new=new)
    elif read.how == "fuzzy":
        yield finding(
            rule="rx.fuzzy",
            kind="fuzzy_match",
            severity="major",
            action="interrupt",
            drugs=labels(read.names, resolver),
            new=new,
            message=f"'{read.surface}' was read as {read.read_as}.",
            management="Confirm the medicine before anything is released.",
            would_change_if="the name is spelled as in RxNorm",
            source=read.source or RESOLVER_SOURCE,
        )


def unresolved(surface: str, why: str, *, hint: str = "", new: bool = True) -> Finding:
    """Return the finding for a name that was refused."""
    return finding(
        rule="rx.unresolved",
        kind="unresolved_drug",
        severity="major",
        action="interrupt",
        drugs=(surface,) if surface else (),
        new=new,
        message=f"'{surface}' could not be identified: {why}. {hint}".strip(),
        management="Identify the medicine; until then nothing about it has been checked.",
        would_change_if="the medicine is identified",
        source=RESOLVER_SOURCE,
    )


def finding(
    *,
    rule: str,
    kind: FindingKind,
    severity: Severity,
    action: Action,
    message: str,
    management: str,
    source: str,
    drugs: tuple[str, ...] = (),
    new: bool = True,
    would_change_if: str | None = None,
) -> Finding:
    """Return a `Finding`; what the patient lives with already is a note, unless the name itself is in doubt."""
    settled = not new and kind not in ("unresolved_drug", "fuzzy_match", "acuity", "red_flag")
    return Finding(
        rule=rule,
        kind=kind,
        severity=severity,
        action="note" if settled else action,
        drugs=drugs,
        new=new,
        message=message,
        management=management,
        would_change_if=would_change_if,
        source=source,
    )
