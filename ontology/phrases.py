"""Reading a relation phrase: which happening it tells, and from which side.

A phrase is read as zero or more `Reading`s. A reading names a frame (from `lexicon.FRAMES`, or one derived
from the word itself) and a role: `AB` when the subject is the doer, `BA` when it is what was done to, `XT`
and `XP` when the phrase gives the time or the place of it. Two phrases tell the same relation when their
readings share frame and role, and its inverse when one says `AB` where the other says `BA`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, TypeVar

from ontology.lexicon import FRAMES, MAKER_FRAMES, NOUN_KINDS
from ontology.morphology import (
    HAVE,
    IRREGULAR,
    PAST_ONLY,
    PREPOSITIONS,
    content_words,
    singular,
    stem,
    verb_lemmas,
    words,
)

_V = TypeVar("_V")

OPPOSITE = {"AB": "BA", "BA": "AB"}
# What "X is Y" can say, for the types of Y to choose from.
_COPULA_FRAMES = ("instance", "genre", "occupation", "position", "rank", "ethnicity")
TIME_WORDS = frozenset({"date", "time", "year", "day", "month", "period"})
PLACE_WORDS = frozenset({"place", "location", "site", "venue", "city", "country", "town", "state", "region"})

_LIGHT_VERBS = frozenset(
    [
        "serve",
        "work",
        "act",
        "become",
        "remain",
        "name",
        "appoint",
        "elect",
        "be",
        "function",
        "make",
        "appoint",
        "designate",
        "choose",
        "hire",
        "install",
        "select",
    ]
)
_TIME_PREPOSITIONS = {
    "in": 0.9,
    "on": 0.95,
    "at": 0.5,
    "during": 0.9,
    "since": 0.9,
    "from": 0.7,
    "around": 0.8,
    "by": 0.3,
    "until": 0.7,
}
_PLACE_PREPOSITIONS = {
    "in": 0.9,
    "at": 0.9,
    "on": 0.7,
    "near": 0.8,
    "from": 0.5,
    "around": 0.6,
    "to": 0.4,
    "outside": 0.6,
}
# A deputy is not the chief: these modifiers change what a title says.
_TITLE_BREAKERS = frozenset(
    [
        "vice",
        "deputy",
        "assistant",
        "acting",
        "associate",
        "sub",
        "under",
        "co-",
        "non",
        "ex",
        "grand",
        "step",
        "god",
    ]
)
_AGENT_ENDINGS = ("er", "or", "ist", "ant", "ent", "ian")


class Reading(NamedTuple):
    """One way to read a phrase; `score` in (0, 1] says how sure the reading is."""

    frame: str
    role: str
    score: float


@dataclass(frozen=True, slots=True)
class _Index:
    verbs: dict[str, tuple[tuple[str, str], ...]]
    nouns: dict[str, tuple[tuple[str, str], ...]]
    events: dict[str, tuple[str, ...]]
    verb_starts: frozenset[str]


@lru_cache(maxsize=1)
def _index() -> _Index:
    verbs: dict[str, list[tuple[str, str]]] = {}
    nouns: dict[str, list[tuple[str, str]]] = {}
    events: dict[str, list[str]] = {}
    for name, frame in FRAMES.items():
        for role, phrases in (("AB", frame.verbs), ("BA", frame.back_verbs)):
            for phrase in phrases:
                _add(verbs, _lexicon_form(phrase), (name, role))
        # A noun without preposition names the tail: "director" leads from the film (B) to the person (A).
        for role, phrases in (("BA", frame.agents), ("AB", frame.patients)):
            for phrase in phrases:
                _add(nouns, " ".join(noun_words(phrase)), (name, role))
        for phrase in frame.events:
            _add(events, phrase, name)
    starts = frozenset(phrase.partition(" ")[0] for phrase in verbs)
    return _Index(_frozen(verbs), _frozen(nouns), _frozen(events), starts)


def _lexicon_form(phrase: str) -> str:
    """The normal form of a lexicon phrase: lemmas already, except in passives ("be listed on")."""
    content, copula = content_words(phrase)
    if copula and content and _is_participle(content[0]):
        content = [verb_lemmas(content[0])[0], *content[1:]]
    return " ".join(content)


def _add(table: dict[str, list[_V]], key: str, value: _V) -> None:
    entries = table.setdefault(key, [])
    if value not in entries:
        entries.append(value)


def _frozen(table: dict[str, list[_V]]) -> dict[str, tuple[_V, ...]]:
    return {key: tuple(entries) for key, entries in table.items()}


@lru_cache(maxsize=65536)
def normal_form(phrase: str) -> str:
    """The phrase with auxiliaries, articles and adverbs gone and its first verb as a lemma.

    >>> normal_form("was founded by")
    'found by'
    """
    return verb_forms(phrase)[0]


@lru_cache(maxsize=65536)
def readings(phrase: str) -> tuple[Reading, ...]:
    """All readings of a phrase, best first; the same frame and role appears once."""
    best: dict[tuple[str, str], float] = {}
    for reading in unranked_readings(phrase):
        key = (reading.frame, reading.role)
        best[key] = max(best.get(key, 0.0), reading.score)
    ranked = sorted(best.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Reading(frame, role, score) for (frame, role), score in ranked)


def names_frame(phrase: str, frame: str) -> bool:
    """Whether a phrase names a frame by one of its nouns, rather than by a verb that other frames share."""
    tokens = noun_words(phrase)
    suffixes = (" ".join(tokens[start:]) for start in range(len(tokens)))
    return any(name == frame for suffix in suffixes for name, _ in _index().nouns.get(suffix, ()))


def unranked_readings(phrase: str) -> list[Reading]:
    """The same in no order, some of them twice, and not kept: for one who keeps what comes of them."""
    content, copula = content_words(phrase)
    content = [word for word in content if not word.isdigit()]
    if not content:
        return [Reading(name, "AB", 0.6) for name in _COPULA_FRAMES] if copula else []
    while content and content[0] == "and":
        content = content[1:]
    if not content:
        return []
    if "and" in content[1:-1]:
        return [reading for part in _conjuncts(content) for reading in _content_readings(part, copula)]
    return _content_readings(content, copula) + _adjunct_label_readings(words(phrase))


def _content_readings(content: list[str], copula: bool) -> list[Reading]:
    content = _without_tail(content)
    is_bare_noun = len(content) == 1 and not _is_inflected(content[0]) and content[0] in _index().nouns
    # "author", "star", "coach" uninflected are nouns, in schemas always and in texts nearly so.
    found = [] if is_bare_noun else _verb_readings(content)
    stripped, was_light = _without_light_verb(content)
    found += _noun_readings(stripped, copula or was_light)
    found += _placed_noun_readings(content)
    found += _maker_readings(content)
    found += _object_readings(content)
    found += _dated_noun_readings(content) if copula else []
    found += _event_noun_readings(content)
    if len(content) > (1 if copula else 2) and content[-1] in PREPOSITIONS:
        found += _short_readings(content, copula)
    return found


def _without_tail(content: list[str]) -> list[str]:
    """Cut what only introduces the object: "by songwriters X", "awards including X"."""
    kept = content[:-1] if len(content) > 1 and content[-1] in ("including", "like", "namely") else content
    if len(kept) > 2 and kept[-2] in PREPOSITIONS and singular(kept[-1]) in NOUN_KINDS:
        names_a_thing = NOUN_KINDS[singular(kept[-1])][0] in ("PERSON", "ORG", "WORK", "LOC")
        return kept[:-1] if names_a_thing and kept[-2] != "of" else kept
    return kept


def _object_readings(content: list[str]) -> list[Reading]:
    """Read "won several awards", where verb and object tell of the same thing, as the verb alone."""
    if len(content) < 2 or content[-1] in PREPOSITIONS:
        return []
    told = {frame for frame, _ in _index().nouns.get(singular(content[-1]), ())}
    lemmas = verb_lemmas(content[0])
    verbs = {pair for lemma in lemmas for pair in _index().verbs.get(lemma, ())}
    return [Reading(frame, role, 0.85) for frame, role in sorted(verbs) if frame in told]


def _dated_noun_readings(content: list[str]) -> list[Reading]:
    """Read "is a comedy film" with a date beside it ("a 1958 film") as when it came out or took place."""
    kinds = NOUN_KINDS.get(singular(content[-1]), ())
    frames = ("release", "publish") if "WORK" in kinds else ("occur",) if "EVENT" in kinds else ()
    return [Reading(name, "XT", 0.7) for name in frames]


def _event_noun_readings(content: list[str]) -> list[Reading]:
    """Read "death in", "birth on" as time and place of the event; "since" and the like come along."""
    if len(content) != 2 or content[1] not in PREPOSITIONS:
        return []
    return _time_and_place(list(_index().events.get(content[0], ())), content[1], 0.9)


def _short_readings(content: list[str], copula: bool) -> list[Reading]:
    """Read a long phrase by its ends: "published in London by", "is a village in" as "is in"."""
    first, last = content[0], content[-1]
    if not copula or _is_inflected(first):
        return [Reading(r.frame, r.role, r.score * 0.8) for r in _verb_readings([first, last])]
    nouns = [singular(word) for word in content[:-1]]
    if not any(word in NOUN_KINDS for word in nouns):
        return []
    table = _index().verbs.get(last, ())
    return [Reading(name, role, 0.75) for name, role in table]


def _conjuncts(content: list[str]) -> list[list[str]]:
    """Both halves of "written and directed by", each with the preposition they share."""
    split = content.index("and")
    left, right = content[:split], content[split + 1 :]
    if right[-1] in PREPOSITIONS and left[-1] not in PREPOSITIONS:
        left = [*left, right[-1]]
    return [left, *(_conjuncts(right) if "and" in right[1:-1] else [right])]


def _is_inflected(word: str) -> bool:
    return word in IRREGULAR or word in PAST_ONLY or word.endswith(("ed", "ing", "s"))


def _placed_noun_readings(content: list[str]) -> list[Reading]:
    """Read "lies in the mountain range", "in the constellation of": the tail is that mountain range."""
    start = next((i for i, word in enumerate(content) if word in ("in", "on", "at", "under", "with")), None)
    if start is None or start > 1 or start + 1 >= len(content):
        return []
    noun = content[start + 1 :]
    noun = noun[:-1] if noun[-1] == "of" and len(noun) > 1 else noun
    return [] if any(w in PREPOSITIONS for w in noun) else _noun_lookup(noun, 0.9)


def _maker_readings(content: list[str]) -> list[Reading]:
    """Read "novel by", "album by", "music by": the maker of a work, or the doer of what the noun says."""
    if len(content) < 2 or content[-1] != "by" or _is_participle(content[-2]):
        return []
    # In "composition for solo trombone by" the work is the noun before the first preposition.
    head = next(i for i, word in enumerate(content) if word in PREPOSITIONS) - 1
    noun = singular(content[max(head, 0)])
    found = [Reading(name, "BA", 0.8) for name, works in MAKER_FRAMES.items() if noun in works]
    return found + [Reading(name, "BA", 0.9) for name in _index().events.get(content[-2], ())]


def _is_participle(word: str) -> bool:
    return word in IRREGULAR or word in PAST_ONLY or word.endswith("ed")


def verb_forms(phrase: str) -> tuple[str, ...]:
    """Normal forms of a phrase read with a verb in front, likeliest first."""
    content, copula = content_words(phrase)
    if not content:
        return ("be",) if copula else (" ".join(words(phrase)),)
    return _forms(content)


def _forms(content: list[str]) -> tuple[str, ...]:
    rest = content[1:]
    return tuple(" ".join([lemma, *rest]) for lemma in verb_lemmas(content[0]))


def noun_words(phrase: str) -> list[str]:
    """Words of a noun phrase without articles, the last (or the one before a preposition) singular."""
    kept = [w for w in words(phrase) if w not in ("a", "an", "the")]
    if not kept:
        return []
    head = next((i for i, w in enumerate(kept) if w in PREPOSITIONS and i > 0), len(kept)) - 1
    kept[head] = singular(kept[head])
    return kept


def _verb_readings(content: list[str]) -> list[Reading]:
    index = _index()
    table = index.verbs
    found: list[Reading] = []
    # "in" alone says hardly more than that the two have to do with each other.
    bare = 0.5 if len(content) == 1 and content[0] in PREPOSITIONS else 1.0
    for rank, lemma in enumerate(verb_lemmas(content[0])):
        if lemma not in index.verb_starts and not lemma.startswith(("co-", "re-")):
            continue  # no entry begins with it: most verbs of a text, so this comes before all look-ups
        form = " ".join([lemma, *content[1:]])
        weight = bare if rank == 0 else 0.9 * bare
        entries = table.get(form, ())
        found += [Reading(name, role, 0.95 * weight * _clarity(entries)) for name, role in entries]
        head, _, last = form.rpartition(" ")
        if head and last in PREPOSITIONS:
            without = table.get(head, ())
            if last == "by":
                clarity = _clarity(without)
                found += [Reading(n, OPPOSITE[r], 0.95 * weight * clarity) for n, r in without]
            if without:
                found += _time_and_place([n for n, _ in without], last, weight)
            if entries:
                # "was held in" has its preposition in the lexicon, and still takes a date or a place.
                found += _time_and_place([n for n, _ in entries], last, 0.95 * weight)
        if form.startswith(("co-", "re-")):
            found += [Reading(n, r, 0.85) for n, r in table.get(form[3:], ())]
    return found + _derived_verb_readings(content)


def _clarity(entries: tuple[tuple[str, str], ...]) -> float:
    """How much a word says that tells of several happenings; "belong to" says little."""
    return (1.0, 1.0, 1.0, 0.95, 0.85, 0.8)[len(entries)] if len(entries) < 6 else 0.65


def _derived_verb_readings(content: list[str]) -> list[Reading]:
    word = content[0]
    if len(content) > 3:
        return []
    name = _verb_family(word)
    if name is None:
        return []
    if len(content) == 1:
        # Beside a date, a bare verb tells when: "died 1885".
        told = {frame for lemma in verb_lemmas(word) for frame, _ in _index().verbs.get(lemma, ())}
        return [Reading(name, "AB", 0.85), *(Reading(frame, "XT", 0.7) for frame in sorted(told))]
    if content[1:] == ["by"]:
        return [Reading(name, "BA", 0.9)]
    if content[-1] in PREPOSITIONS:
        with_words = " ".join([name, *content[1:]])
        return [Reading(with_words, "AB", 0.9), *_time_and_place([name], content[-1], 0.9)]
    return []


@lru_cache(maxsize=65536)
def _verb_family(word: str) -> str | None:
    """The frame of a verb's own word family, None for what looks like no verb."""
    return "~" + stem(verb_lemmas(word)[0]) if _looks_verbal(word) else None


def _looks_verbal(word: str) -> bool:
    return (
        word in IRREGULAR
        or word in PAST_ONLY
        or word.endswith(("ed", "ing"))
        or (word.endswith("s") and not word.endswith(("ss", "us")) and singular(word) not in NOUN_KINDS)
        or any(lemma in _index().verbs for lemma in verb_lemmas(word))
    )


def _time_and_place(names: list[str], preposition: str, weight: float) -> list[Reading]:
    when = _TIME_PREPOSITIONS.get(preposition, 0.0)
    where = _PLACE_PREPOSITIONS.get(preposition, 0.0)
    found = [Reading(name, "XT", when * weight) for name in names if when >= 0.5]
    return found + [Reading(name, "XP", where * weight) for name in names if where >= 0.5]


def _without_light_verb(content: list[str]) -> tuple[list[str], bool]:
    if len(content) > 1 and verb_lemmas(content[0])[0] in _LIGHT_VERBS:
        rest = content[1:]
        rest = rest[1:] if rest[0] in ("as", "to") else rest
        return (rest, True) if rest else (content, False)
    return content, False


def _noun_readings(content: list[str], is_predicate: bool) -> list[Reading]:
    """Read "director", "has director", "'s director" towards the doer and "(is) director of" from it."""
    if content[0] in HAVE:
        content = content[1:]
        is_predicate = False
    if not content:
        return []
    preposition = content[-1] if content[-1] in PREPOSITIONS and len(content) > 1 else None
    found = _noun_lookup(content, 1.0)
    if preposition is None:
        if is_predicate:
            # "X is director, Y": who is whose is not said, so both ways stay open for the types to settle.
            return [
                Reading(r.frame, role, r.score * 0.65) for r in found for role in (r.role, OPPOSITE[r.role])
            ]
        return found
    if preposition in ("of", "for", "at", "in", "to", "with", "on"):
        weight = 1.0 if preposition == "of" else 0.85
        turned = _noun_lookup(content[:-1], weight)
        found += [Reading(r.frame, OPPOSITE[r.role], r.score) for r in turned]
    return found


def _noun_lookup(content: list[str], weight: float) -> list[Reading]:
    """Readings of a noun without its preposition, as leading from the other party to what it names."""
    table = _index().nouns
    kept = [*content[:-1], singular(content[-1])]
    whole = " ".join(kept)
    entries = table.get(whole, ())
    found = [Reading(name, role, 0.95 * weight * _clarity(entries)) for name, role in entries]
    if content[-1] in PREPOSITIONS:
        return found
    found.append(Reading("n:" + whole, "BA", 0.97 * weight))
    head = kept[-1]
    if len(kept) == 1 and head.endswith(_AGENT_ENDINGS) and len(head) > 4:
        found.append(Reading("~" + stem(head), "BA", 0.85 * weight))
    if len(kept) > 1 and not any(w in PREPOSITIONS for w in kept) and not _TITLE_BREAKERS & set(kept[:-1]):
        for start in range(1, len(kept)):
            tail = " ".join(kept[start:])
            found += [Reading(name, role, 0.8 * weight) for name, role in table.get(tail, ())]
            found.append(Reading("n:" + tail, "BA", 0.7 * weight))
    return found


def _adjunct_label_readings(tokens: list[str]) -> list[Reading]:
    """Read "date of birth", "publication date", "filming location" as time or place of an event."""
    kept = [w for w in tokens if w not in ("a", "an", "the")]
    found: list[Reading] = []
    if len(kept) >= 3 and kept[1] == "of":
        found += _event_readings(kept[0], kept[2:])
    elif len(kept) >= 2:
        found += _event_readings(kept[-1], kept[:-1])
    # A bare event noun ("birth", "inception") may mean its time or its place; the range decides.
    whole = " ".join(kept)
    for name in _index().events.get(whole, ()):
        found += [Reading(name, "XT", 0.9), Reading(name, "XP", 0.7)]
    if kept and kept[0].endswith("place") and len(kept[0]) > 8 and kept[0][:-5] in _index().events:
        found += [Reading(name, "XP", 0.9) for name in _index().events[kept[0][:-5]]]
    return found


def _event_readings(measure: str, event: list[str]) -> list[Reading]:
    role = "XT" if singular(measure) in TIME_WORDS else "XP" if singular(measure) in PLACE_WORDS else None
    if role is None:
        return []
    names = list(_index().events.get(" ".join(event), ()))
    names += _index().events.get(event[-1], ())
    loose: list[str] = []
    for lemma in verb_lemmas(event[-1]):
        loose += [name for name, _ in _index().verbs.get(lemma, ())]
        names += _index().events.get(lemma, ())
    found = [Reading(name, role, 0.95) for name in names]
    found += [Reading(name, role, 0.85) for name in loose]
    return [*found, Reading("~" + stem(event[-1]), role, 0.85)]
