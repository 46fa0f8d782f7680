"""Check one triple against a schema: accept it, repair it, or reject it with a reason.

A verdict depends on the relation phrase and the two type labels only, except where a value has to be read or
head and tail are the same. So a checker compiles the schema once, keeps what it decided for each combination
of phrase and labels, and a second triple of the same shape costs one look-up.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from ontology.alignment import Aligner, How, Match, default_aligner
from ontology.kinds import TypeFit, coarse_label, kind_of_name
from ontology.lexicon import VALUE_LABELS
from ontology.schema import DatatypeProperty, Ontology, ValueKind
from ontology.values import normalise_value

MIN_ACCEPTED_SCORE = 0.2
_MEMO_LIMIT = 1 << 18


class Decision(StrEnum):
    """What becomes of a candidate."""

    ACCEPT = "accept"
    REPAIR = "repair"
    REJECT = "reject"


class ReasonCode(StrEnum):
    """Why a triple was rejected. The list is closed; docs/ontology.md explains each code.

    The first group is decided by `check`; the second by the caller, who sees the sentence and not only the
    triple; the third names conflicts between accepted triples, found on the merged graph.
    """

    UNKNOWN_RELATION = "unknown_relation"
    DOMAIN_VIOLATION = "domain_violation"
    RANGE_VIOLATION = "range_violation"
    AMBIGUOUS_TYPE = "ambiguous_type"
    BAD_VALUE = "bad_value"
    SELF_RELATION = "self_relation"
    EMPTY_ARGUMENT = "empty_argument"
    LOW_SCORE = "low_score"

    UNSUPPORTED = "unsupported"
    NEGATED = "negated"
    HYPOTHETICAL = "hypothetical"
    REPORTED = "reported"
    BAD_ARGUMENT = "bad_argument"
    INVALID_OUTPUT = "invalid_output"

    FUNCTIONAL_CONFLICT = "functional_conflict"
    INVERSE_FUNCTIONAL_CONFLICT = "inverse_functional_conflict"
    MIN_CARDINALITY = "min_cardinality"
    MAX_CARDINALITY = "max_cardinality"
    DISJOINT_TYPES = "disjoint_types"


class RepairKind(StrEnum):
    """What was changed on the way to acceptance."""

    RELATION_RENAMED = "relation_renamed"
    INVERTED = "inverted"
    TYPE_INFERRED = "type_inferred"
    TYPE_NARROWED = "type_narrowed"
    TYPE_REPLACED = "type_replaced"
    VALUE_NORMALISED = "value_normalised"


class Repair(NamedTuple):
    """One recorded change: which rule, and what it did ("founded by -> FOUNDED")."""

    kind: RepairKind
    detail: str


class Candidate(NamedTuple):
    """A triple as extracted, before the schema has seen it.

    Attributes:
        head: Name of the subject.
        relation: Surface phrase, label, alias or key.
        tail: Name of the object, or the text of a value.
        head_type: Coarse label, type key or noun; None when not known.
        tail_type: The same for the tail.
        tail_is_value: True or False when the extractor knows whether the tail is a value (a date, a sum).
    """

    head: str
    relation: str
    tail: str
    head_type: str | None = None
    tail_type: str | None = None
    tail_is_value: bool | None = None


class Verdict(NamedTuple):
    """What the check decided. For a reject, `relation` is the one it came closest to, if any.

    Attributes:
        decision: Accept, repair or reject.
        relation: Key in the ontology.
        head_type: Type of the head *of the relation* (after turning round, if inverted); None if nothing is
            known and nothing is demanded.
        tail_type: The same for the tail; None for a value.
        inverted: Whether head and tail of the candidate change places.
        value: The value in its normal form, for a datatype property.
        repairs: What was changed, in order.
        reason: Why it was rejected.
        message: The same for a reader.
        score: Alignment score times type fits, in [0, 1].
        how: The alignment step that found the relation.
    """

    decision: Decision
    relation: str | None = None
    head_type: str | None = None
    tail_type: str | None = None
    inverted: bool = False
    value: str | None = None
    repairs: tuple[Repair, ...] = ()
    reason: ReasonCode | None = None
    message: str = ""
    score: float = 0.0
    how: How | None = None

    @property
    def is_accepted(self) -> bool:
        """Whether the triple goes into the graph, as it was or repaired."""
        return self.decision is not Decision.REJECT


def check(ontology: Ontology, candidate: Candidate, *, aligner: Aligner | None = None) -> Verdict:
    """Decide one candidate. For many, keep a `Checker`.

    Deterministic, and idempotent: the accepted triple, checked again with the types of the verdict, is
    accepted unchanged.
    """
    checker = _default_checker(ontology) if aligner is None else Checker(ontology, aligner)
    return checker.check(candidate)


class Checker:
    """Checks candidates against one ontology.

    Args:
        ontology: The schema.
        aligner: Aligner to use, for instance one with embeddings; by default one without.
        min_score: Least score (alignment times type fits) that is accepted.
    """

    def __init__(
        self, ontology: Ontology, aligner: Aligner | None = None, *, min_score: float = MIN_ACCEPTED_SCORE
    ) -> None:
        self.ontology = ontology
        self.aligner = aligner if aligner is not None else default_aligner(ontology)
        self._min_score = min_score
        self._relations = {relation.key: relation for relation in ontology.all_relations()}
        self._memo: dict[_Shape, _Plan] = {}

    def check(self, candidate: Candidate) -> Verdict:
        """Decide one candidate; see `check`."""
        head, relation, tail, head_type, tail_type, tail_is_value = candidate
        if head_type is None or head_type == "MISC":
            head_type = kind_of_name(head) or head_type
        if (tail_type is None or tail_type == "MISC") and not tail_is_value:
            tail_type = kind_of_name(tail) or tail_type
        # An untyped noun in lower case is its own best hint at what it is ("was a tenor").
        noun = tail if tail_type is None and tail.islower() else None
        shape = (relation, head_type, tail_type, tail_is_value, noun)
        plan = self._memo.get(shape)
        if plan is None:
            if len(self._memo) >= _MEMO_LIMIT:
                self._memo.clear()
            plan = self._memo[shape] = self._plan(*shape)
        if not head.strip() or not tail.strip():
            return _reject(ReasonCode.EMPTY_ARGUMENT, "head and tail must have a name", None)
        for option in plan.options:
            if option.property is None:
                return option.verdict if head != tail else self._without_self(candidate, option.verdict)
            found = _with_value(option, head if option.verdict.inverted else tail)
            if found is not None:
                return found
        if plan.options:
            return _bad_value(plan.options[0], tail)
        return plan.reject

    def _without_self(self, candidate: Candidate, verdict: Verdict) -> Verdict:
        if not verdict.is_accepted:
            return verdict
        message = f'"{candidate.head}" cannot stand in {verdict.relation} to itself'
        return _reject(ReasonCode.SELF_RELATION, message, verdict.relation, verdict.score)

    def _plan(
        self,
        relation: str,
        head_type: str | None,
        tail_type: str | None,
        tail_is_value: bool | None,
        noun: str | None,
    ) -> _Plan:
        trials: list[_Trial] = []
        faults: list[_Fault] = []
        labels = (head_type, tail_type)
        for match in _with_reversed(self.aligner.match(relation)):
            outcome = self._try(match, labels, tail_is_value, noun)
            (trials if isinstance(outcome, _Trial) else faults).append(outcome)  # type: ignore[arg-type]
        trials.sort(key=_rank)
        if trials and trials[0].score >= self._min_score:
            return _Plan(tuple(self._options(trials, relation, labels)), _NOTHING)
        if trials:
            weak = trials[0]
            message = f"score {weak.score:.2f} for {weak.match.key} is under {self._min_score:.2f}"
            return _Plan((), _reject(ReasonCode.LOW_SCORE, message, weak.match.key, weak.score))
        if faults:
            return _Plan((), _fault_verdict(faults[0]))
        message = f'no relation of "{self.ontology.name}" is stated by "{relation}"'
        return _Plan((), _reject(ReasonCode.UNKNOWN_RELATION, message, None))

    def _try(
        self,
        match: Match,
        labels: tuple[str | None, str | None],
        tail_is_value: bool | None,
        noun: str | None,
    ) -> _Trial | _Fault:
        """Fit the two labels to domain and range under one match: a score, or what is wrong."""
        relation = self._relations[match.key]
        types = self.aligner.types
        head_label, tail_label = labels[::-1] if match.inverted else labels
        domain = relation.domain
        head = types.fit(head_label, domain)
        if head is None or (not domain and _is_value_label(head_label)):
            return _Fault(match, "domain", domain, head_label)
        weight = self.aligner.value_score(relation, tail_label)
        if isinstance(relation, DatatypeProperty):
            if weight == 0.0:
                return _Fault(match, "range", (relation.value.kind.value,), tail_label)
            if noun is not None and not types.is_plain_value(noun):
                weight *= 0.3  # "recorded by a singer" names no singer
            score = round(match.score * head.score * weight, 4)
            if head.is_stretch and score < self._min_score:
                return _Fault(match, "domain", domain, head_label)
            return _Trial(score, match, head, None, relation)
        allowed = relation.range
        if weight == 0.0:
            return _Fault(match, "range", ("a value",), tail_label)
        if tail_is_value and allowed and not match.inverted and not _is_value_label(tail_label):
            return _Fault(match, "range", allowed, "a value")
        tail = types.fit(tail_label, allowed)
        if tail is None:
            return _Fault(match, "range", allowed, tail_label)
        if noun is not None and allowed and not match.inverted:
            weight *= types.noun_weight(noun, allowed)
            if weight == 0.0:
                return _Fault(match, "noun", (), noun)
        score = round(match.score * head.score * weight * tail.score, 4)
        if score < self._min_score:
            if head.is_stretch:
                return _Fault(match, "domain", domain, head_label)
            if tail.is_stretch:
                return _Fault(match, "range", allowed, tail_label)
        return _Trial(score, match, head, tail, None)

    def _options(
        self, trials: list[_Trial], phrase: str, labels: tuple[str | None, str | None]
    ) -> Iterator[_Option]:
        """What to try on the names themselves: values until one can be read, then the first relation."""
        for trial in trials:
            if trial.score < self._min_score:
                return
            yield _Option(trial.match, _verdict(trial, phrase, labels), trial.value_of)
            if trial.value_of is None:
                return


_Shape = tuple[str, str | None, str | None, bool | None, str | None]


class _Option(NamedTuple):
    match: Match
    verdict: Verdict
    property: DatatypeProperty | None


class _Trial(NamedTuple):
    score: float
    match: Match
    head: TypeFit
    tail: TypeFit | None
    value_of: DatatypeProperty | None


class _Fault(NamedTuple):
    match: Match
    side: str
    allowed: tuple[str, ...]
    label: str | None


class _Plan(NamedTuple):
    options: tuple[_Option, ...]
    reject: Verdict


def _rank(trial: _Trial) -> tuple[float, str, bool]:
    return (-trial.score, trial.match.key, trial.match.inverted)


def _verdict(trial: _Trial, phrase: str, labels: tuple[str | None, str | None]) -> Verdict:
    match = trial.match
    repairs: list[Repair] = []
    if match.how is not How.KEY:
        repairs.append(Repair(RepairKind.RELATION_RENAMED, f"{phrase} -> {match.key} ({match.how})"))
    if match.inverted:
        repairs.append(Repair(RepairKind.INVERTED, f"{phrase} runs from tail to head of {match.key}"))
    head_label, tail_label = labels[::-1] if match.inverted else labels
    for side, fit, label in (("head", trial.head, head_label), ("tail", trial.tail, tail_label)):
        if fit is not None and fit.change is not None:
            repairs.append(Repair(RepairKind(fit.change.value), f"{side}: {label or 'unknown'} -> {fit.key}"))
    return Verdict(
        decision=Decision.REPAIR if repairs else Decision.ACCEPT,
        relation=match.key,
        head_type=trial.head.key,
        tail_type=None if trial.tail is None else trial.tail.key,
        inverted=match.inverted,
        repairs=tuple(repairs),
        score=trial.score,
        how=match.how,
    )


def _fault_verdict(fault: _Fault) -> Verdict:
    key, label = fault.match.key, fault.label
    if fault.side == "noun":
        return _reject(ReasonCode.BAD_ARGUMENT, f'"{label}" names a type, not a thing', key)
    end = "head" if fault.side == "domain" else "tail"
    wanted = " or ".join(fault.allowed) or "an entity"
    if label is None or label == "MISC":
        message = f"the type of the {end} is not known and {key} allows several: {wanted}"
        return _reject(ReasonCode.AMBIGUOUS_TYPE, message, key)
    reason = ReasonCode.DOMAIN_VIOLATION if fault.side == "domain" else ReasonCode.RANGE_VIOLATION
    return _reject(reason, f"{end} of {key} must be {wanted}, not {label}", key)


def _reject(reason: ReasonCode, message: str, relation: str | None, score: float = 0.0) -> Verdict:
    return Verdict(Decision.REJECT, relation=relation, reason=reason, message=message, score=score)


_NOTHING = _reject(ReasonCode.UNKNOWN_RELATION, "", None)


@lru_cache(maxsize=8)
def _default_checker(ontology: Ontology) -> Checker:
    return Checker(ontology)


def _is_value_label(label: str | None) -> bool:
    return coarse_label(label) in VALUE_LABELS


_NAMED = (How.KEY, How.ALIAS)


def _with_reversed(matches: tuple[Match, ...]) -> list[Match]:
    """The matches, and each one named outright turned round too: a schema word is often used backwards.

    The reading as written comes first and wins whenever its types fit.
    """
    turned = [
        m._replace(inverted=not m.inverted, score=round(m.score * 0.6, 4)) for m in matches if m.how in _NAMED
    ]
    if not turned:
        return list(matches)
    present = {(m.key, m.inverted) for m in matches}
    return [*matches, *(m for m in turned if (m.key, m.inverted) not in present)]


def _with_value(option: _Option, text: str) -> Verdict | None:
    assert option.property is not None
    if option.verdict.inverted:
        return None  # a value is never the subject of its property
    value = normalise_value(text, option.property.value)
    if value is None:
        return None
    verdict = option.verdict
    if value == text:
        return verdict._replace(value=value)
    repair = Repair(RepairKind.VALUE_NORMALISED, f"{text} -> {value}")
    return verdict._replace(decision=Decision.REPAIR, value=value, repairs=(*verdict.repairs, repair))


def _bad_value(option: _Option, text: str) -> Verdict:
    assert option.property is not None
    value = option.property.value
    wanted = {
        ValueKind.ENUMERATION: f"one of {', '.join(value.values[:8])}",
        ValueKind.PATTERN: f"text matching {value.pattern}",
    }.get(value.kind, value.kind.value)
    shown = text if len(text) <= 80 else text[:80] + "…"
    message = f'tail of {option.match.key} must be {wanted}, not "{shown}"'
    return _reject(ReasonCode.BAD_VALUE, message, option.match.key, option.verdict.score)


__all__ = [
    "Candidate",
    "Checker",
    "Decision",
    "ReasonCode",
    "Repair",
    "RepairKind",
    "Verdict",
    "check",
]
