"""Sentences of passages with the things named in them: what the extractive reader reads.

Reads no more than the passages asked for. A thing is found in a sentence by a mention the knowledge
base recorded (a pronoun may stand for it) or by one of its names standing there.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, runtime_checkable

from graphrag.datamodel import Chunk, Entity, Evidence, Relation, Span
from graphrag.index.terms import STOPWORDS, fold, stem, tokens
from graphrag.interfaces import KnowledgeView
from graphrag.names import normal_form
from graphrag.sentences import is_heading, sentences

_LONGEST_NAME = 8
_SHORTEST_NOUN = 4
_EXTRACTOR = "quote"
_OPENING = 240
_DATE = r"(?:[^()–—;,-]|, (?=\d))*?\d{3,4}[^()–—;-]*?"
_LIFE = re.compile(rf"\((?:[^()]*?[;,] )?(?:born |b\. )?({_DATE})\s*[–—-]\s*(?:died )?({_DATE})[);]")
_MADE = re.compile(r"\b(?:is|was) an? (?:[A-Z][\w-]* )?(\d{4})\b")
_PEOPLE = re.compile(r"\b(?:is|was) an? (?:\d{4} )?(?:[a-z]+ )?([A-Z][a-z]+(?:-[A-Z][a-z]+)?) ")
_PRONOUNS = frozenset(["he", "she", "it", "they", "his", "her", "its", "their", "him", "them", "who"])


@runtime_checkable
class MentionLookup(Protocol):
    """A view that can look mentions up by passage; others are read through once."""

    def mentions_in(self, chunk_ids: Sequence[str]) -> list[tuple[str, str, Span]]:
        """(chunk id, entity id, span) of every mention in these chunks, sorted."""
        ...


@runtime_checkable
class RelationLookup(Protocol):
    """A view that can look relations up by one of their ends; others are read through once."""

    def relations_of(self, entity_id: str) -> list[Relation]:
        """Relations that the entity is an end of, sorted by id."""
        ...


@dataclass(frozen=True, slots=True)
class Named:
    """An occurrence of an entity at [start, end) of a sentence's text."""

    start: int
    end: int
    entity_id: str


@dataclass(frozen=True)
class Sentence:
    """A sentence of a passage.

    Attributes:
        start: Of the sentence in its document, in code points.
        ordinal: Place among the sentences of its passage.
        subject: Entity that the document's title names; "" if none.
        named: Entities in it, by place.
        before: Entities of the sentence before it in the passage, without their places.
        earlier: Entities of all sentences before it in the passage.
    """

    chunk: Chunk
    start: int
    text: str
    ordinal: int
    subject: str
    named: tuple[Named, ...]
    before: frozenset[str] = field(default_factory=frozenset)
    earlier: frozenset[str] = field(default_factory=frozenset)

    @cached_property
    def words(self) -> tuple[tuple[int, int, str], ...]:
        """Start, end and folded form of each word."""
        return tuple((start, end, fold(surface)) for start, end, surface in tokens(self.text))

    @cached_property
    def stems(self) -> tuple[str, ...]:
        """Stem of each word; "" for words without meaning of their own."""
        return tuple("" if word in STOPWORDS else stem(word) for _, _, word in self.words)

    @cached_property
    def implied(self) -> Mapping[str, int]:
        """Happenings that writing conventions state without a word, and the word they stand at.

        "(1851 – 1902)" after a name tells of a birth and a death, "is a 1950 film" of a release, "is a
        Dutch painter" of a nationality.
        """
        found: dict[str, int] = {}
        span = _LIFE.search(self.text[:_OPENING])
        if span is not None:
            found["birth"], found["death"] = self._word_at(span.start(1)), self._word_at(span.start(2))
        made = _MADE.search(self.text[:_OPENING])
        if made is not None:
            found["release"] = self._word_at(made.start(1))
        people = _PEOPLE.search(self.text[:_OPENING])
        if people is not None:
            found["nationality"] = found["country_of_origin"] = self._word_at(people.start(1))
        return found

    def _word_at(self, place: int) -> int:
        return next((n for n, (_, end, _) in enumerate(self.words) if end > place), 0)

    @cached_property
    def leans(self) -> bool:
        """Whether it speaks of something named before it: a pronoun in its first words."""
        return any(word in _PRONOUNS for _, _, word in self.words[:12])

    def evidence(self) -> Evidence:
        """The sentence as a quotation."""
        end = self.start + len(self.text)
        return Evidence(
            self.chunk.document_id, self.chunk.id, Span(self.start, end), self.text, _EXTRACTOR, 1.0
        )


class Passages:
    """Sentences of passages by chunk id, read on demand and kept.

    Safe to use from several threads: what is kept is only ever added to.
    """

    def __init__(self, view: KnowledgeView) -> None:
        self._view = view
        self._sentences: dict[str, tuple[Sentence, ...]] = {}
        self._named: dict[str, tuple[str, ...]] = {}
        self._entities: dict[str, Entity] = {}

    @cached_property
    def subjects(self) -> Mapping[str, str]:
        """Document id to the entity that its title names."""
        return dict(self._view.subjects())

    @cached_property
    def _mentions(self) -> Mapping[str, list[tuple[str, Span]]]:
        found: dict[str, list[tuple[str, Span]]] = defaultdict(list)
        for chunk_id, entity_id, span in self._view.mentions():
            found[chunk_id].append((entity_id, span))
        return found

    def entity(self, entity_id: str) -> Entity:
        """The record behind an id."""
        if entity_id not in self._entities:
            self._entities[entity_id] = self._view.entities_by_id([entity_id])[0]
        return self._entities[entity_id]

    def relations_of(self, entity_id: str) -> list[Relation]:
        """Relations that an entity is an end of, sorted by id."""
        if isinstance(self._view, RelationLookup):
            return self._view.relations_of(entity_id)
        return self._touching.get(entity_id, [])

    @cached_property
    def _touching(self) -> Mapping[str, list[Relation]]:
        found: dict[str, list[Relation]] = defaultdict(list)
        for relation in self._view.relations():
            found[relation.subject_id].append(relation)
            if relation.object_id != relation.subject_id:
                found[relation.object_id].append(relation)
        return found

    def ids_of(self, name: str) -> tuple[str, ...]:
        """Entities that go by this name; () if none does."""
        form = normal_form(name)
        if form not in self._named:
            self._named[form] = tuple(self._view.entities_named(form)) if form else ()
        return self._named[form]

    def sentences_of(self, chunk_ids: Sequence[str]) -> list[Sentence]:
        """All sentences of these passages, in their order."""
        missing = [key for key in dict.fromkeys(chunk_ids) if key not in self._sentences]
        if missing:
            mentions = self._mentions_in(missing)
            for chunk in self._view.chunks_by_id(missing):
                self._sentences[chunk.id] = self._read(chunk, mentions.get(chunk.id, ()))
        return [sentence for key in dict.fromkeys(chunk_ids) for sentence in self._sentences[key]]

    def _mentions_in(self, chunk_ids: Sequence[str]) -> Mapping[str, Sequence[tuple[str, Span]]]:
        if not isinstance(self._view, MentionLookup):
            return self._mentions
        found: dict[str, list[tuple[str, Span]]] = defaultdict(list)
        for chunk_id, entity_id, span in self._view.mentions_in(chunk_ids):
            found[chunk_id].append((entity_id, span))
        return found

    def _read(self, chunk: Chunk, mentions: Sequence[tuple[str, Span]]) -> tuple[Sentence, ...]:
        made: list[Sentence] = []
        before: frozenset[str] = frozenset()
        earlier: frozenset[str] = frozenset()
        subject = self.subjects.get(chunk.document_id, "")
        for span in sentences(chunk.text):
            text = chunk.text[span.start : span.end]
            if is_heading(text) or (not made and text.strip("# ") == chunk.title):
                continue
            start = chunk.span.start + span.start
            named = self._names_in(text, start, mentions)
            made.append(Sentence(chunk, start, text, len(made), subject, named, before, earlier))
            before = frozenset(item.entity_id for item in named)
            earlier |= before
        return tuple(made)

    def _names_in(self, text: str, start: int, mentions: Sequence[tuple[str, Span]]) -> tuple[Named, ...]:
        found = {
            Named(span.start - start, span.end - start, entity_id)
            for entity_id, span in mentions
            if start <= span.start and span.end <= start + len(text)
        }
        taken = [(item.start, item.end) for item in found]
        found.update(self._written_names(text, taken))
        return tuple(sorted(found, key=lambda item: (item.start, item.end, item.entity_id)))

    def _written_names(self, text: str, taken: Sequence[tuple[int, int]]) -> list[Named]:
        """Names standing in the text where no mention was recorded: longest first, capitals only."""
        found: list[Named] = []
        words = tokens(text)
        place = 0
        while place < len(words):
            start, _, surface = words[place]
            length = 0
            if surface[0].islower() and surface[0].isascii():
                found += self._subject_at(text, words[place], taken)
            else:
                for length in range(min(_LONGEST_NAME, len(words) - place), 0, -1):
                    end = words[place + length - 1][1]
                    if any(left < end and start < right for left, right in taken):
                        continue
                    if length == 1 and (surface.lower() in STOPWORDS or surface.isdigit()):
                        continue
                    ids = self.ids_of(text[start:end])
                    if ids:
                        found += [Named(start, end, entity_id) for entity_id in ids]
                        break
                else:
                    length = 0
            place += max(1, length)
        return found

    def _subject_at(
        self, text: str, word: tuple[int, int, str], taken: Sequence[tuple[int, int]]
    ) -> list[Named]:
        """A plain word that is the subject of a document: "the transistor", where one tells of it."""
        start, end, surface = word
        if len(surface) < _SHORTEST_NOUN or any(left < end and start < right for left, right in taken):
            return []
        return [
            Named(start, end, entity_id) for entity_id in self.ids_of(surface) if entity_id in self.titled
        ]

    @cached_property
    def titled(self) -> frozenset[str]:
        """Entities that some document is about."""
        return frozenset(self.subjects.values())
