"""Improve a schema from what it rejected.

A rejected triple is a statement somebody made that the schema has no place for. Grouped and counted, such
statements say what is missing: a relation, a name for one, a wider domain, a type. Each suggestion is tried:
it is applied to the schema, the rejects are checked again, and it is offered with the number it admits.
No model is needed; a function that names and describes new terms can be given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

import yaml

from ontology.kinds import coarse_label, kinds_of_noun
from ontology.lexicon import VALUE_LABELS
from ontology.morphology import BE, HAVE, PREPOSITIONS, content_words, noun_key, stem, verb_lemmas
from ontology.phrases import normal_form
from ontology.schema import (
    IDENTIFIER,
    DatatypeProperty,
    EntityType,
    Ontology,
    OntologyError,
    RelationType,
    ValueKind,
    ValueType,
    ontology_to_plain,
)
from ontology.validation import Candidate, Checker, ReasonCode, check

Naming = Callable[["Suggestion"], tuple[str, str]]


class SuggestionKind(StrEnum):
    """What is proposed."""

    NEW_RELATION = "new_relation"
    NEW_TYPE = "new_type"
    ALIAS = "alias"
    WIDEN_DOMAIN = "widen_domain"
    WIDEN_RANGE = "widen_range"


class Rejected(NamedTuple):
    """A rejected triple: what was checked, why it failed, and where it stands.

    Attributes:
        candidate: What was given to the check.
        reason: Its reason code.
        relation: The relation it came closest to, if any (`Verdict.relation`).
        example: Text it was read from, shown with the suggestion.
    """

    candidate: Candidate
    reason: ReasonCode
    relation: str | None = None
    example: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One improvement, ready to paste.

    Attributes:
        kind: What is proposed.
        key: Key of the relation or type it adds or changes.
        admits: Rejected triples that pass once it is applied.
        seen: Rejected triples that speak for it.
        examples: Up to three of them, as "(head, relation, tail)" and the text.
        yaml: The entries as they should stand in the schema file; they replace entries of the same key.
        message: One sentence for a reader.
        types: Entity types it adds or changes.
        relations: Relations it adds or changes.
    """

    kind: SuggestionKind
    key: str
    admits: int
    seen: int
    examples: tuple[str, ...]
    yaml: str
    message: str
    types: tuple[EntityType, ...] = ()
    relations: tuple[RelationType | DatatypeProperty, ...] = ()


def suggest(
    rejected: Iterable[Rejected],
    ontology: Ontology,
    *,
    limit: int = 20,
    min_count: int = 2,
    uses: Mapping[str, int] | None = None,
    name: Naming | None = None,
) -> list[Suggestion]:
    """Propose changes that would admit rejected triples, the most useful first.

    Useful is what admits triples of many texts; a date of something ("returned in 1990") counts half as
    much as what ties two things together.

    Args:
        rejected: Quarantined triples; those rejected for what the sentence says (negated, unsupported, …)
            are ignored.
        ontology: The schema they were checked against.
        limit: Most suggestions returned.
        min_count: Fewest texts that must speak for one, and fewest triples it must admit.
        uses: How many accepted triples each relation has. A wider domain or range is then proposed only
            where its rejects are a tenth of these: fewer are slips of the reader.
        name: Optional function, for instance around a language model, that gives (key, description) for a
            new relation or type; a key that is no identifier or is taken is ignored.

    Returns:
        Suggestions that admit at least `min_count` triples; first those that most texts speak for.
    """
    usable = [item for item in rejected if item.reason in _USABLE and _is_between_names(item.candidate)]
    drafts = [
        *_new_relations(usable, ontology, min_count),
        *_widenings(usable, ontology, min_count, uses or {}),
        *_new_types(usable, ontology, min_count),
    ]
    # Trying one compiles a schema, so only those with a chance to be among the best are tried.
    drafts.sort(key=lambda draft: (-draft.suggestion.seen, draft.suggestion.kind, draft.suggestion.key))
    tried = [(_tried(draft, ontology), _support(draft.group)) for draft in drafts[: 4 * limit]]
    useful = [(_worth(item, texts), item) for item, texts in tried if item.admits >= min_count]
    useful.sort(key=lambda pair: (-pair[0], -pair[1].admits, pair[1].kind, pair[1].key))
    best = [item for _, item in useful[:limit]]
    return best if name is None else [_named(item, ontology, name) for item in best]


def apply(ontology: Ontology, suggestion: Suggestion) -> Ontology:
    """The schema with a suggestion in it, as if its YAML had been pasted.

    Raises:
        OntologyError: If the suggestion does not fit this schema.
    """
    types = {**ontology.types, **{t.key: t for t in suggestion.types}}
    relations = {r.key: r for r in ontology.all_relations()}
    relations |= {r.key: r for r in suggestion.relations}
    return Ontology.build(
        ontology.name,
        types.values(),
        relations.values(),
        version=ontology.version,
        description=ontology.description,
    )


_USABLE = frozenset(
    {
        ReasonCode.UNKNOWN_RELATION,
        ReasonCode.DOMAIN_VIOLATION,
        ReasonCode.RANGE_VIOLATION,
        ReasonCode.AMBIGUOUS_TYPE,
    }
)


def _worth(item: Suggestion, texts: int) -> float:
    of_values = all(isinstance(relation, DatatypeProperty) for relation in item.relations)
    return min(item.admits, texts) * (0.5 if of_values and item.relations else 1.0)


class _Draft(NamedTuple):
    suggestion: Suggestion
    group: Sequence[Rejected]


def _is_between_names(candidate: Candidate) -> bool:
    """Whether both ends name something: a common noun would be no node of the graph."""
    return all(not text.islower() or text.isdigit() for text in (candidate.head, candidate.tail))


def _support(group: Sequence[Rejected]) -> int:
    """How many texts speak for it: a list in one sentence is one."""
    return len({item.example or item.candidate for item in group})


def _draft(
    kind: SuggestionKind,
    key: str,
    group: Sequence[Rejected],
    message: str,
    *,
    types: tuple[EntityType, ...] = (),
    relations: tuple[RelationType | DatatypeProperty, ...] = (),
) -> _Draft:
    text = _to_yaml(types, relations)
    item = Suggestion(kind, key, 0, len(group), _examples(group), text, message, types, relations)
    return _Draft(item, group)


def _examples(group: Sequence[Rejected]) -> tuple[str, ...]:
    shown: list[str] = []
    for item in sorted(group, key=lambda r: (r.example == "", r.candidate, r.example)):
        head, relation, tail = item.candidate[:3]
        text = f"({head}, {relation}, {tail})" + (f" in: {item.example}" if item.example else "")
        if text not in shown:
            shown.append(text)
        if len(shown) == 3:
            break
    return tuple(shown)


def _to_yaml(types: Iterable[EntityType], relations: Iterable[RelationType | DatatypeProperty]) -> str:
    part = Ontology(
        "part",
        {t.key: t for t in types},
        {r.key: r for r in relations if isinstance(r, RelationType)},
        {r.key: r for r in relations if isinstance(r, DatatypeProperty)},
    )
    plain = ontology_to_plain(part)
    entries = {section: plain[section] for section in ("types", "relations") if plain[section]}
    text: str = yaml.safe_dump(
        entries, sort_keys=False, allow_unicode=True, width=100, default_flow_style=None
    )
    return text


def _tried(draft: _Draft, ontology: Ontology) -> Suggestion:
    """The suggestion with the number of its rejects that it really admits."""
    item, group = draft
    try:
        checker = Checker(apply(ontology, item))
    except OntologyError:
        return item
    touched = {relation.key for relation in item.relations}
    verdicts = [checker.check(rejected.candidate) for rejected in group]
    is_type = item.kind is SuggestionKind.NEW_TYPE
    return replace(item, admits=sum(v.is_accepted and (is_type or v.relation in touched) for v in verdicts))


def _named(item: Suggestion, ontology: Ontology, name: Naming) -> Suggestion:
    if item.kind not in (SuggestionKind.NEW_RELATION, SuggestionKind.NEW_TYPE):
        return item
    key, description = name(item)
    taken = {*ontology.types, *(r.key for r in ontology.all_relations())}
    if not IDENTIFIER.fullmatch(key) or key in taken:
        key = item.key
    types = tuple(replace(t, key=key, description=description) for t in item.types)
    relations = tuple(replace(r, key=key, description=description) for r in item.relations)
    if item.kind is SuggestionKind.NEW_TYPE:
        relations = item.relations
    return replace(item, key=key, types=types, relations=relations, yaml=_to_yaml(types, relations))


# Relations nobody has asked for: words too light to say anything on their own.
_EMPTY_VERBS = "be have has do say make take get go come see use include know call become show give"
_EMPTY = frozenset(_EMPTY_VERBS.split())


def _new_relations(rejected: Sequence[Rejected], ontology: Ontology, min_count: int) -> Iterable[_Draft]:
    groups: dict[tuple[str, bool], list[Rejected]] = {}
    for item in rejected:
        if item.reason is ReasonCode.UNKNOWN_RELATION:
            form = normal_form(item.candidate.relation)
            # "served from 1990" and "served from Ohio" are two things to say.
            of_value = coarse_label(item.candidate.tail_type) in VALUE_LABELS
            groups.setdefault((form, of_value), []).append(item)
    for (form, _), group in sorted(groups.items()):
        if _support(group) < min_count or not _says_something(form):
            continue
        alias = _alias(form, group, ontology)
        if alias is not None:
            yield alias
        fresh = _new_relation(group, ontology)
        if fresh is not None:
            yield fresh


def _says_something(form: str) -> bool:
    tokens = form.split()
    content = [w for w in tokens if w not in PREPOSITIONS and w not in BE and w not in HAVE]
    if "such" in content or "as" in tokens[1:-1]:
        return False
    if not content or len(tokens) > 4 or not all(w.isascii() and w.isalpha() for w in tokens):
        return False
    if any(w in ("and", "or", "all", "not", "no", "but") for w in content):
        return False
    return not (len(content) == 1 and (content[0] in _EMPTY or verb_lemmas(content[0])[0] in _EMPTY))


def _new_relation(group: Sequence[Rejected], ontology: Ontology) -> _Draft | None:
    phrase = _commonest(" ".join(content_words(item.candidate.relation)[0]) for item in group)
    surface = _commonest(item.candidate.relation.lower() for item in group)
    values = Counter(coarse_label(item.candidate.tail_type) for item in group)
    is_value = sum(values.get(kind, 0) for kind in VALUE_LABELS) * 2 > len(group)
    is_date = values.get("DATE", 0) * 2 > len(group)
    if is_date and phrase.endswith((" in", " at")):
        phrase = f"{phrase[:-3]} on"  # what happened in a year and what happened on a day is one thing
    key = "_".join(phrase.split()).upper()[:63]
    if not IDENTIFIER.fullmatch(key) or ontology.relation(key) is not None or key in ontology.types:
        return None
    domain = _types_of([item.candidate.head_type for item in group], ontology)
    cues = (surface,) if surface != phrase else ()
    relation: RelationType | DatatypeProperty
    if is_value:
        kind = ValueKind.DATE if is_date else ValueKind.DECIMAL
        relation = DatatypeProperty(key, ValueType(kind), phrase, domain, cues=cues)
    else:
        range_ = _types_of([item.candidate.tail_type for item in group], ontology)
        relation = RelationType(key, phrase, domain, range_, cues=cues)
    message = f'add relation {key} for "{surface}", said {len(group)} times'
    return _draft(SuggestionKind.NEW_RELATION, key, group, message, relations=(relation,))


def _types_of(labels: Iterable[str | None], ontology: Ontology) -> tuple[str, ...]:
    """The types that a tenth of the labels each stand for; none (any) when too many are unknown.

    A rarer one is most often a slip of the recogniser.
    """
    from ontology.alignment import default_aligner

    aligner = default_aligner(ontology)
    known = [label for label in labels if label]
    found = Counter(match[0] for match in map(aligner.type_of, known) if match is not None)
    total = sum(found.values())
    if not known or total * 2 < len(known):
        return ()
    chosen = [key for key, count in found.items() if 10 * count >= total]
    chosen.sort(key=lambda key: (-found[key], key))
    return tuple(k for k in chosen[:4] if not any(k != other and ontology.is_a(k, other) for other in chosen))


def _alias(form: str, group: Sequence[Rejected], ontology: Ontology) -> _Draft | None:
    """A declared relation one of whose phrases has the same word families, and that takes these types."""
    stems = _stems(form)
    surface = _commonest(item.candidate.relation.lower() for item in group)
    for relation in ontology.relations.values():
        if all(_stems(phrase) != stems for phrase in (relation.label, *relation.aliases, *relation.cues)):
            continue
        changed = replace(relation, cues=(*relation.cues, surface))
        trial = Ontology.build(
            ontology.name,
            ontology.types.values(),
            [changed if r.key == relation.key else r for r in ontology.all_relations()],
        )
        verdicts = [check(trial, item.candidate) for item in group]
        if sum(v.relation == relation.key and v.is_accepted for v in verdicts) * 2 > len(group):
            message = f'let "{surface}" state {relation.key}, said {len(group)} times'
            return _draft(SuggestionKind.ALIAS, relation.key, group, message, relations=(changed,))
    return None


def _stems(phrase: str) -> set[str]:
    """Word families of a phrase, and its prepositions as they are: "described as" does not describe."""
    words = content_words(phrase)[0]
    return {w if w in PREPOSITIONS else stem(verb_lemmas(w)[0]) for w in words}


def _widenings(
    rejected: Sequence[Rejected], ontology: Ontology, min_count: int, uses: Mapping[str, int]
) -> Iterable[_Draft]:
    checker = Checker(ontology)
    groups: dict[tuple[str, str, str], list[Rejected]] = {}
    for item in rejected:
        side = {ReasonCode.DOMAIN_VIOLATION: "domain", ReasonCode.RANGE_VIOLATION: "range"}.get(item.reason)
        relation = ontology.relations.get(item.relation or "")
        if side is None or relation is None or not _says_something(normal_form(item.candidate.relation)):
            continue
        # The end that is wrong depends on whether the phrase runs backwards.
        inverted = any(
            m.inverted for m in checker.aligner.match(item.candidate.relation) if m.key == relation.key
        )
        head_side = (side == "domain") is not inverted
        label = item.candidate.head_type if head_side else item.candidate.tail_type
        reading = checker.aligner.type_of(label) if label else None
        if reading is not None:
            groups.setdefault((relation.key, side, reading[0]), []).append(item)
    for (key, side, type_key), group in sorted(groups.items()):
        relation = ontology.relations[key]
        is_domain = side == "domain"
        present = relation.domain if is_domain else relation.range
        if _support(group) < min_count or any(ontology.is_a(type_key, other) for other in present):
            continue
        if 10 * _support(group) < uses.get(key, 0):
            continue
        allowed = (*(relation.domain if is_domain else relation.range), type_key)
        changed = replace(relation, domain=allowed) if is_domain else replace(relation, range=allowed)
        kind = SuggestionKind.WIDEN_DOMAIN if is_domain else SuggestionKind.WIDEN_RANGE
        message = f"allow {type_key} in the {side} of {key}, met {len(group)} times"
        yield _draft(kind, key, group, message, relations=(changed,))


def _new_types(rejected: Sequence[Rejected], ontology: Ontology, min_count: int) -> Iterable[_Draft]:
    """Types for nouns that the schema has no type for, under the type of their kind."""
    checker = Checker(ontology)
    groups: dict[str, list[Rejected]] = {}
    for item in rejected:
        for label in (item.candidate.head_type, item.candidate.tail_type):
            if label and coarse_label(label) is None and label not in ontology.types:
                head = noun_key(label).split(" ")[-1]
                if head.isalpha() and checker.aligner.types.read(label).key is None:
                    groups.setdefault(head, []).append(item)
    for noun, group in sorted(groups.items()):
        kinds = kinds_of_noun(noun) or ()
        key = noun.capitalize()
        if _support(group) < min_count or key in ontology.types or not IDENTIFIER.fullmatch(key) or not kinds:
            continue
        parent = checker.aligner.type_of(kinds[0])
        entity_type = EntityType(key, noun, parents=(parent[0],) if parent else ())
        relations = _relations_for(key, noun, group, ontology)
        message = f'add type {key} for "{noun}", met {len(group)} times'
        yield _draft(SuggestionKind.NEW_TYPE, key, group, message, types=(entity_type,), relations=relations)


def _relations_for(
    key: str, noun: str, group: Sequence[Rejected], ontology: Ontology
) -> tuple[RelationType | DatatypeProperty, ...]:
    """The relations the nouns were rejected from, with the new type added to the side it stood on."""
    changed: dict[str, RelationType | DatatypeProperty] = {}
    for item in group:
        declared = ontology.relation(item.relation or "")
        if declared is None or declared.key in changed:
            continue
        if item.reason is ReasonCode.DOMAIN_VIOLATION and declared.domain:
            changed[declared.key] = replace(declared, domain=(*declared.domain, key))
        elif (
            item.reason is ReasonCode.RANGE_VIOLATION
            and isinstance(declared, RelationType)
            and declared.range
        ):
            changed[declared.key] = replace(declared, range=(*declared.range, key))
    return tuple(changed[name] for name in sorted(changed))


def _commonest(texts: Iterable[str]) -> str:
    counts = Counter(texts)
    return min(counts, key=lambda text: (-counts[text], len(text), text))
