"""The words of a question: which are names, which are small, which look like verbs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ontology.kinds import kinds_of_noun
from ontology.lexicon import FRAMES, NOUN_KINDS
from ontology.morphology import IRREGULAR, PAST_ONLY, singular, verb_lemmas


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a question, or a whole name; `name` tells which."""

    text: str
    name: bool = False

    @property
    def lower(self) -> str:
        return self.text.lower()


AUXILIARIES = frozenset(
    """
    is are was were do does did has have had can could will would should may might am be been
    """.split()  # noqa: SIM905
)
DO = frozenset({"do", "does", "did", "can", "could", "will", "would", "should", "may", "might"})
BE = frozenset({"is", "are", "was", "were", "has", "have", "had", "be", "been"})
PREPOSITIONS = frozenset(
    """
    in on at by with for from to of after before during under over between among into through
    against about near within without since until as upon towards toward behind across along
    around via
    """.split()  # noqa: SIM905
)
DETERMINERS = frozenset(["the", "a", "an", "this", "that", "these", "those", "his", "her", "its", "their"])
RELATIVES = frozenset({"that", "which", "who", "whom", "where", "whose", "when"})
NUMBERS = {
    word: number
    for number, word in enumerate(
        """
        zero one two three four five six seven eight nine ten eleven twelve
        """.split()  # noqa: SIM905
    )
}
NUMBERS["both"] = 2
SMALL = PREPOSITIONS | DETERMINERS | RELATIVES | AUXILIARIES | {"and", "or", ",", "not", "also"}
_WH = frozenset({"who", "whom", "whose", "which", "what", "when", "where", "why", "how"})
_TOKEN = re.compile(r"[^\W_](?:[\w.&/'’+\-–]*[\w&+])?|[,]")


def words_of(text: str, names: Sequence[str]) -> list[Word]:
    """Words of the question; a run of capitalised words, a quotation or a known name is one word."""
    body = text.strip().rstrip("?.! ")
    marked = [(match.start(), match.end()) for match in re.finditer(r"[\"“”«»]([^\"“”«»]+)[\"“”«»]", body)]
    spans = [(start + 1, end - 1, start, end) for start, end in marked]
    for name in sorted(set(names), key=lambda item: (-len(item), item)):
        for match in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", body):
            start, end = match.span()
            capital = any(part[:1].isupper() or part[:1].isdigit() for part in name.split()[:1])
            first = start == 0 or not (capital or " " in name)
            if not first and all(end <= left or start >= right for _, _, left, right in spans):
                spans.append((start, end, start, end))
    spans.sort(key=lambda span: span[2])
    words: list[Word] = []
    place = 0
    for start, end, left, right in [*spans, (len(body),) * 4]:
        words += _plain_words(body[place:left], at_start=not words and place == 0)
        if end > start:
            words.append(Word(body[start:end], name=True))
        place = right
        if end > start and re.match(r"['’]s?(?!\w)", body[place:]):
            words.append(Word("'s"))
            place += 2 if body[place + 1 : place + 2] == "s" else 1
    return _join_names(words)


def _plain_words(text: str, *, at_start: bool) -> list[Word]:
    words: list[Word] = []
    for match in _TOKEN.finditer(text):
        token = match.group()
        possessive = re.fullmatch(r"(.+)['’]s?", token)
        core = possessive.group(1) if possessive else token
        words.append(Word(core, name=is_name(core, first=at_start and not words)))
        if possessive:
            words.append(Word("'s"))
    return words


def is_name(word: str, *, first: bool = False) -> bool:
    """Whether a word is written as a name is; the first word's capital says nothing, nor does that of CEO."""
    lower = word.lower()
    if not any(letter.isupper() for letter in word) or lower in DETERMINERS:
        return False
    if word.isupper() and "PERSON" in NOUN_KINDS.get(lower, ()):
        return False
    common = lower in SMALL or lower in _WH or (word.isalpha() and word[1:].islower() and lower in NOUN_KINDS)
    return not (first and common)


def _join_names(words: Sequence[Word]) -> list[Word]:
    """Neighbouring names are one, also over "of" and "in" inside: Nobel Prize in Physics, No. 2."""
    joined: list[Word] = []
    number = 0
    while number < len(words):
        word = words[number]
        number += 1
        if not word.name:
            joined.append(word)
            continue
        text = word.text
        while number < len(words):
            following = words[number]
            after = words[number + 1] if number + 1 < len(words) else None
            if (
                following.name
                or (following.text.isdigit() and not looks_like_year(following.text))
                or (following.lower in {"of", "in", "or", "and", "the"} and _continues(words, number, text))
            ):
                text = f"{text} {following.text}"
                number += 1
            elif following.lower == "&" and after is not None and after.name:
                text = f"{text} & {after.text}"
                number += 2
            else:
                break
        joined.append(Word(text, name=True))
    return joined


def _continues(words: Sequence[Word], number: int, text: str) -> bool:
    """Whether a small word inside a name joins it on: only "of [the] Name" and "Prize in Name [or Name]"."""
    small = words[number].lower
    after = words[number + 1 : number + 3]
    if not after:
        return False
    if small == "of":
        return after[0].name or (len(after) > 1 and after[0].lower == "the" and after[1].name)
    if small == "the":
        return number > 0 and words[number - 1].lower == "of" and after[0].name
    if small == "in":
        return after[0].name and text.split()[-1].lower() in {"prize", "award", "medal", "bachelor", "master"}
    return small == "or" and after[0].name and " in " in text


def looks_like_year(text: str) -> bool:
    """Whether a number is written as a year is."""
    return len(text) == 4 and text[0] in "12"


def proper_names(text: str) -> list[str]:
    """What a question names, by its capitals."""
    return [word.text for word in words_of(text, ()) if word.name and not looks_like_year(word.text)]


def is_verb(word: str) -> bool:
    """Whether a word looks like a finite verb or a participle."""
    if word in SMALL or not word.isalpha():
        return False
    if word in IRREGULAR or word in PAST_ONLY or word.endswith("ed"):
        return True
    return (word.endswith("s") and verb_lemmas(word)[0] in VERBS) or word in VERBS


def is_noun(word: str) -> bool:
    """Whether the lexicon knows the word as a noun for a kind of thing."""
    lower = word.lower()
    return kinds_of_noun(lower) not in (None, ()) or singular(lower) in NOUN_KINDS


def is_participle(word: str) -> bool:
    """Whether a word can be a past participle."""
    return (
        (word.endswith("ed") and len(word) > 3)
        or word in PAST_ONLY
        or word in IRREGULAR
        or word in {"born", "led", "made"}
    )


def _verbs_of_frames() -> frozenset[str]:
    found = set()
    for frame in FRAMES.values():
        for phrase in (*frame.verbs, *frame.back_verbs):
            found.add(phrase.split()[0])
    return frozenset(found - {"be", "have", "title", "film", "star", "record", "house", "people"})


VERBS = _verbs_of_frames()
