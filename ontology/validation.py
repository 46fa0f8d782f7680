"""Check one triple against a schema: accept it, repair it, or reject it with a reason.

A verdict depends on the relation phrase and the two type labels only, except where a value has to be read or
head and tail are the same. So a checker compiles the schema once, keeps what it decided for each combination
of phrase and labels, and a second triple of the same shape costs one look-up.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from ontology.alignment import Aligner, How, Match, default_aligner
from ontology.kinds import TypeFit, coarse_label
from ontology.lexicon import VALUE_LABELS
from ontology.loader import nearest
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
        self._memo: dict[_Shape, _Plan] = {}

    def check(self, candidate: Candidate) -> Verdict:
        """Decide one candidate; see `check`."""
        head, relation, tail, head_type, tail_type, tail_is_value = candidate
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
        matches = self.aligner.match(relation)
        options: list[_Option] = []
        faults: list[Verdict] = []
        for match in _with_reversed(matches):
            outcome = self._try(match, relation, head_type, tail_type, tail_is_value, noun)
            if isinstance(outcome, _Option):
                options.append(outcome)
            else:
                faults.append(outcome)
        options.sort(key=lambda option: (-option.verdict.score, *self.aligner.rank(option.match)[1:]))
        accepted = [option for option in options if option.verdict.score >= self._min_score]
        if accepted:
            return _Plan(tuple(accepted), _NOTHING)
        if options:
            weak = options[0].verdict
            message = f"score {weak.score:.2f} is under {self._min_score:.2f}"
            return _Plan((), _reject(ReasonCode.LOW_SCORE, message, weak.relation, weak.score))
        if faults:
            return _Plan((), faults[0])
        message = f'no relation of "{self.ontology.name}" is stated by "{relation}"'
        # Only a key can be misspelt; the near match of a phrase costs much and tells nothing.
        hint = nearest(relation, self.ontology.relations) if relation.isupper() else ""
        return _Plan((), _reject(ReasonCode.UNKNOWN_RELATION, message + hint, None))

    def _try(
        self,
        match: Match,
        phrase: str,
        head_type: str | None,
        tail_type: str | None,
        tail_is_value: bool | None,
        noun: str | None,
    ) -> _Option | Verdict:
        relation = self.ontology.relation(match.key)
        assert relation is not None
        head_label, tail_label = (tail_type, head_type) if match.inverted else (head_type, tail_type)
        head = self.aligner.types.fit(head_label, relation.domain)
        if head is None:
            return self._type_fault("domain", relation.domain, head_label, match)
        if _is_value_label(head_label) and not relation.domain:
            return self._type_fault("domain", relation.domain, head_label, match)
        weight = self.aligner.value_score(relation, tail_label)
        if weight == 0.0:
            return _reject(
                ReasonCode.RANGE_VIOLATION,
                f"tail of {match.key} must be a value, not {tail_label}",
                match.key,
            )
        if isinstance(relation, DatatypeProperty):
            option = self._option(match, phrase, head, None, weight, relation, (head_label, None))
            if option.verdict.score < self._min_score and head.is_stretch:
                return self._type_fault("domain", relation.domain, head_label, match)
            return option
        if tail_is_value and relation.range and not match.inverted and not _is_value_label(tail_label):
            return self._type_fault("range", relation.range, "a value", match)
        tail = self.aligner.types.fit(tail_label, relation.range)
        if tail is None:
            return self._type_fault("range", relation.range, tail_label, match)
        if noun is not None and relation.range and not match.inverted:
            weight *= self.aligner.types.noun_weight(noun, relation.range)
            if weight == 0.0:
                message = f'"{noun}" names a type, not a thing'
                return _reject(ReasonCode.BAD_ARGUMENT, message, match.key)
        labels = (head_label, tail_label)
        option = self._option(match, phrase, head, tail, weight * tail.score, None, labels)
        if option.verdict.score < self._min_score and (head.is_stretch or tail.is_stretch):
            side = "domain" if head.is_stretch else "range"
            allowed, label = (
                (relation.domain, head_label) if head.is_stretch else (relation.range, tail_label)
            )
            return self._type_fault(side, allowed, label, match)
        return option

    def _option(
        self,
        match: Match,
        phrase: str,
        head: TypeFit,
        tail: TypeFit | None,
        tail_weight: float,
        value_of: DatatypeProperty | None,
        labels: tuple[str | None, str | None],
    ) -> _Option:
        repairs: list[Repair] = []
        if match.how is not How.KEY:
            repairs.append(Repair(RepairKind.RELATION_RENAMED, f"{phrase} -> {match.key} ({match.how})"))
        if match.inverted:
            repairs.append(Repair(RepairKind.INVERTED, f"{phrase} runs from tail to head of {match.key}"))
        for side, fit, label in (("head", head, labels[0]), ("tail", tail, labels[1])):
            if fit is not None and fit.change is not None:
                repairs.append(
                    Repair(RepairKind(fit.change.value), f"{side}: {label or 'unknown'} -> {fit.key}")
                )
        verdict = Verdict(
            decision=Decision.REPAIR if repairs else Decision.ACCEPT,
            relation=match.key,
            head_type=head.key,
            tail_type=None if tail is None else tail.key,
            inverted=match.inverted,
            repairs=tuple(repairs),
            score=round(match.score * head.score * tail_weight, 4),
            how=match.how,
        )
        return _Option(match, verdict, value_of)

    def _type_fault(self, side: str, allowed: tuple[str, ...], label: str | None, match: Match) -> Verdict:
        end = "head" if side == "domain" else "tail"
        wanted = " or ".join(allowed) or "an entity"
        if label is None or label == "MISC":
            message = f"the type of the {end} is not known and {match.key} allows several: {wanted}"
            return _reject(ReasonCode.AMBIGUOUS_TYPE, message, match.key)
        reason = ReasonCode.DOMAIN_VIOLATION if side == "domain" else ReasonCode.RANGE_VIOLATION
        return _reject(reason, f"{end} of {match.key} must be {wanted}, not {label}", match.key)


_Shape = tuple[str, str | None, str | None, bool | None, str | None]


class _Option(NamedTuple):
    match: Match
    verdict: Verdict
    property: DatatypeProperty | None


class _Plan(NamedTuple):
    options: tuple[_Option, ...]
    reject: Verdict


def _reject(reason: ReasonCode, message: str, relation: str | None, score: float = 0.0) -> Verdict:
    return Verdict(Decision.REJECT, relation=relation, reason=reason, message=message, score=score)


_NOTHING = _reject(ReasonCode.UNKNOWN_RELATION, "", None)


@lru_cache(maxsize=8)
def _default_checker(ontology: Ontology) -> Checker:
    return Checker(ontology)


def _is_value_label(label: str | None) -> bool:
    return coarse_label(label) in VALUE_LABELS


def _with_reversed(matches: tuple[Match, ...]) -> list[Match]:
    """The matches, and each one named outright turned round too: a schema word is often used backwards.

    The reading as written comes first and wins whenever its types fit.
    """
    named = {How.KEY, How.ALIAS}
    turned = [
        m._replace(inverted=not m.inverted, score=round(m.score * 0.6, 4)) for m in matches if m.how in named
    ]
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
