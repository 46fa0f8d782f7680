"""A grammar of questions that knows the small words of English only.

Recursive descent over words: noun phrases that describe something ("the firm that built the dam",
"director of film X", "Babbage's engine") become questions of their own. An inverted question ("was
the founder of the firm born") keeps its main verb for later; that it is still to come is what tells
where a description ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from graphrag.generation.asking import Ask, Comparison, Form, form_of
from graphrag.generation.question_words import (
    AUXILIARIES,
    BE,
    DETERMINERS,
    DO,
    NUMBERS,
    PREPOSITIONS,
    RELATIVES,
    SMALL,
    VERBS,
    Word,
    is_noun,
    is_participle,
    is_verb,
)
from ontology.morphology import singular


@dataclass(frozen=True, slots=True)
class Head:
    """The wh-phrase: "in which Finnish city", "how many transistors"."""

    form: Form
    noun: str
    count: int | None
    lead: str


_EARLIER = ("first", "earlier", "older", "earliest", "oldest", "sooner", "smaller", "fewer", "less")
_LATER = (
    "later",
    "younger",
    "latest",
    "youngest",
    "last",
    "more",
    "larger",
    "bigger",
    "higher",
    "most",
    "recently",
)
_AMONG = frozenset({"of", "between", "among"})
_LIFE_EVENTS = frozenset({"birth", "death", "burial", "origin", "marriage", "release"})
# What is compared in time, by the words that ask for it.
_ATTRIBUTES = {
    "died": frozenset({"died", "die", "death", "dead"}),
    "born": frozenset({"born", "older", "younger", "oldest", "youngest", "birth"}),
    "released": frozenset({"released", "release", "came", "come", "out", "published", "premiered"}),
}
# Whether the earlier or smaller of two is asked for.
_COMPARATIVES = dict.fromkeys(_EARLIER, True) | dict.fromkeys(_LATER, False)


def wh_phrase(words: Sequence[Word]) -> tuple[Head | None, list[Word]]:
    """Read "[in] which Finnish city", "how many N", "who", and return what follows."""
    place = 0
    lead = ""
    while place < len(words) and words[place].lower in PREPOSITIONS and place < 2:
        lead = f"{lead} {words[place].lower}".strip()
        place += 1
    if place >= len(words):
        return None, list(words)
    word = words[place].lower
    rest = list(words[place + 1 :])
    if word in {"who", "whom"}:
        return Head(Form.PERSON, "", None, lead), rest
    if word == "when":
        return Head(Form.DATE, "", None, "in"), rest
    if word == "where":
        return Head(Form.PLACE, "", None, "in"), rest
    if (
        word == "how"
        and rest
        and rest[0].lower in {"many", "much", "long", "old", "tall", "far", "high", "large", "big"}
    ):
        return _how(rest, lead)
    if word in {"which", "what", "whose"}:
        return _which(rest, lead)
    return None, list(words)


def _how(rest: list[Word], lead: str) -> tuple[Head, list[Word]]:
    kind = rest[0].lower
    noun: list[str] = []
    place = 1
    while (
        place < len(rest)
        and rest[place].lower not in SMALL
        and not rest[place].name
        and kind in {"many", "much"}
    ):
        if noun and is_verb(rest[place].lower) and not is_noun(rest[place].lower):
            break
        noun.append(rest[place].text)
        place += 1
    money = kind == "much" and (not noun or noun == ["money"])
    return Head(Form.MONEY if money else Form.NUMBER, " ".join(noun), None, lead), rest[place:]


def _which(rest: list[Word], lead: str) -> tuple[Head, list[Word]]:
    noun: list[str] = []
    count: int | None = None
    place = 0
    while place < len(rest):
        word = rest[place]
        if word.lower in NUMBERS and not noun:
            count = NUMBERS[word.lower]
        elif (
            (word.lower in SMALL and not (word.lower == "of" and noun and lead == ""))
            or word.lower == "of"
            or (word.name and noun and is_noun(noun[-1]))
            or (noun and is_verb(word.lower) and is_noun(noun[-1].lower()))
        ):
            break
        else:
            noun.append(word.text)
        place += 1
    phrase = " ".join(noun)
    form = form_of(phrase) if phrase else Form.THING
    return Head(form, phrase, count, lead), rest[place:]


def split_joined(rest: list[Word]) -> tuple[list[Word], Head | None]:
    """Cut off ", and for how much" and the like; what it asks is a further thing about the same event."""
    for place in range(len(rest) - 1, 0, -1):
        if rest[place].lower == "and" and place + 1 < len(rest):
            head, after = wh_phrase(rest[place + 1 :])
            if head is not None and not after:
                end = place - 1 if rest[place - 1].text == "," else place
                return rest[:end], head
    return rest, None


def read_body(head: Head, rest: list[Word]) -> Ask:
    """The question that a wh-phrase and what follows it ask."""
    inverted = bool(rest) and rest[0].lower in AUXILIARIES
    if inverted and len(rest) > 1 and not _starts_noun_phrase(rest, 1):
        inverted = False  # "which fortress was completed in": the wh-phrase is the subject
    if inverted and rest[0].lower in BE and not head.lead and not _has_main_verb(rest[1:]):
        inverted = False  # "who is the founder of ..."
        reader = QuestionReader(rest[1:], pending=False)
    elif inverted:
        reader = QuestionReader(rest[1:], pending=True, bare=rest[0].lower in DO)
    else:
        reader = QuestionReader(rest, pending=False)
    pieces = pieces_of(reader)
    only = pieces[0] if len(pieces) == 1 else None
    if isinstance(only, Ask) and _is_itself(head, only):
        count = head.count or only.count
        if head.noun:
            return Ask(head.form, head.noun, only.pieces, count, head.lead)
        form = only.form if head.form is Form.THING or only.form is not Form.THING else head.form
        return Ask(form, only.noun, only.pieces, count, head.lead)
    return Ask(head.form, head.noun, pieces, head.count, head.lead)


def _is_itself(head: Head, description: Ask) -> bool:
    """Whether "who is the CEO of ..." asks for what is described, not for something of it.

    "Which city is the birthplace of ..." does; "what nationality is the director of ..." does not.
    """
    if not head.noun or head.lead:
        return True
    return head.form is description.form and head.form is not Form.THING


def _starts_noun_phrase(words: Sequence[Word], place: int) -> bool:
    word = words[place]
    if word.name or word.lower in DETERMINERS or word.lower in NUMBERS:
        return True
    return is_noun(word.lower) and not is_participle(word.lower)


def _has_main_verb(words: Sequence[Word]) -> bool:
    """Whether a participle follows a whole noun phrase: "was Marie Curie born", "is the firm named"."""
    reader = QuestionReader(list(words), pending=True)
    pieces_of(reader)
    return not reader.pending


class QuestionReader:
    """Recursive descent over the words; `pending` while a main verb is still to come."""

    def __init__(self, words: Sequence[Word], *, pending: bool, bare: bool = False) -> None:
        self.words = list(words)
        self.place = 0
        self.pending = pending
        self.bare = bare

    @property
    def now(self) -> Word | None:
        return self.words[self.place] if self.place < len(self.words) else None

    def ahead(self, count: int = 1) -> Word | None:
        place = self.place + count
        return self.words[place] if place < len(self.words) else None

    def take(self) -> Word:
        word = self.words[self.place]
        self.place += 1
        return word

    def at_main_verb(self) -> bool:
        """Whether the main verb that an inverted question keeps for later stands here."""
        word = self.now
        if not self.pending or word is None or word.name or self.place == 0:
            return False
        before = self.words[self.place - 1]
        if before.lower in DETERMINERS or before.lower in PREPOSITIONS or before.text == ",":
            return False
        after = self.ahead()
        lower = word.lower
        if lower in SMALL or not lower.isalpha():
            return False
        if self.bare:
            if before.lower in SMALL - {"2"} and not before.name:
                return False
            return (lower in VERBS and not lower.endswith("ed")) or (after is None and not is_noun(lower))
        by = after is not None and after.lower == "by"
        return (
            is_participle(lower)
            and not by
            and before.lower not in AUXILIARIES
            and (before.name or is_noun(before.lower) or after is None)
        )


def pieces_of(reader: QuestionReader) -> tuple[str | Ask, ...]:
    """Everything from here: words, and descriptions as inner questions."""
    pieces: list[str | Ask] = []
    while reader.now is not None:
        word = reader.now
        if reader.at_main_verb():
            reader.pending = False
            pieces.append(reader.take().text)
            following = reader.now
            if following is not None and following.lower in {"who", "that", "which"}:
                reader.take()  # "was the man born who founded ...": the clause belongs to the man
                pieces[0] = _belated(pieces[0], _clause(reader))
            continue
        if word.name:
            pieces.append(_name(reader))
        elif word.lower in DETERMINERS or (is_noun(word.lower) and _opens_description(reader)):
            pieces.append(_noun_phrase(reader))
        else:
            pieces.append(reader.take().text)
    return _merge(pieces)


def _belated(phrase: str | Ask, clause: Sequence[str | Ask]) -> str | Ask:
    """Attach a clause that comes after the verb to the noun phrase before it: to its last plain noun."""
    if isinstance(phrase, str):
        return Ask(form_of(phrase), phrase, _merge(clause)) if phrase and phrase.islower() else phrase
    last = phrase.pieces[-1] if phrase.pieces else ""
    if isinstance(last, str):
        opening, of, noun = last.rpartition(" of ")
        if of and noun.islower():
            inner = Ask(form_of(noun), noun, _merge(clause))
            return Ask(phrase.form, phrase.noun, _merge([*phrase.pieces[:-1], f"{opening} of", inner]))
    return _attach(phrase, clause)


def _name(reader: QuestionReader) -> str | Ask:
    """A name; or, before 's, the description that hangs on it: "Babbage's engine"."""
    name = reader.take().text
    if reader.now is not None and reader.now.text == "'s":
        reader.take()
        noun = _nouns(reader)
        if noun and not any(word[:1].isupper() for word in noun):
            return Ask(form_of(noun[-1]), " ".join(noun), (name,), None, "")
        return " ".join([f"{name}'s", *noun])
    return name


def _opens_description(reader: QuestionReader) -> bool:
    """Whether a bare noun starts a description: "director of film X", "composer of song Y"."""
    after = reader.ahead()
    return after is not None and after.lower == "of"


def _nouns(reader: QuestionReader) -> list[str]:
    """Adjectives and nouns up to the next small word, verb or other name."""
    found: list[str] = []
    while reader.now is not None:
        word = reader.now
        if word.lower in SMALL or word.text == "'s" or (found and reader.at_main_verb()):
            break
        verb = is_participle(word.lower) or (is_verb(word.lower) and not is_noun(word.lower))
        if found and not word.name and verb and is_noun(found[-1]):
            break
        found.append(reader.take().text)
    return found


def _noun_phrase(reader: QuestionReader) -> str | Ask:
    """A determiner's phrase: a name with its noun stays words, a description becomes a question."""
    start = reader.place
    if reader.now is not None and reader.now.lower in DETERMINERS:
        reader.take()
    nouns = _nouns(reader)
    named = any(word.name for word in reader.words[start : reader.place])
    phrase = " ".join(nouns)
    word = reader.now
    if word is not None and word.text == "'s":
        reader.take()
        owned = _nouns(reader)
        return Ask(form_of(owned[-1]) if owned else Form.THING, " ".join(owned), (phrase,), None, "")
    if word is None or not nouns:
        return phrase
    lower = word.lower
    if lower == "of" and not named:
        reader.take()
        inside = _complement(reader)
        if isinstance(inside, Ask) and inside.noun in _LIFE_EVENTS:
            ask = Ask(form_of(nouns[-1]), phrase, inside.pieces)  # "the place of birth of ..."
            return _clauses_after(reader, ask)
        ask = Ask(
            form_of(nouns[-1] if len(nouns) < 2 else phrase),
            phrase,
            _merge([f"{phrase} of", inside]),
            None,
            "",
        )
        return _clauses_after(reader, ask)
    return _clauses_after(reader, Ask(form_of(phrase), phrase, (), None, "")) if not named else phrase


def _clauses_after(reader: QuestionReader, ask: Ask) -> str | Ask:
    """Attach relative clauses and "led by ..." to a description; without any, plain words stay words."""
    while reader.now is not None:
        word, after = reader.now, reader.ahead()
        if reader.at_main_verb():
            break
        if word.lower in RELATIVES:
            reader.take()
            ask = _attach(ask, _clause(reader))
        elif word.lower in PREPOSITIONS and after is not None and after.lower in {"which", "whom"}:
            reader.take()
            reader.take()
            ask = _attach(ask, [*_clause(reader), word.lower])
        elif is_participle(word.lower) and after is not None and after.lower == "by" and not word.name:
            reader.take()
            reader.take()
            ask = _attach(ask, [word.lower, "by", _complement(reader)])
        else:
            break
    return ask if ask.pieces else ask.noun


def _clause(reader: QuestionReader) -> list[str | Ask]:
    """What follows a relative word, up to the main verb still pending or the end."""
    pieces: list[str | Ask] = []
    verb = False
    while reader.now is not None and reader.now.text != ",":
        word = reader.now
        if verb and reader.at_main_verb():
            break
        if word.name:
            pieces.append(_name(reader))
        elif (word.lower in DETERMINERS and word.lower != "that") or (
            is_noun(word.lower) and _opens_description(reader)
        ):
            pieces.append(_noun_phrase(reader))
        else:
            verb = verb or word.lower in AUXILIARIES or is_verb(word.lower) or word.lower not in SMALL
            pieces.append(reader.take().text)
    return pieces


def _complement(reader: QuestionReader) -> str | Ask:
    """What "of" and "by" lead to."""
    word = reader.now
    if word is None:
        return ""
    if word.name:
        return _name(reader)
    start = reader.place
    found = _noun_phrase(reader)
    if isinstance(found, str) and reader.now is not None and reader.now.name and reader.place > start:
        # "film Some Title": the noun says what the name is.
        return f"{found} {reader.take().text}"
    return found


def _attach(ask: Ask, clause: Sequence[str | Ask]) -> Ask:
    return Ask(ask.form, ask.noun, _merge([*ask.pieces, *clause]), ask.count, ask.lead)


def _merge(pieces: Sequence[str | Ask]) -> tuple[str | Ask, ...]:
    """Join neighbouring words into one string; drop empty ones."""
    merged: list[str | Ask] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] = f"{merged[-1]} {piece}".strip()
        elif piece != "":
            merged.append(piece)
    return tuple(merged)


def read_comparison(words: list[Word]) -> Comparison | None:
    """Read questions such as "Were A and B born in the same year?" and "Which came first, A or B?".

    None if it is none of them.
    """
    same = next((n for n, word in enumerate(words) if word.lower == "same"), None)
    if words[0].lower in AUXILIARIES and same is not None:
        return _read_same(words, same)
    order = next((n for n, word in enumerate(words) if word.lower in _COMPARATIVES and not word.name), None)
    if order is None:
        return None
    among = next((n for n in range(len(words) - 1, 0, -1) if words[n].lower in _AMONG), None)
    joint = next((n for n in range(len(words) - 1, 0, -1) if words[n].lower == "or"), None)
    comma = (
        next((n for n in range(joint, 0, -1) if words[n].text == ","), None) if joint is not None else None
    )
    if joint is not None and comma is not None and joint + 1 < len(words):
        return _read_order(words[:comma], words[comma + 1 : joint], words[joint + 1 :], words[order].lower)
    joint = next((n for n in range(len(words) - 1, 0, -1) if words[n].lower == "and"), None)
    if among is not None and joint is not None and among < joint < len(words) - 1:
        return _read_order(words[:among], words[among + 1 : joint], words[joint + 1 :], words[order].lower)
    return None


def read_both(words: list[Word]) -> tuple[Ask, ...]:
    """Read "Are A and B both board games?": the same question of each; () if it is none such."""
    both = next((n for n, word in enumerate(words) if word.lower == "both"), None)
    names = [n for n, word in enumerate(words) if word.name]
    joint = next((n for n, word in enumerate(words) if word.lower == "and"), None)
    if words[0].lower not in AUXILIARIES or both is None or joint is None or len(names) < 2:
        return ()
    left = next((n for n in reversed(names) if n < joint), None)
    right = next((n for n in names if n > joint), None)
    if left is None or right is None:
        return ()
    said = " ".join(singular(word.text) for word in words[max(both, right) + 1 :] if word.text != ",")
    sides = (words[left].text, words[right].text)
    return tuple(Ask(Form.YES_NO, "", (side, said)) for side in sides) if said else ()


def _read_same(words: list[Word], same: int) -> Comparison | None:
    """Read "Do the directors of A and B have the same nationality?"."""
    noun = " ".join(word.text for word in words[same + 1 : same + 3] if word.lower not in SMALL)
    joint = next((n for n in range(1, same) if words[n].lower == "and"), None)
    if joint is None:
        return None
    through = _through([*words[1:joint], *words[joint + 1 : same]], plural=True)
    both = any(word.lower == "both" for word in words[:joint])
    named = [n for n in range(1, joint) if words[n].name]
    start = named[0] if (both or through) and named else 1
    left = _operand(words[start:joint])
    reader = QuestionReader(words[joint + 1 : same], pending=True)
    if reader.now is None:
        return None
    right = _name(reader) if reader.now.name else _complement(reader)
    skip = DETERMINERS | {",", "share", "have", "both"} | ({through, f"{through}s"} if through else set())
    rest = [word.text for word in reader.words[reader.place :] if word.lower not in skip]
    labels = tuple(side if isinstance(side, str) else "" for side in (left, right))
    sides = tuple(_side_of(side, through) for side in (left, right))
    return Comparison((sides[0], sides[1]), " ".join(rest), form_of(noun), noun, True, (labels[0], labels[1]))


def _read_order(stem: list[Word], left: list[Word], right: list[Word], order: str) -> Comparison:
    """Read "Which film has the director who was born first, A or B?"."""
    through = _through(stem[2:])
    words = {word.lower for word in stem}
    attribute = next((name for name, group in _ATTRIBUTES.items() if words & group), "")
    if not attribute:
        skip = AUXILIARIES | DETERMINERS | RELATIVES | {"which", "what", "who", "out", "of", order, through}
        rest = [word for word in stem[1:] if word.lower not in skip]
        kind = stem[0].lower in {"which", "what"} and bool(rest) and not is_participle(rest[0].lower)
        kept = rest[1:] if kind else rest  # "which film": a kind, no condition
        attribute = " ".join(word.text for word in kept) or "born"
    operands = _operand(left), _operand(right)
    labels = tuple(side if isinstance(side, str) else "" for side in operands)
    sides = tuple(_side_of(side, through) for side in operands)
    first = _COMPARATIVES[order]
    return Comparison((sides[0], sides[1]), attribute, Form.DATE, "", first, (labels[0], labels[1]))


def _through(words: Sequence[Word], *, plural: bool = False) -> str:
    """The noun by which each side leads to what is compared: "director" of "has the director who ..."."""
    for word in words:
        noun = singular(word.lower)
        if (
            not word.name
            and form_of(noun) is Form.PERSON
            and is_noun(noun)
            and (plural or noun == word.lower)
        ):
            return noun
    return ""


def _side_of(side: str | Ask, through: str) -> str | Ask:
    if not through or not isinstance(side, str):
        return side
    return Ask(Form.PERSON, through, (f"{through} of {side}",))


def _operand(words: list[Word]) -> str | Ask:
    reader = QuestionReader(words, pending=False)
    pieces = pieces_of(reader)
    if len(pieces) == 1:
        return pieces[0]
    inner = [piece for piece in pieces if isinstance(piece, Ask)]
    return inner[0] if len(inner) == 1 else " ".join(piece for piece in pieces if isinstance(piece, str))
