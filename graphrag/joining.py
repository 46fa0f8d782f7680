"""Pairs that no rule of grammar joined, joined where the ontology leaves one reading.

A sentence about X often names Y far from it ("X is the third album by ..., taken to number one by Y"). Where
the words right before Y are a cue of a relation, and both ends are of the types it declares, the sentence
most likely states it. These triples score low, and are made from the statements already read: a pure function
of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from graphrag.classes import WORD, has_capital, in_sentences, label_of
from graphrag.datamodel import Document, Evidence, Extraction, Mention, Triple
from ontology import Aligner, Ontology, RelationType

_DENIALS = frozenset({"not", "never", "no", "without", "nor", "n't", "neither", "unlike", "than"})
_REACH = 5  # words before a name that may be its cue
_LEAST_CUE = 0.6
_LEAST_FIT = 0.6
_BY_CUE = 0.3  # how often such a pair holds, on the scale of the extractor's rules


class PairJoiner:
    """Joins what a sentence is about with the other things it names; compiled once for an ontology."""

    def __init__(self, ontology: Ontology, aligner: Aligner, *, without: frozenset[str]) -> None:
        """Compile; `without` are keys of relations that are found otherwise."""
        self._aligner = aligner
        self._relations: dict[str, RelationType] = {
            key: relation
            for key, relation in ontology.relations.items()
            if relation.domain and relation.range and key not in without
        }

    def read(
        self,
        document: Document,
        results: Sequence[Extraction],
        labels: Mapping[str, str],
        joined: frozenset[frozenset[str]],
    ) -> Iterator[tuple[str, Triple]]:
        """The relation and the triple of each new pair of one document, in text order.

        Args:
            labels: What the document takes each name for.
            joined: Pairs of names that are in an accepted triple already.
        """
        if not self._relations:
            return
        mentions = sorted(
            (m for result in results for m in result.mentions if m.value is None), key=lambda m: m.span
        )
        for sentence, triples in in_sentences(document, results):
            topic = min((t.subject for t in triples), key=lambda mention: mention.span)
            if not has_capital(topic.name):
                continue
            named = [m for m in mentions if sentence.start <= m.span.start and m.span.end <= sentence.end]
            for mention in named:
                if mention.span.start < topic.span.end or mention.name == topic.name:
                    continue
                if frozenset((mention.name, topic.name)) in joined or not has_capital(mention.name):
                    continue
                words = _words_between(document.text, topic.span.end, mention.span.start, named)
                if _DENIALS & set(words):
                    continue
                best = self._best(words[-_REACH:], label_of(topic, labels), label_of(mention, labels))
                if best is None:
                    continue
                key, inverted, score = best
                quote = document.text[sentence.start : sentence.end]
                evidence = Evidence(document.id, topic.chunk_id, sentence, quote, "join:cue", round(score, 4))
                ends = (mention, topic) if inverted else (topic, mention)
                yield key, Triple(ends[0], self._relations[key].label, ends[1], evidence)

    def _best(self, words: list[str], topic: str | None, other: str | None) -> tuple[str, bool, float] | None:
        """The relation the words before a name tell best: its key, whether the topic is its tail, a score."""
        found: list[tuple[float, str, bool]] = []
        for key, strength in self._cues(words).items():
            relation = self._relations[key]
            for inverted in (False, True):
                head, tail = (other, topic) if inverted else (topic, other)
                fits = (self._fit(head, relation.domain), self._fit(tail, relation.range))
                if min(fits) >= _LEAST_FIT:
                    found.append((-round(strength * fits[0] * fits[1], 4), key, inverted))
        if not found:
            return None
        score, key, inverted = min(found)
        return key, inverted, -score * _BY_CUE

    def _cues(self, words: list[str]) -> dict[str, float]:
        """Strength of the best cue of each relation; nearer to the end counts more."""
        best: dict[str, float] = {}
        for first in range(len(words)):
            for end in range(first + 1, min(first + 3, len(words)) + 1):
                near = 1 - 0.1 * (len(words) - end)
                for match in self._aligner.match(" ".join(words[first:end])):
                    if match.key in self._relations and match.score >= _LEAST_CUE:
                        best[match.key] = max(best.get(match.key, 0.0), match.score * near)
        return {key: score for key, score in best.items() if score >= _LEAST_CUE}

    def _fit(self, label: str | None, allowed: tuple[str, ...]) -> float:
        fit = self._aligner.types.fit(label, allowed)
        return 0.0 if fit is None or label is None else fit.score


def _words_between(text: str, start: int, end: int, named: Sequence[Mention]) -> list[str]:
    """Words in lower case between two places, those of other names left out."""
    taken = [m.span for m in named]
    return [
        word[0].lower()
        for word in WORD.finditer(text, start, end)
        if not any(span.start <= word.start() < span.end for span in taken)
    ]
