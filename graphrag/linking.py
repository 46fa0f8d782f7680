"""From the words of a question to where the graph takes it up.

Names in the question are looked up exactly, then allowing a slip of the pen; what remains of the
question after its names is what is asked *about* them: it weighs the sentences met on the way.
Relation types are recognised by the words an ontology gives them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

from graphrag.index.arrays import Array
from graphrag.index.names import CASED, LITERAL, LONGEST_NAME, STOP, is_capital
from graphrag.index.snapshot import SearchIndex
from graphrag.index.terms import (
    STOPWORDS,
    fold,
    ngram_hashes,
    stem,
    tokens,
    without_possessives,
    word_hash,
    word_hashes,
)

_LARGEST_HOMOGRAPH = 16
_SHORTEST_CORRECTED = 4
_MOST_CORRECTIONS = 12
_NO_TERMS = (np.empty(0, np.int64), np.empty(0, np.int64))


@dataclass(frozen=True, slots=True)
class LinkedEntity:
    """An entity that words [first, first + length) of the question name.

    Attributes:
        entity: Row in the index.
        weight: In (0, 1]: how sure the link is times how specific the entity is.
        how: "name", "typo" or "embedding".
    """

    entity: int
    weight: float
    first: int
    length: int
    how: str


@dataclass(frozen=True, slots=True)
class Cues:
    """Words that point to relation types, as an ontology lists them.

    Attributes:
        phrases: Stemmed phrase -> relation types.
        words: Relation type -> stems of all its words, for recognising sentences that state it.
    """

    phrases: Mapping[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def make_cues(phrases: Mapping[str, Sequence[str]]) -> Cues:
    """Prepare {relation type: its label, aliases, cues}. Words such as "of" are not looked at."""
    by_phrase: dict[tuple[str, ...], set[str]] = {}
    words: dict[str, set[str]] = {}
    for relation, spellings in phrases.items():
        for spelling in spellings:
            stems = _stems(spelling)
            if stems:
                by_phrase.setdefault(stems, set()).add(relation)
                words.setdefault(relation, set()).update(stems)
    return Cues(
        {phrase: tuple(sorted(relations)) for phrase, relations in sorted(by_phrase.items())},
        {relation: tuple(sorted(stems)) for relation, stems in sorted(words.items())},
    )


@dataclass(frozen=True, slots=True)
class LinkedQuestion:
    """A question as search works with it.

    Attributes:
        text: The question.
        words: Its words as written.
        entities: What its words name, in the order of the words.
        relation_types: Types its words point to, sorted.
        terms: (t,) rows of its distinct search terms that the corpus knows.
        weights: (t,) their inverse chunk frequency.
        in_name: (t,) whether the term stands only inside the names that were linked.
        cue_terms: Rows of other words that an ontology gives for relations the question names.
        cue_of: For each of them the question's term it stands for, as a place in `terms`.
        rest: The question without the names, for embedding.
    """

    text: str
    words: tuple[str, ...]
    entities: tuple[LinkedEntity, ...]
    relation_types: tuple[str, ...]
    terms: NDArray[np.int64]
    weights: NDArray[np.float32]
    in_name: NDArray[np.bool_]
    cue_terms: NDArray[np.int64]
    cue_of: NDArray[np.int64]
    rest: str


def link_question(index: SearchIndex, text: str, cues: Cues | None = None) -> LinkedQuestion:
    """Find the names, relation words and search terms of a question. O(words) look-ups."""
    found = without_possessives(tokens(text), text)
    surfaces = [surface for _, _, surface in found]
    words = [fold(surface) for surface in surfaces]
    stems = ["" if word in STOPWORDS else stem(word) for word in words]
    rows = term_rows(index, stems)
    entities = _link_names(index, surfaces, words, rows)
    spoken = _spoken_relations(stems, cues) if cues else []
    entities = _without_relation_words(entities, spoken, surfaces)
    named = np.zeros(len(words), dtype=np.bool_)
    for entity in entities:
        named[entity.first : entity.first + entity.length] = True
    spoken = [item for item in spoken if not named[item.first : item.first + item.length].any()]
    types = tuple(sorted({relation for item in spoken for relation in item.types}))
    distinct, in_name = _distinct_terms(rows, named)
    cue_terms, cue_of = _cue_terms(index, spoken, cues, rows, distinct) if cues else _NO_TERMS
    return LinkedQuestion(
        text=text,
        words=tuple(surfaces),
        entities=entities,
        relation_types=types,
        terms=distinct,
        weights=index.term_idf[distinct],
        in_name=in_name,
        cue_terms=cue_terms,
        cue_of=cue_of,
        rest=_without(text, found, named),
    )


def term_rows(index: SearchIndex, stems: Sequence[str]) -> NDArray[np.int64]:
    """Row of each stem among the corpus's terms; -1 where unknown or empty."""
    known = index.term_hash
    hashes = np.array([word_hash(item) if item else 0 for item in stems], dtype=np.uint64)
    if not len(known) or not len(hashes):
        return np.full(len(hashes), -1, dtype=np.int64)
    rows = known.searchsorted(hashes)
    rows[rows == len(known)] = 0
    return np.where((known[rows] == hashes) & (hashes != 0), rows, -1)


def specificity(index: SearchIndex, entities: Array) -> NDArray[np.float64]:
    """How much naming an entity narrows the search, in (0, 1]: inverse chunk frequency, scaled."""
    total = max(1, index.counts["chunks"])
    frequency = np.maximum(index.entity_frequency[entities], 1)
    scaled: NDArray[np.float64] = np.log1p(total / frequency) / np.log1p(total)
    return scaled


@dataclass(frozen=True, slots=True)
class _Match:
    first: int
    length: int
    row: int  # first row of the name table
    quality: float
    how: str


def _link_names(
    index: SearchIndex, surfaces: Sequence[str], words: Sequence[str], rows: NDArray[np.int64]
) -> tuple[LinkedEntity, ...]:
    if not words or not len(index.names.hashes):
        return ()
    hashes = word_hashes(words)
    shouted = all(is_capital(word) for word in surfaces) or not any(is_capital(word) for word in surfaces[1:])
    matches = _exact(index, surfaces, words, rows, hashes, shouted)
    covered = np.zeros(len(words), dtype=np.bool_)
    for match in _disjoint(matches):
        covered[match.first : match.first + match.length] = True
    for place in np.flatnonzero(~covered).tolist():
        if _may_be_misspelt(surfaces[place], words[place], rows[place]):
            matches += _misspelt(index, words, hashes, place, int(rows[place]))
    linked: list[tuple[int, _Match]] = []
    table = index.names
    for match in sorted(_disjoint(matches), key=lambda item: item.first):
        end = int(table.hashes.searchsorted(table.hashes[match.row], side="right"))
        named = table.entities[match.row : min(end, match.row + _LARGEST_HOMOGRAPH)]
        linked += [(entity, match) for entity in sorted(set(named.tolist()))]
    rarity = specificity(index, np.array([entity for entity, _ in linked], dtype=np.int64)).tolist()
    return tuple(
        LinkedEntity(entity, match.quality * rare, match.first, match.length, match.how)
        for (entity, match), rare in zip(linked, rarity, strict=True)
    )


def _exact(
    index: SearchIndex,
    surfaces: Sequence[str],
    words: Sequence[str],
    rows: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    shouted: bool,
) -> list[_Match]:
    table = index.names
    by_length = ngram_hashes(hashes, LONGEST_NAME)
    runs = np.concatenate(by_length)
    at = table.hashes.searchsorted(runs)
    at[at == len(table.hashes)] = 0
    found = (table.hashes[at] == runs).nonzero()[0]
    places = [(first, length) for length, some in enumerate(by_length, 1) for first in range(len(some))]
    matches: list[_Match] = []
    for place, row in zip(found.tolist(), at[found].tolist(), strict=True):
        first, length = places[place]
        quality = _case_quality(index, surfaces, words, rows, first, length, int(table.flags[row]), shouted)
        if quality > 0:
            matches.append(_Match(first, length, row, quality, "name"))
    return matches


def _case_quality(
    index: SearchIndex,
    surfaces: Sequence[str],
    words: Sequence[str],
    rows: NDArray[np.int64],
    first: int,
    length: int,
    flags: int,
    shouted: bool,
) -> float:
    """How sure it is that these words are meant as the name they spell; 0 for not at all."""
    if flags & STOP and 2 * sum(map(is_capital, surfaces[first : first + length])) <= length:
        return 0.0
    if flags & STOP and length == 1 and first == 0:
        return 0.0  # "It" and "Who" open a sentence
    if flags & LITERAL:
        digits = any(word[0].isdigit() for word in words[first : first + length])
        return 0.8 if digits else 0.0
    content = [at for at in range(first, first + length) if words[at] not in STOPWORDS]
    if not flags & CASED and len(content) == 1:
        return 0.0  # a common noun: what is asked for, not what is asked about
    capitals = sum(is_capital(surfaces[at]) for at in content)
    if capitals == len(content) and not shouted:
        return 1.0 if length == 1 or is_capital(surfaces[first]) else 0.95
    # Plain words that happen to be a name: trust them by how rare they are.
    known = rows[content]
    scale = max(1e-9, np.log1p(2 * index.counts["chunks"]))
    rarity = min(1.0, float(index.term_idf[known[known >= 0]].sum()) / scale) if (known >= 0).all() else 1.0
    if shouted:
        return (0.9 if length > 1 else 0.7) * rarity
    if capitals:
        return 0.8 * rarity
    return 0.3 * rarity if rarity > 0.6 else 0.0


def _may_be_misspelt(surface: str, word: str, row: int) -> bool:
    return len(word) >= _SHORTEST_CORRECTED and word not in STOPWORDS and (is_capital(surface) or row < 0)


def _misspelt(
    index: SearchIndex, words: Sequence[str], hashes: NDArray[np.uint64], place: int, index_row: int
) -> list[_Match]:
    """Names that contain the word at `place` with one slip put right."""
    word = words[place]
    table = index.names
    spelt = [index.name_words[int(row)] for row in index.spelling.candidates(word)]
    near = [other for other in spelt if other != word and OSA.distance(word, other, score_cutoff=1) <= 1]
    matches: list[_Match] = []
    low, high = max(0, place - LONGEST_NAME + 1), min(len(words), place + LONGEST_NAME)
    for other in near[:_MOST_CORRECTIONS]:
        changed = hashes[low:high].copy()
        changed[place - low] = word_hash(other)
        for length, runs in enumerate(ngram_hashes(changed, LONGEST_NAME), start=1):
            starts = np.arange(max(0, place - low - length + 1), min(place - low, len(runs) - 1) + 1)
            if not len(starts):
                continue
            at = np.searchsorted(table.hashes, runs[starts])
            at[at == len(table.hashes)] = 0
            for found in np.flatnonzero(table.hashes[at] == runs[starts]).tolist():
                # A word the corpus knows is put right only as part of a longer name.
                trusted = length > 1 or index_row < 0
                if trusted and not table.flags[at[found]] & LITERAL:
                    matches.append(
                        _Match(int(starts[found]) + low, length, int(at[found]), 0.9 - 0.1 / length, "typo")
                    )
    return matches


def _disjoint(matches: list[_Match]) -> list[_Match]:
    """The longest matches, then the surest, none overlapping another; equals share their words."""
    taken: dict[int, _Match] = {}
    kept: list[_Match] = []
    for match in sorted(matches, key=lambda item: (-item.length, -item.quality, item.first, item.row)):
        places = range(match.first, match.first + match.length)
        rivals = {id(taken[place]): taken[place] for place in places if place in taken}
        if not rivals:
            kept.append(match)
            taken.update(dict.fromkeys(places, match))
        elif len(rivals) == 1:
            rival = next(iter(rivals.values()))
            same = (rival.first, rival.length, rival.quality) == (match.first, match.length, match.quality)
            if same and rival.how == "typo" and rival.row != match.row:
                kept.append(match)
    return kept


@dataclass(frozen=True, slots=True)
class _Spoken:
    """Words [first, first + length) that point to relation types."""

    first: int
    length: int
    types: tuple[str, ...]


def _spoken_relations(stems: Sequence[str], cues: Cues) -> list[_Spoken]:
    content = [place for place, item in enumerate(stems) if item]
    found: list[_Spoken] = []
    for length in range(1, 5):
        for at in range(len(content) - length + 1):
            places = content[at : at + length]
            types = cues.phrases.get(tuple(stems[place] for place in places), ())
            if types:
                found.append(_Spoken(places[0], places[-1] - places[0] + 1, types))
    return found


def _without_relation_words(
    entities: tuple[LinkedEntity, ...], spoken: Sequence[_Spoken], surfaces: Sequence[str]
) -> tuple[LinkedEntity, ...]:
    """Words that name a relation and are not written as a name are no anchor ("place of birth")."""
    phrases = {(item.first, item.length) for item in spoken}
    return tuple(
        entity
        for entity in entities
        if (entity.first, entity.length) not in phrases
        or any(is_capital(word) for word in surfaces[max(1, entity.first) : entity.first + entity.length])
    )


def _cue_terms(
    index: SearchIndex,
    spoken: Sequence[_Spoken],
    cues: Cues,
    rows: NDArray[np.int64],
    distinct: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    place_of = {int(row): place for place, row in enumerate(distinct.tolist())}
    best: dict[int, int] = {}
    for item in spoken:
        own = [int(row) for row in rows[item.first : item.first + item.length] if row >= 0]
        if not own:
            continue
        place = place_of[max(own, key=lambda row: (float(index.term_idf[row]), -row))]
        stems = sorted({word for relation in item.types for word in cues.words.get(relation, ())})
        for row in term_rows(index, stems).tolist():
            if row >= 0 and row not in place_of:
                best.setdefault(row, place)
    terms = sorted(best)
    return np.array(terms, dtype=np.int64), np.array([best[row] for row in terms], dtype=np.int64)


def _distinct_terms(
    rows: NDArray[np.int64], named: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    in_name_only: dict[int, bool] = {}
    for row, inside in zip(rows.tolist(), named.tolist(), strict=True):
        if row >= 0:
            in_name_only[row] = inside and in_name_only.get(row, True)
    distinct = sorted(in_name_only)
    in_name = [in_name_only[row] for row in distinct]
    return np.array(distinct, dtype=np.int64), np.array(in_name, dtype=np.bool_)


def _without(text: str, found: Sequence[tuple[int, int, str]], named: NDArray[np.bool_]) -> str:
    kept = [surface for (_, _, surface), inside in zip(found, named, strict=True) if not inside]
    return " ".join(kept)


def _stems(phrase: str) -> tuple[str, ...]:
    words = (fold(surface) for _, _, surface in without_possessives(tokens(phrase), phrase))
    return tuple(stem(word) for word in words if word not in STOPWORDS)
