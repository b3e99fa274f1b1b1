"""The journey of a case, on one page.

    case ─► classify ─► screen the patient ─► decide the syndrome ─► retrieve ─► screen the regimens ─► generate
                                                                                                          │
    result ◄─ record ◄─ route (every doubt and finding becomes a reason for review) ◄─ screen the text ◄──┘

Every stage takes the whole batch. A stage that fails for a case leaves its empty answer and the reason
`stage_failed`; nothing that goes wrong moves a case away from review.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from langchain_core.runnables import Runnable, RunnableConfig

from cases.case import Case, CaseResult, Differential, Plan, Priority, Question, Reason, Run
from cases.observed import with_observed_egfr
from generators.backend import TextGenerator
from generators.compose import Brief, compose
from generators.write import write
from pipeline.audit import draw
from pipeline.classifier.classify import Classifier
from pipeline.config import Config
from pipeline.evidence import Found, look_up
from pipeline.questions import Asker
from pipeline.regimens import prefer_verified
from pipeline.routing import Assessment, learned_priority, most_pressing, route
from pipeline.stages import Stages
from pipeline.syndromes import Decision, decide
from pipeline.thresholds import Thresholds, with_disagreement
from retrievers.hybrid import HybridRetriever
from safety.screen import NO_REGIMENS, NOT_SCREENED, RegimenScreen, Screen, Verdict

NO_PLAN = Plan(abstained=True)
T = TypeVar("T")


@dataclass(frozen=True)
class Rooms:
    """The working parts, ready to use; `pipeline.build.build` makes them from a configuration."""

    classifier: Classifier
    retriever: HybridRetriever
    screen: Screen
    writer: TextGenerator | None
    thresholds: Thresholds
    provenance: Run
    asker: Asker = field(default_factory=lambda: Asker((), {}))


class Track(NamedTuple):
    """What the stages left of one case."""

    case: Case
    patient: Verdict
    differential: Differential
    decision: Decision
    found: Found
    regimens: RegimenScreen
    plan: Plan
    verdict: Verdict
    failed: tuple[str, ...]


class Wardround(Runnable[Case, CaseResult]):
    """Cases in, routed results with cited and screened plans out.

    Args:
        rooms: classifier, retriever, screen and writer.
        config: the resolved configuration.
    """

    def __init__(self, rooms: Rooms, config: Config) -> None:
        self.rooms = rooms
        self.config = config

    def invoke(self, input: Case, config: RunnableConfig | None = None, **kwargs: Any) -> CaseResult:
        """Return the result of one case."""
        return self.batch([input])[0]

    def batch(  # type: ignore[override]
        self,
        inputs: Sequence[Case],
        config: RunnableConfig | list[RunnableConfig] | None = None,
        *,
        return_exceptions: bool = False,
        **kwargs: Any,
    ) -> list[CaseResult]:
        """Return one result a case, in order; no case ever raises."""
        rooms = self.rooms
        cases = [self._with_defaults(case) for case in inputs]
        stages = Stages([case.id for case in cases])

        differentials = stages.run("classify", rooms.classifier.classify, cases, otherwise=Differential())
        labels = [d.diagnoses[0].label if d.diagnoses else None for d in differentials]
        named = list(zip(cases, labels, strict=True))
        suspected = list(zip(cases, differentials, strict=True))
        patients = stages.run("screen_patient", _each(self._screen_patient), suspected, otherwise=NOT_SCREENED)
        decisions = stages.run("syndrome", _each(_decide), named, otherwise=Decision(None, None))
        found = stages.run("retrieve", self._retrieve, named, otherwise=Found(disagreement=1.0))
        decided = list(zip(cases, decisions, strict=True))
        regimens = stages.run("screen_regimens", _each(self._screen_regimens), decided, otherwise=NO_REGIMENS)
        told = zip(cases, differentials, patients, decisions, found, regimens, strict=True)
        briefs = [self._brief(*what) for what in told]
        plans = stages.run("generate", self._generate, briefs, otherwise=NO_PLAN)
        drafts = list(zip(cases, plans, decisions, strict=True))
        verdicts = stages.run("screen_plan", _each(self._screen_plan), drafts, otherwise=NOT_SCREENED)

        left = (cases, patients, differentials, decisions, found, regimens, plans, verdicts, stages.failed)
        tracks = [Track(*track) for track in zip(*left, strict=True)]
        routed = stages.run("route", _each(self._route), tracks, otherwise=None)
        results = [result or self._unrouted(track) for track, result in zip(tracks, routed, strict=True)]
        return [r.model_copy(update={"timings_ms": ms}) for r, ms in zip(results, stages.timings_ms, strict=True)]

    def _with_defaults(self, case: Case) -> Case:
        defaults = self.config.defaults
        silent = {"region": case.region or defaults.region, "setting": case.setting or defaults.setting}
        return with_observed_egfr(case.model_copy(update=silent))

    def _screen_patient(self, suspected: tuple[Case, Differential]) -> Verdict:
        case, differential = suspected
        leading = [diagnosis.label for diagnosis in differential.diagnoses[:1]]
        return self.rooms.screen.patient(case, labels=_unique((*leading, *differential.prediction_set)))

    def _retrieve(self, named: list[tuple[Case, str | None]]) -> list[Found]:
        return look_up(self.rooms.retriever, named, k=self.config.retrieval.k)

    def _screen_regimens(self, decided: tuple[Case, Decision]) -> RegimenScreen:
        case, decision = decided
        if decision.syndrome is None:
            return NO_REGIMENS
        return prefer_verified(self.rooms.screen.regimens(case, decision.syndrome.id))

    def _generate(self, briefs: list[Brief | None]) -> list[Plan]:
        if not self.config.plan:
            return [NO_PLAN for _ in briefs]
        wanted = [brief for brief in briefs if brief is not None]
        plans = [compose(brief) for brief in wanted]
        if self.rooms.writer is not None:
            plans = write(wanted, plans, self.rooms.writer, max_new_tokens=self.config.generator.max_new_tokens)
        written = iter(plans)
        return [NO_PLAN if brief is None else next(written) for brief in briefs]

    def _screen_plan(self, draft: tuple[Case, Plan, Decision]) -> Verdict:
        case, plan, decision = draft
        return self.rooms.screen.plan(case, plan, decision.syndrome.id if decision.syndrome else None)

    def _urgency(self, patient: Verdict, decision: Decision, differential: Differential) -> Priority:
        syndrome = [decision.syndrome.priority] if decision.syndrome else []
        return most_pressing(patient.priority, *syndrome, learned_priority(differential, self.rooms.thresholds))

    def _brief(
        self, case: Case, differential: Differential, patient: Verdict, decision: Decision, found: Found,
        regimens: RegimenScreen,
    ) -> Brief | None:  # fmt: skip
        """What the generator is told; None for an emergency, which gets no home plan."""
        if self._urgency(patient, decision, differential) == "immediate":
            return None
        label = differential.diagnoses[0].label if differential.diagnoses else ""
        return Brief(case, label, decision.syndrome, found.all, regimens.allowed, regimens.excluded)

    def _route(self, track: Track) -> CaseResult | None:
        return self._result(self._assess(track))

    def _unrouted(self, track: Track) -> CaseResult:
        """The result of a case whose findings could not be put together: a person sees it, and soon."""
        reason = Reason(code="stage_failed", signal="route", value="failed", threshold=None, source="pipeline")
        return CaseResult(
            case_id=track.case.id,
            route="review",
            priority=most_pressing("urgent", self._urgency(track.patient, track.decision, track.differential)),
            reviewers=("physician",),
            reasons=(reason,),
            run=self.rooms.provenance,
        )

    def _assess(self, track: Track) -> Assessment:
        case, patient, differential, decision, found, regimens, plan, verdict, failed = track
        priority = most_pressing(self._urgency(patient, decision, differential), verdict.priority)
        plan = NO_PLAN if priority == "immediate" else plan  # the flags of a plan can come after it
        differential = self.rooms.thresholds.with_doubt(with_disagreement(differential, found.disagreement))
        return Assessment(
            case=case,
            differential=differential,
            decision=decision,
            evidence=found.shown(plan),
            plan=plan if self.config.plan else None,
            findings=_unique(patient.findings + verdict.findings),
            questions=_asked_once(decision.questions + patient.questions + regimens.questions + verdict.questions),
            first_question=self.rooms.asker.question(case, differential),
            unchecked=_unique(patient.unchecked + verdict.unchecked),
            priority=priority,
            failed=failed,
            planned=self.config.plan,
        )

    def _result(self, a: Assessment) -> CaseResult:
        languages = self.config.defaults.languages
        routing = route(a, self.rooms.thresholds, languages=languages, rules=self.rooms.screen.rules_version)
        released = routing.route == "auto"
        return CaseResult(
            case_id=a.case.id,
            route=routing.route,
            priority=routing.priority,
            reviewers=routing.reviewers,
            reasons=routing.reasons,
            differential=a.differential.diagnoses,
            prediction_set=a.differential.prediction_set,
            syndrome=a.decision.noun,
            uncertainty=a.differential.uncertainty,
            questions=_asked_once((*a.questions, *routing.questions)),
            evidence=a.evidence,
            plan=a.plan,
            findings=a.findings,
            unchecked=a.unchecked,
            audit=draw(a.case.id, self.config.routing.audit_share, self.config.runtime.seed) if released else None,
            run=self.rooms.provenance,
        )


def _each(function: Callable[[Any], Any] | Callable[..., Any]) -> Callable[[list[Any]], list[Any]]:
    """Turn a function of one case into a stage over a batch."""
    return lambda items: [function(item) for item in items]


def _decide(named: tuple[Case, str | None]) -> Decision:
    case, label = named
    return decide(case, label) if label else Decision(None, None)


def _asked_once(questions: tuple[Question, ...]) -> tuple[Question, ...]:
    """Ask each thing once: what blocks first, then what would tell most, then tests and red flags, then the rest."""
    order = ("missing_fact", "differential", "test", "red_flag", "syndrome")
    pressing = sorted(questions, key=lambda question: order.index(question.kind))
    return tuple({question.ask: question for question in reversed(pressing)}.values())[::-1]


def _unique(items: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))
