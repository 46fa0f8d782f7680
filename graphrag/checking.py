"""What the ontology makes of what was read: each triple accepted, repaired or rejected with a reason.

A pure function of one document's extractions, the schema and the settings, so replaying it after an
edit of the schema gives exactly what a build from scratch would give.
"""

from __future__ import annotations

import hashlib
import inspect
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from graphrag.classes import ClassReader
from graphrag.config import Config
from graphrag.datamodel import (
    USER_GRAPH,
    CheckedTriple,
    Document,
    Extraction,
    Failure,
    Mention,
    Modality,
    Triple,
)
from graphrag.ids import content_id, fingerprint
from graphrag.joining import PairJoiner
from graphrag.learning import Pair, PairModel, pairs_of
from graphrag.resolution import open_type
from ontology import Candidate, How, Ontology, ReasonCode, Verdict
from ontology import Checker as SchemaChecker

# How the text puts a statement, where that alone keeps it from being a fact.
_UNASSERTED = {
    Modality.NEGATED: (ReasonCode.NEGATED, "the text denies it"),
    Modality.HYPOTHETICAL: (ReasonCode.HYPOTHETICAL, "the text holds it possible, not true"),
    Modality.REPORTED: (ReasonCode.REPORTED, "the text reports that somebody says so"),
    Modality.QUESTION: (ReasonCode.HYPOTHETICAL, "the text asks it"),
}
# Alignments by a relation's own words, rather than by kindred ones.
_PLAIN = frozenset({How.KEY, How.ALIAS, How.CUE, How.LEMMA})
# Labels whose things have names: a bare common noun ("a company") is none of them.
_NAMED = ("PERSON", "ORG", "LOC", "WORK", "PRODUCT", "EVENT")
_NAMED_KINDS = frozenset({"PERSON", "ORG", "LOC", "FACILITY", "WORK", "EVENT", "AWARD", "ASTRO"})
_VALUES = frozenset({"DATE", "TIME", "NUMBER", "MONEY", "PERCENT", "QUANTITY", "ORDINAL"})
_WORD = re.compile(r"[^\W_]+")
_LONGEST_LOWER = 5  # words of a name that opens in lower case


class Checker:
    """Checks extractions against a schema, or in open mode names the relations by their words."""

    def __init__(self, ontology: Ontology | None, config: Config) -> None:
        """Compile `ontology`; None means open mode."""
        self._ontology = ontology
        self._schema = SchemaChecker(ontology) if ontology is not None else None
        self._min_score = config.extraction.min_score
        self._classes = ClassReader(ontology, self._schema.aligner) if ontology and self._schema else None
        self._joiner = (
            PairJoiner(ontology, self._schema.aligner, without=self._classes.keys)
            if ontology and self._schema and self._classes and config.extraction.join_distant
            else None
        )
        path = config.extraction.learned
        self._learned = PairModel.load(Path(path)) if path is not None and ontology is not None else None
        self._requires_name = cache(self._type_requires_name)
        self._plain_ends = cache(self._type_implied_by)

    @staticmethod
    def fingerprint_of(config: Config) -> str:
        """Changes when a stored extraction may get other verdicts, the schema apart.

        Made from the settings and from the code itself: an edit that nobody numbered must not leave
        verdicts behind that a build from scratch would not give.
        """
        settings = config.extraction
        learned = ""
        if settings.learned is not None and Path(settings.learned).is_file():
            learned = hashlib.sha256(Path(settings.learned).read_bytes()).hexdigest()
        return fingerprint([settings.min_score, settings.join_distant, learned, _code_digest()])

    def check(self, document: Document, results: Sequence[Extraction | Failure]) -> tuple[CheckedTriple, ...]:
        """All triples of one document, each with its verdict, in the order they were read.

        A statement read twice at the same spans counts once, with its better score.
        """
        read = [result for result in results if isinstance(result, Extraction)]
        senses = self._senses(read)
        checked = self._by_rules(document, read, senses)
        if self._learned is not None:
            for item in self._by_examples(self._learned, document, read, checked, senses):
                checked.setdefault(item.id, item)
        return tuple(checked.values())

    def pairs(self, document: Document, results: Sequence[Extraction]) -> list[Pair]:
        """The pairs of names of each sentence, to learn from: `PairModel.learn`."""
        senses = self._senses(results)
        return list(
            pairs_of(document, results, [*self._by_rules(document, results, senses).values()], senses)
        )

    def _by_examples(
        self,
        model: PairModel,
        document: Document,
        results: Sequence[Extraction],
        checked: Mapping[str, CheckedTriple],
        senses: Mapping[str, str],
    ) -> Iterator[CheckedTriple]:
        """What a model learnt from examples adds to the accepted triples of a document."""
        assert self._ontology is not None
        accepted = [item for item in checked.values() if item.accepted]
        known = {(item.head.name, item.relation, item.tail.name) for item in accepted}
        for key, pair, score in model.read(pairs_of(document, results, accepted, senses)):
            if score < self._min_score or (pair.head.name, key, pair.tail.name) in known:
                continue
            if self._ontology.relation(key) is None:
                continue
            # The schema has the last word: names where names must stand, types and values that fit.
            triple = Triple(pair.head, key, pair.tail, replace(pair.evidence, score=score))
            item = self._by_schema(triple, senses)
            if item.accepted and item.relation == key and not item.inverted:
                yield replace(item, score=score)

    def _by_rules(
        self, document: Document, read: Sequence[Extraction], senses: Mapping[str, str]
    ) -> dict[str, CheckedTriple]:
        """All triples of one document by their ids, but those learnt from examples."""
        checked: dict[str, CheckedTriple] = {}
        for result in read:
            for triple in result.triples:
                item = self._check(document, triple, senses)
                known = checked.get(item.id)
                if known is None or (item.accepted, item.score) > (known.accepted, known.score):
                    checked[item.id] = item
        for found in self._classes.read(document, read, senses) if self._classes else ():
            item = self._above_threshold(self._of_relation(found.relation, found.triple, senses))
            checked.setdefault(item.id, item)
        if self._joiner is not None:
            joined = frozenset(
                frozenset((item.head.name, item.tail.name)) for item in checked.values() if item.accepted
            )
            for relation, triple in self._joiner.read(document, read, senses, joined):
                item = self._above_threshold(self._of_relation(relation, triple, senses))
                checked.setdefault(item.id, item)
        return checked

    def _senses(self, results: Sequence[Extraction]) -> dict[str, str]:
        """One type per name: what the text states, else what recogniser and verbs say most often.

        A document uses a name in one sense, but a recogniser that sees one sentence at a time does
        not know that; its single slips are outvoted here. A verb that fits only one relation of the
        schema votes too: what "was founded by" somebody is no film. Ties go by the label, so order
        cannot matter.

        References:
            Gale, Church, Yarowsky, "One sense per discourse", HLT 1992.
        """
        votes: dict[str, Counter[str]] = {}
        stated: dict[str, Counter[str]] = {}
        for result in results:
            for mention in result.mentions:
                if mention.type is not None and mention.type not in _VALUES:
                    table = stated if mention.type_stated else votes
                    table.setdefault(mention.name, Counter())[mention.type] += 2
            for triple in result.triples:
                for mention, label in self._implied(triple):
                    # Half a mention's vote, so that no statement vouches for itself alone.
                    if mention.name in votes and mention.type not in _VALUES:
                        votes[mention.name][label] += 1
        return {
            name: min(counts, key=lambda label: (-counts[label], label))
            for name, counts in (votes | stated).items()
        }

    def _implied(self, triple: Triple) -> tuple[tuple[Mention, str], ...]:
        """What the relation, where its words name one plainly, takes its ends for."""
        if self._schema is None or triple.modality is not Modality.ASSERTED:
            return ()
        found = self._plain_ends(triple.predicate)
        ends = (triple.subject, triple.object)
        return tuple((end, label) for end, label in zip(ends, found, strict=True) if label)

    def _type_implied_by(self, predicate: str) -> tuple[str, str]:
        """Coarse labels that a phrase demands of its subject and object; "" where it leaves it open."""
        assert self._ontology is not None and self._schema is not None
        matches = self._schema.aligner.match(predicate)
        if not matches or matches[0].how not in _PLAIN:
            return "", ""
        relation = self._ontology.relation(matches[0].key)
        if relation is None:
            return "", ""
        head = self._coarse(relation.domain)
        tail = self._coarse(getattr(relation, "range", ()))
        return (tail, head) if matches[0].inverted else (head, tail)

    def _coarse(self, types: Sequence[str]) -> str:
        """The one coarse label that all of `types` come under; "" if there is none."""
        assert self._schema is not None
        labels = {self._schema.aligner.types.kinds(key)[:1] for key in types}
        label = labels.pop() if len(labels) == 1 else ()
        return label[0] if label and label[0] in _NAMED else ""

    def _check(self, document: Document, triple: Triple, senses: Mapping[str, str]) -> CheckedTriple:
        if not _is_supported(document, triple):
            return _rejected(triple, ReasonCode.UNSUPPORTED, "no words of the text say so")
        unasserted = _UNASSERTED.get(triple.modality)
        if unasserted is not None:
            return _rejected(triple, *unasserted)
        return self._above_threshold(
            self._by_schema(triple, senses) if self._schema is not None else _open(triple)
        )

    def _above_threshold(self, item: CheckedTriple) -> CheckedTriple:
        if not item.accepted or item.score >= self._min_score:
            return item
        return _rejected(
            item.triple,
            ReasonCode.LOW_SCORE,
            f"score {item.score:.2f} is under extraction.min_score {self._min_score:.2f}",
        )

    def _of_relation(self, key: str, triple: Triple, senses: Mapping[str, str]) -> CheckedTriple:
        """A triple made for a relation of the schema, so that only the types of its ends are left to name."""
        assert self._ontology is not None and self._schema is not None
        relation = self._ontology.relation(key)
        assert relation is not None
        types = self._schema.aligner.types
        wanted = getattr(relation, "range", ())
        head = types.fit(_label(triple.subject, senses), relation.domain)
        tail = types.fit(_label(triple.object, senses), wanted) if wanted else None
        return CheckedTriple(
            id=_triple_id(triple),
            triple=triple,
            decision="repair",
            relation=key,
            subject_type=head.key if head else None,
            object_type=tail.key if tail else wanted[0] if wanted else None,
            literal=key in self._ontology.properties,
            repairs=(f"made by the schema: {triple.evidence.extractor}",),
            score=triple.evidence.score,
        )

    def _by_schema(self, triple: Triple, senses: Mapping[str, str]) -> CheckedTriple:
        assert self._schema is not None
        subject, object_ = triple.subject, triple.object
        verdict = self._schema.check(candidate_of(triple, senses))
        if not verdict.is_accepted:
            return _with_verdict(triple, verdict)
        if (
            self._classes is not None
            and verdict.relation in self._classes.keys
            and not _is_name(object_.name)
            and object_.type not in _VALUES
        ):
            # Which words of "comedy horror film" are the genre, and whether any are, is for the class to say.
            return _rejected(
                triple, ReasonCode.BAD_ARGUMENT, f'"{object_.text}" as a whole names no such thing', verdict
            )
        head, tail = (object_, subject) if verdict.inverted else (subject, object_)
        unnamed = self._unnamed(head, verdict.head_type, is_head=True)
        if unnamed is None and verdict.value is None:
            unnamed = self._unnamed(tail, verdict.tail_type, is_head=False)
        if unnamed is not None:
            return _rejected(
                triple, ReasonCode.BAD_ARGUMENT, f'"{unnamed.text}" names nothing in particular', verdict
            )
        return _with_verdict(triple, verdict)

    def _unnamed(self, mention: Mention, entity_type: str | None, *, is_head: bool) -> Mention | None:
        """`mention`, if it stands where a name must stand and is none."""
        if _is_name(mention.name):
            return None
        if is_head or entity_type is None or self._requires_name(entity_type):
            return mention
        return None

    def _type_requires_name(self, entity_type: str) -> bool:
        assert self._ontology is not None and self._schema is not None
        kinds = self._schema.aligner.types.kinds(entity_type)
        if kinds and _NAMED_KINDS.issuperset(kinds):
            return True
        for label in _NAMED:
            found = self._schema.aligner.type_of(label)
            if found is not None and self._ontology.is_a(entity_type, found[0]):
                return True
        return False


@cache
def _code_digest() -> str:
    """SHA-256 (hex) of the sources that verdicts come from."""
    digest = hashlib.sha256()
    folder = Path(inspect.getfile(Ontology)).parent
    own = [Path(inspect.getfile(part)) for part in (Checker, ClassReader, PairJoiner, PairModel, open_type)]
    for path in [*own, *sorted(folder.rglob("*.py"))]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def candidate_of(triple: Triple, senses: Mapping[str, str] | None = None) -> Candidate:
    """A triple as the schema sees it: names, words and what is known of the types.

    Args:
        senses: What the document as a whole takes each name for.
    """
    subject, object_ = triple.subject, triple.object
    return Candidate(
        head=_words(subject),
        relation=triple.predicate,
        tail=_words(object_),
        head_type=_label(subject, senses or {}),
        tail_type=_label(object_, senses or {}),
        tail_is_value=object_.type in _VALUES if object_.type else None,
    )


def _label(mention: Mention, senses: Mapping[str, str]) -> str | None:
    if mention.type in _VALUES or mention.type_stated:
        return mention.type
    return senses.get(mention.name) or mention.type or _type_noun(mention.name)


def _is_supported(document: Document, triple: Triple) -> bool:
    """Whether the evidence is a span of this very document that reads as quoted, and not empty."""
    evidence = triple.evidence
    span = evidence.span
    return (
        evidence.document_id == document.id
        and 0 <= span.start < span.end <= len(document.text)
        and document.text[span.start : span.end] == evidence.quote
        and bool(evidence.quote.strip())
    )


def _words(mention: Mention) -> str:
    return mention.value if mention.value is not None else mention.name


def _type_noun(name: str) -> str | None:
    """The common noun a name ends in, which says what it is: "chip" of "M3 chip"."""
    last = name.rpartition(" ")[2]
    return last if last.isalpha() and last.islower() and _is_name(name) else None


def _is_name(text: str) -> bool:
    """Whether `text` can be a name: it has a capital, a digit, or letters of a script without case.

    What opens in lower case and runs on for more than five words is a clause, whatever it names on its way.
    """
    words = text.split()
    if len(words) > _LONGEST_LOWER and words[0].islower():
        return False
    return any(
        letter.isupper() or letter.isdigit() or (letter.isalpha() and not letter.islower()) for letter in text
    )


def _open(triple: Triple) -> CheckedTriple:
    relation = "_".join(_WORD.findall(triple.predicate)).upper()[:63]
    relation = re.sub(r"[^A-Z0-9_]", "", relation)
    if not relation or relation[0].isdigit():
        relation = f"R_{relation}"[:63]
    literal = triple.object.type in _VALUES
    given = triple.evidence.extractor == USER_GRAPH
    if not given and not (_is_name(triple.subject.name) and (literal or _is_name(triple.object.name))):
        unnamed = triple.object if _is_name(triple.subject.name) else triple.subject
        return _rejected(triple, ReasonCode.BAD_ARGUMENT, f'"{unnamed.text}" names nothing in particular')
    return CheckedTriple(
        id=_triple_id(triple),
        triple=triple,
        decision="accept",
        relation=relation,
        subject_type=open_type(triple.subject.type),
        object_type=None if literal else open_type(triple.object.type),
        literal=literal,
        score=triple.evidence.score,
    )


def _with_verdict(triple: Triple, verdict: Verdict) -> CheckedTriple:
    if not verdict.is_accepted:
        reason = verdict.reason or ReasonCode.UNKNOWN_RELATION
        return _rejected(triple, reason, verdict.message, verdict)
    return CheckedTriple(
        id=_triple_id(triple),
        triple=triple,
        decision=verdict.decision.value,
        relation=verdict.relation or triple.predicate,
        subject_type=verdict.head_type,
        object_type=verdict.tail_type,
        literal=verdict.value is not None,
        inverted=verdict.inverted,
        repairs=tuple(f"{repair.kind}: {repair.detail}" for repair in verdict.repairs),
        score=round(triple.evidence.score * verdict.score, 6),
    )


def _rejected(
    triple: Triple, reason: ReasonCode, message: str, verdict: Verdict | None = None
) -> CheckedTriple:
    return CheckedTriple(
        id=_triple_id(triple),
        triple=triple,
        decision="reject",
        relation=triple.predicate,
        subject_type=triple.subject.type,
        object_type=triple.object.type,
        reason=reason.value,
        message=message,
        score=round(triple.evidence.score * (verdict.score if verdict is not None else 1.0), 6),
    )


def _triple_id(triple: Triple) -> str:
    subject, object_ = triple.subject, triple.object
    return content_id(
        "tri",
        triple.evidence.chunk_id,
        f"{subject.span.start}-{subject.span.end}-{subject.name}",
        triple.predicate,
        f"{object_.span.start}-{object_.span.end}-{object_.name}",
        triple.modality.value,
    )
