"""Which pairs of a sentence stand in which relation, learnt from a user's own examples.

The rules know a language and an ontology, but not how the authors of a collection put things, nor what its
readers want of a sentence. Sentences with the triples they should give tell that. One multinomial logistic
model is fitted over the pairs of names of each sentence, from what the rules found, the types of both ends,
and the words between and around. What it finds is added to what the rules find. A triple that the examples do
not list may still be true, so probabilities are divided by the share of true triples they are taken to list.

References:
    Elkan, Noto, "Learning classifiers from only positive and unlabeled data", KDD 2008.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from graphrag.classes import WORD, in_sentences, label_of
from graphrag.datamodel import CheckedTriple, Document, Evidence, Extraction, Mention, Span, Triple
from graphrag.errors import ConfigError
from graphrag.names import normal_form
from ontology import Ontology
from ontology.values import parse_date

COMPLETENESS = 0.5  # share of what a sentence states that people who annotate triples list
_FORMAT = "graphrag-pairs-1"
_NAME = "_"  # what stands for the words of a name
_MOST_NAMES = 14  # of a sentence that are paired: a longer list tells little of each pair
_LONGEST_PHRASE = 4  # words
_RARE = 3  # a feature of fewer pairs is left out
_PENALTY = 3.0  # on squared weights; 1.0 was no better on held-out examples
_SMALL = 0.02  # weights below it are not stored


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence and triples it states: head and tail by name, the relation by its key."""

    text: str
    triples: tuple[tuple[str, str, str], ...]


class Pair(NamedTuple):
    """Two names of one sentence, as head and tail of a relation."""

    head: Mention
    tail: Mention
    evidence: Evidence
    features: frozenset[str]


class PairModel:
    """Probabilities of relations between the two names of a pair.

    Args:
        relations: Keys; the class after the last one is "none of them".
        weights: For each feature its weight per class.
        completeness: Share of true triples that the examples listed.
    """

    def __init__(
        self, relations: Sequence[str], weights: Mapping[str, Sequence[float]], completeness: float
    ) -> None:
        self.relations = tuple(str(relation) for relation in relations)
        self._rows = {feature: row for row, feature in enumerate(weights)}
        shape = (len(weights), len(self.relations) + 1)
        self._weights = np.array(list(weights.values()), dtype=np.float64).reshape(shape)
        self._completeness = completeness

    @classmethod
    def learn(
        cls,
        examples: Sequence[Example],
        pairs: Sequence[Sequence[Pair]],
        *,
        completeness: float = COMPLETENESS,
    ) -> PairModel:
        """Fit a model.

        Args:
            examples: Sentences with triples.
            pairs: The pairs of each example, from `Checker.pairs`.
            completeness: Share of the true triples of a sentence that the examples list.
        """
        relations = sorted({relation for example in examples for _, relation, _ in example.triples})
        index = {relation: place for place, relation in enumerate(relations)}
        rows: list[frozenset[str]] = []
        classes: list[int] = []
        for example, found in zip(examples, pairs, strict=True):
            listed: dict[tuple[str, str], set[int]] = defaultdict(set)
            for head, relation, tail in example.triples:
                for end in {_key(tail), _key(parse_date(tail) or tail)}:
                    listed[_key(head), end].add(index[relation])
            for pair in found:
                ends = {
                    (h, t) for h in _keys(pair.head) for t in _keys(pair.tail)
                }  # a date counts by its words and by its value
                known = sorted({place for end in ends for place in listed.get(end, ())})
                for place in known or [len(relations)]:
                    rows.append(pair.features)
                    classes.append(place)
        if all(place == len(relations) for place in classes):
            raise ConfigError(
                "no triple of the examples is between two names found in its sentence; "
                "write heads and tails as the sentence writes them"
            )
        counts = Counter(feature for row in rows for feature in row)
        features = sorted(feature for feature, count in counts.items() if count >= _RARE)
        weights = np.round(_fit(rows, classes, features, len(relations) + 1), 3)
        kept = {
            feature: row.tolist()
            for feature, row in zip(features, weights, strict=True)
            if np.abs(row).max() >= _SMALL
        }
        return cls(relations, kept, completeness)

    def read(self, pairs: Iterable[Pair]) -> Iterator[tuple[str, Pair, float]]:
        """Relation, pair and score, for every relation that is likelier than one in a hundred."""
        for pair in pairs:
            rows = sorted(self._rows[f] for f in pair.features if f in self._rows)
            logits = self._weights[rows].sum(axis=0)  # (n, classes) -> (classes,)
            odds = np.exp(logits - logits.max())
            scores = odds / odds.sum() / self._completeness
            for place, relation in enumerate(self.relations):
                if scores[place] > 0.01:
                    yield relation, pair, round(min(float(scores[place]), 1.0), 4)

    def save(self, path: Path) -> None:
        """Write the model as JSON."""
        features = list(self._rows)
        data = {
            "format": _FORMAT,
            "completeness": self._completeness,
            "relations": self.relations,
            "weights": dict(zip(features, self._weights.tolist(), strict=True)),
        }
        path.write_text(json.dumps(data, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> PairModel:
        """Read a model.

        Raises:
            ConfigError: There is no such file, or it holds no model.
        """
        try:
            data: Any = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(f"extraction.learned: cannot read {path}: {error.strerror}") from error
        except ValueError as error:
            raise ConfigError(f"extraction.learned: {path} is no JSON: {error}") from error
        try:
            if data["format"] != _FORMAT:
                raise ValueError(f"its format is {data['format']!r}")
            model = cls(data["relations"], data["weights"], float(data["completeness"]))
            if not np.isfinite(model._weights).all() or not 0 < model._completeness <= 1:
                raise ValueError("a number is out of range")
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ConfigError(
                f"extraction.learned: {path} is no model; make one with: graphrag ontology learn ({error})"
            ) from error
        return model


def read_examples(path: Path, ontology: Ontology) -> list[Example]:
    """Examples from JSON lines: {"text": "...", "triples": [["head", "RELATION", "tail"], ...]}.

    Raises:
        ConfigError: A line is no example, or names a relation that the ontology lacks.
    """
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row: Any = json.loads(line)
            text, triples = row["text"], tuple((head, key, tail) for head, key, tail in row["triples"])
            if not all(isinstance(part, str) for part in (text, *(p for t in triples for p in t))):
                raise TypeError("a text, head, relation or tail is no string")
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigError(
                f"{path}, line {number}: not an example; each line must be "
                f'{{"text": "...", "triples": [["head", "RELATION", "tail"]]}} ({error})'
            ) from error
        for _, key, _ in triples:
            if ontology.relation(key) is None:
                raise ConfigError(f'{path}, line {number}: "{ontology.name}" has no relation "{key}"')
        found.append(Example(text, triples))
    if not found:
        raise ConfigError(f"{path} has no examples")
    return found


def pairs_of(
    document: Document,
    results: Sequence[Extraction],
    checked: Sequence[CheckedTriple],
    labels: Mapping[str, str],
) -> Iterator[Pair]:
    """The ordered pairs of names of each sentence of a document, with what is to be seen of them.

    Args:
        checked: What the ontology made of the document's triples.
        labels: What the document takes each name for.
    """
    accepted = [item for item in checked if item.accepted]
    mentions = [m for result in results for m in result.mentions]
    mentions += [end for item in accepted for end in (item.head, item.tail)]
    relations: dict[tuple[str, str], set[str]] = defaultdict(set)
    for item in accepted:
        relations[item.head.name, item.tail.name].add(f"accepted={item.relation}")
    for sentence, triples in in_sentences(document, results):
        inside = [m for m in mentions if sentence.start <= m.span.start and m.span.end <= sentence.end]
        linked = _links(triples)
        places: dict[str, list[Mention]] = {}
        for mention in sorted(inside, key=lambda m: m.span):
            places.setdefault(mention.name, []).append(mention)
        names = list(places)[:_MOST_NAMES]
        words = _Words(document.text, sentence, [m.span for m in inside])
        quote = document.text[sentence.start : sentence.end]
        for head_name in names:
            for tail_name in names:
                if head_name == tail_name:
                    continue
                head, tail = _nearest(places[head_name], places[tail_name])
                if head.value is not None or _overlap(head.span, tail.span):
                    continue
                ends = (head_name, tail_name)
                features = words.around(head, tail)
                features |= _types(head, tail, labels)
                features |= linked.get(ends, {"no statement"}) | relations.get(ends, set())
                features |= {f"head is {'first' if head_name == names[0] else 'later'}"}
                features |= {f"tail is {'first' if tail_name == names[0] else 'later'}"}
                evidence = Evidence(document.id, head.chunk_id, sentence, quote, "learned:pair", 0.0)
                yield Pair(head, tail, evidence, frozenset(features))


class _Words:
    """The words of one sentence, in lower case, and where its names stand."""

    def __init__(self, text: str, sentence: Span, named: Sequence[Span]) -> None:
        self._tokens: list[tuple[int, int, str]] = []
        for word in WORD.finditer(text, sentence.start, sentence.end):
            in_name = any(span.start <= word.start() < span.end for span in named)
            shown = _NAME if in_name else word[0].lower()
            if shown != _NAME or not self._tokens or self._tokens[-1][2] != _NAME:
                self._tokens.append((word.start(), word.end(), shown))
        self._all = frozenset(f"word={shown}" for _, _, shown in self._tokens)

    def around(self, head: Mention, tail: Mention) -> set[str]:
        """Features of the words between two names, next to them, and anywhere in the sentence."""
        forward = head.span.start < tail.span.start
        left, right = (head.span, tail.span) if forward else (tail.span, head.span)
        way = ">" if forward else "<"
        between = [t for start, end, t in self._tokens if left.end <= start and end <= right.start]
        before = [t for _, end, t in self._tokens if end <= left.start][-1:]
        after = [t for start, _, t in self._tokens if start >= right.end][:1]
        found = {f"between{way}{token}" for token in between} | self._all
        for size in range(1, min(_LONGEST_PHRASE, len(between)) + 1):
            found.add(f"last{way}{' '.join(between[-size:])}")
            found.add(f"first{way}{' '.join(between[:size])}")
        if len(between) <= _LONGEST_PHRASE + 2:
            found.add(f"whole{way}{' '.join(between)}")
        found.add(f"apart{way}{min(6, len(between) // 2)}")
        found.add(f"before{way}{''.join(before)}")
        found.add(f"after{way}{''.join(after)}")
        return found


def _links(triples: Sequence[Triple]) -> dict[tuple[str, str], set[str]]:
    """What the rules read between two names, in either direction."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for triple in triples:
        subject, object_ = triple.subject.name, triple.object.name
        phrase = triple.predicate.lower()
        for ends, way in (((subject, object_), ">"), ((object_, subject), "<")):
            found[ends] |= {f"phrase{way}{phrase}", f"rule{way}{triple.evidence.extractor}"}
            found[ends] |= {f"verb{way}{word}" for word in phrase.split()}
    return found


def _types(head: Mention, tail: Mention, labels: Mapping[str, str]) -> set[str]:
    first, second = (label_of(mention, labels) or "?" for mention in (head, tail))
    shape = "" if tail.value is None else str(len(tail.value))
    return {f"head:{first}", f"tail:{second}", f"types:{first}/{second}", f"value:{shape}", "any"}


def _nearest(heads: Sequence[Mention], tails: Sequence[Mention]) -> tuple[Mention, Mention]:
    return min(
        ((head, tail) for head in heads for tail in tails),
        key=lambda ends: (abs(ends[0].span.start - ends[1].span.start), ends[0].span, ends[1].span),
    )


def _overlap(first: Span, second: Span) -> bool:
    return first.start < second.end and second.start < first.end


def _keys(mention: Mention) -> set[str]:
    return {_key(mention.name)} | ({_key(mention.value)} if mention.value is not None else set())


def _key(name: str) -> str:
    return normal_form(name) or name


def _fit(
    rows: Sequence[frozenset[str]], classes: Sequence[int], features: Sequence[str], width: int
) -> np.ndarray[Any, Any]:
    """(features, classes) weights that maximise the penalised likelihood."""
    from scipy.optimize import minimize
    from scipy.sparse import csr_matrix

    index = {feature: place for place, feature in enumerate(features)}
    columns: list[int] = []
    starts = [0]
    for row in rows:
        columns += sorted(index[feature] for feature in row if feature in index)
        starts.append(len(columns))
    matrix = csr_matrix((np.ones(len(columns)), columns, starts), shape=(len(rows), len(features)))
    transposed = matrix.T.tocsr()
    truth = np.asarray(classes)
    order = np.arange(len(rows))

    def loss(flat: np.ndarray[Any, Any]) -> tuple[float, np.ndarray[Any, Any]]:
        weights = flat.reshape(len(features), width)
        logits = matrix @ weights  # (rows, classes)
        logits -= logits.max(axis=1, keepdims=True)
        odds = np.exp(logits)
        sums = odds.sum(axis=1, keepdims=True)
        value = float((np.log(sums[:, 0]) - logits[order, truth]).sum())
        value += _PENALTY / 2 * float((flat * flat).sum())
        slope = odds / sums
        slope[order, truth] -= 1
        return value, (transposed @ slope + _PENALTY * weights).ravel()

    start = np.zeros(len(features) * width)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 60})
    result: np.ndarray[Any, Any] = found.x.reshape(len(features), width)
    return result
