"""What a question asks for, and the questions inside it.

"Who founded the company that makes the M3?" asks for a person, and holds another question: which
company makes the M3? English marks both with its small words (who, in which, that, of, whose), so a
reader of those words alone takes a question apart without a model, in any domain. What it cannot take
apart it leaves whole, and the question is then read in one step.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from ontology.kinds import kinds_of_noun
from ontology.lexicon import NOUN_KINDS
from ontology.morphology import IRREGULAR, PAST_ONLY, singular, verb_lemmas


class Form(StrEnum):
    """The kind of thing that answers."""

    PERSON = "person"
    PLACE = "place"
    DATE = "date"
    NUMBER = "number"
    MONEY = "money"
    THING = "thing"
    YES_NO = "yes or no"
    CHOICE = "one of the named"
    ACCOUNT = "an account"


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to be answered in one step, once the questions inside it are.

    Attributes:
        form: The kind of thing that answers.
        noun: The words for it in the question ("Finnish city", "years"); "" for who, when and where.
        pieces: What must hold of the answer, in order: words, and inner questions in their places.
        count: How many answers are asked for; None if the question does not say.
        lead: Words that the answer stands after ("in", "by", "with"); "" if none.
    """

    form: Form
    noun: str
    pieces: tuple[str | Ask, ...]
    count: int | None = None
    lead: str = ""

    @property
    def inner(self) -> tuple[Ask, ...]:
        """The questions inside, left to right."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Ask))

    def words(self, names: Mapping[Ask, str] | None = None) -> str:
        """The condition as text; inner questions as the names found for them, or as they stand."""
        found = names or {}
        parts = [
            piece if isinstance(piece, str) else found.get(piece, piece.described()) for piece in self.pieces
        ]
        return " ".join(part for part in parts if part)

    def described(self) -> str:
        """The question as a noun phrase, for people: "the company that makes the M3"."""
        return " ".join(part for part in (self.noun, self.words()) if part)

    def asked(self, names: Mapping[Ask, str] | None = None) -> str:
        """The question as a question, for search."""
        start = {Form.PERSON: "who", Form.PLACE: "where", Form.DATE: "when"}.get(self.form, "what")
        head = f"which {self.noun}" if self.noun else start
        return f"{self.lead} {head} {self.words(names)}?".strip()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two things set side by side.

    Attributes:
        sides: A name, or a question whose answer is compared.
        same: The noun both must share ("year", "firm"); "" where an order is asked for.
        attribute: What is compared, as words for a one-step question ("born", "from").
        form: What kind of value is compared.
        first: Whether the earlier or smaller one is asked for, in an order.
    """

    sides: tuple[str | Ask, str | Ask]
    attribute: str
    form: Form
    same: str = ""
    first: bool = True


@dataclass(frozen=True, slots=True)
class Question:
    """A question, read.

    Attributes:
        asks: What is to be answered, in order; several where the question joins them with "and".
        comparison: Set where two things are compared; `asks` is empty then.
        extra: A further thing asked of the same event (", and for how much?"); None mostly.
    """

    text: str
    form: Form
    asks: tuple[Ask, ...] = ()
    comparison: Comparison | None = None
    names: tuple[str, ...] = field(default=())


def choose_mode(question: str) -> tuple[str, str]:
    """Pick the search mode by the question's form, and say why in a few words.

    Questions about the whole collection, or for an account of how things hang together, go to
    global search; questions with one short answer to hybrid search.
    """
    text = " ".join(question.split())
    lowered = text.lower()
    if _CORPUS.search(lowered):
        return "global", "the question is about the collection as a whole"
    if _SURVEY.search(lowered):
        return "global", "the question asks for an overview"
    named = _proper_names(text)
    if _ACCOUNT.search(lowered) and (not named or _BROAD.search(lowered)):
        return "global", "the question asks how things hang together"
    many = _MANY.match(lowered)
    if many is not None and _is_plural(many.group(1)) and (not named or _AND_WHAT.search(lowered)):
        return "global", f"the question asks for all {many.group(1)} of a kind and names no single one"
    form = read_question(text).form
    return "hybrid", f"the question asks for {_ARTICLE[form]}"


def read_question(text: str, names: Sequence[str] = ()) -> Question:
    """Take a question apart.

    Args:
        text: The question.
        names: Words of it that are names in the knowledge base; they are never taken apart.
    """
    words = _words(text, names)
    if not words:
        return Question(text, Form.ACCOUNT)
    comparison = _read_comparison(words)
    proper = tuple(word.text for word in words if word.name)
    if comparison is not None:
        form = Form.YES_NO if comparison.same else Form.CHOICE
        return Question(text, form, (), comparison, proper)
    if words[0].lower in _AUXILIARIES:
        ask = Ask(Form.YES_NO, "", _pieces(_Reader(words[1:], pending=False)))
        return Question(text, Form.YES_NO, (ask,), None, proper)
    head, rest = _wh_phrase(words)
    if head is None:
        ask = Ask(Form.ACCOUNT, "", _pieces(_Reader(words, pending=False)))
        return Question(text, Form.ACCOUNT, (ask,), None, proper)
    rest, further = _split_joined(rest)
    ask = _body(head, rest)
    asks = [ask]
    if further is not None:
        asks.append(Ask(further.form, further.noun, ask.pieces, further.count, further.lead))
    return Question(text, ask.form, tuple(asks), None, proper)


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    name: bool = False

    @property
    def lower(self) -> str:
        return self.text.lower()


@dataclass(frozen=True, slots=True)
class _Head:
    """The wh-phrase: "in which Finnish city", "how many transistors"."""

    form: Form
    noun: str
    count: int | None
    lead: str


_AUXILIARIES = frozenset(
    "is are was were do does did has have had can could will would should may might am be been".split()
)
_DO = frozenset({"do", "does", "did", "can", "could", "will", "would", "should", "may", "might"})
_BE = frozenset({"is", "are", "was", "were", "has", "have", "had", "be", "been"})
_PREPOSITIONS = frozenset(
    "in on at by with for from to of after before during under over between among into through against about "
    "near within without since until as upon towards toward behind across along around via".split()
)
_DETERMINERS = frozenset("the a an this that these those his her its their".split())
_RELATIVES = frozenset({"that", "which", "who", "whom", "where", "whose", "when"})
_NUMBERS = {
    word: number
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve".split()
    )
}
_NUMBERS["both"] = 2
_SMALL = _PREPOSITIONS | _DETERMINERS | _RELATIVES | _AUXILIARIES | {"and", "or", ",", "not", "also"}
_CORPUS = re.compile(
    r"\b(?:corpus|articles|documents|the texts|the collection|the sources|dataset|passages|these texts)\b"
)
_SURVEY = re.compile(
    r"\b(?:themes?|topics?|overview|summar\w+|trends?|patterns?|in general|overall|main (?:ideas?|points?)"
    r"|common threads?|what role)\b|^(?:trace|describe|compare|summarise|summarize|outline|explain how|discuss)\b"
)
_ACCOUNT = re.compile(
    r"^(?:how|why)\s+(?:did|do|does|is|are|was|were|have|has)\b|^what (?:were|are|is|was) the\b.*\band\b"
)
_BROAD = re.compile(
    r"\b(?:influence|shape|change|affect|develop|spread|compare|relate|evolve)\w*\b.*\b(?:companies|industry|technology|science|people|fields?)\b"
)
_MANY = re.compile(r"^(?:which|what)\s+(?:\w+\s+)?(\w+)\b")
_AND_WHAT = re.compile(r",?\s+and (?:why|how|what|who|when|where)\b")
_COMPARATIVES = {
    "first": True, "earlier": True, "older": True, "earliest": True, "oldest": True, "sooner": True, "longer ago": True,
    "smaller": True, "fewer": True, "less": True, "later": False, "younger": False, "latest": False, "youngest": False,
    "last": False, "more": False, "larger": False, "bigger": False, "higher": False, "most": False, "recently": False,
}  # fmt: skip
_ARTICLE = {
    Form.PERSON: "a person", Form.PLACE: "a place", Form.DATE: "a date", Form.NUMBER: "a number",
    Form.MONEY: "an amount", Form.THING: "a name", Form.YES_NO: "yes or no", Form.CHOICE: "one of the named",
    Form.ACCOUNT: "an account of something named",
}  # fmt: skip
_KIND_FORMS = {
    "PERSON": Form.PERSON, "LOC": Form.PLACE, "FACILITY": Form.PLACE, "DATE": Form.DATE, "NUMBER": Form.NUMBER,
    "MONEY": Form.MONEY,
}  # fmt: skip
_TOKEN = re.compile(r"[^\W_](?:[\w.&/'’+\-–]*[\w&+])?|[,]")


def form_of(noun: str) -> Form:
    """The kind of answer a noun asks for: "Finnish city" a place, "founder" a person."""
    kinds = kinds_of_noun(noun) or ()
    for kind in kinds:
        if kind in _KIND_FORMS:
            return _KIND_FORMS[kind]
        return Form.THING
    return Form.THING


def _words(text: str, names: Sequence[str]) -> list[_Word]:
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
    words: list[_Word] = []
    place = 0
    for start, end, left, right in [*spans, (len(body),) * 4]:
        words += _plain_words(body[place:left], at_start=not words and place == 0)
        if end > start:
            words.append(_Word(body[start:end], name=True))
        place = right
    return _join_names(words)


def _plain_words(text: str, *, at_start: bool) -> list[_Word]:
    words = []
    for match in _TOKEN.finditer(text):
        token = match.group()
        possessive = re.fullmatch(r"(.+)['’]s?", token)
        core = possessive.group(1) if possessive else token
        first = at_start and not words
        lower = core.lower()
        wh = lower in {"who", "which", "what", "when", "where", "how", "in", "on", "at", "by"} | _AUXILIARIES
        capital = any(letter.isupper() for letter in core) and not (first and wh)
        capital = capital and not (first and core.isalpha() and core[1:].islower() and lower in NOUN_KINDS)
        words.append(_Word(core, name=capital and lower not in _DETERMINERS))
        if possessive:
            words.append(_Word("'s"))
    return words


def _join_names(words: Sequence[_Word]) -> list[_Word]:
    """Neighbouring names are one, also over "of" and "in" inside: Nobel Prize in Physics, No. 2."""
    joined: list[_Word] = []
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
            if following.name or following.text.isdigit() and not _looks_like_year(following.text):
                text = f"{text} {following.text}"
                number += 1
            elif following.lower in {"of", "in", "or", "and", "the"} and _continues(words, number, text):
                text = f"{text} {following.text}"
                number += 1
            elif following.lower == "&" and after is not None and after.name:
                text = f"{text} & {after.text}"
                number += 2
            else:
                break
        joined.append(_Word(text, name=True))
    return joined


def _continues(words: Sequence[_Word], number: int, text: str) -> bool:
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


def _looks_like_year(text: str) -> bool:
    return len(text) == 4 and text[0] in "12"


def _proper_names(text: str) -> list[str]:
    return [word.text for word in _words(text, ()) if word.name and not _looks_like_year(word.text)]


def _is_plural(word: str) -> bool:
    return (
        singular(word) != word
        and kinds_of_noun(word) is not None
        or word.endswith("s")
        and not word.endswith("ss")
    )


def _wh_phrase(words: Sequence[_Word]) -> tuple[_Head | None, list[_Word]]:
    """Read "[in] which Finnish city", "how many N", "who", and return what follows."""
    place = 0
    lead = ""
    while place < len(words) and words[place].lower in _PREPOSITIONS and place < 2:
        lead = f"{lead} {words[place].lower}".strip()
        place += 1
    if place >= len(words):
        return None, list(words)
    word = words[place].lower
    rest = list(words[place + 1 :])
    if word in {"who", "whom"}:
        return _Head(Form.PERSON, "", None, lead), rest
    if word == "when":
        return _Head(Form.DATE, "", None, "in"), rest
    if word == "where":
        return _Head(Form.PLACE, "", None, "in"), rest
    if (
        word == "how"
        and rest
        and rest[0].lower in {"many", "much", "long", "old", "tall", "far", "high", "large", "big"}
    ):
        return _how(rest, lead)
    if word in {"which", "what", "whose"}:
        return _which(rest, lead)
    return None, list(words)


def _how(rest: list[_Word], lead: str) -> tuple[_Head, list[_Word]]:
    kind = rest[0].lower
    noun: list[str] = []
    place = 1
    while (
        place < len(rest)
        and rest[place].lower not in _SMALL
        and not rest[place].name
        and kind in {"many", "much"}
    ):
        if noun and _is_verb(rest[place].lower) and not _is_noun(rest[place].lower):
            break
        noun.append(rest[place].text)
        place += 1
    money = kind == "much" and (not noun or noun == ["money"])
    return _Head(Form.MONEY if money else Form.NUMBER, " ".join(noun), None, lead), rest[place:]


def _which(rest: list[_Word], lead: str) -> tuple[_Head, list[_Word]]:
    noun: list[str] = []
    count: int | None = None
    place = 0
    while place < len(rest):
        word = rest[place]
        if word.lower in _NUMBERS and not noun:
            count = _NUMBERS[word.lower]
        elif word.lower in _SMALL and not (word.lower == "of" and noun and lead == ""):
            break
        elif word.lower == "of":
            break
        elif word.name and noun and _is_noun(noun[-1]):
            break
        elif noun and _is_verb(word.lower) and _is_noun(noun[-1].lower()):
            break
        else:
            noun.append(word.text)
        place += 1
    phrase = " ".join(noun)
    form = form_of(phrase) if phrase else Form.THING
    return _Head(form, phrase, count, lead), rest[place:]


def _is_verb(word: str) -> bool:
    """Whether a word looks like a finite verb or a participle."""
    if word in _SMALL or not word.isalpha():
        return False
    if word in IRREGULAR or word in PAST_ONLY or word.endswith("ed"):
        return True
    return word.endswith("s") and verb_lemmas(word)[0] in _VERBS or word in _VERBS


def _is_noun(word: str) -> bool:
    lower = word.lower()
    return kinds_of_noun(lower) not in (None, ()) or singular(lower) in NOUN_KINDS


def _is_participle(word: str) -> bool:
    return (
        word.endswith("ed")
        and len(word) > 3
        or word in PAST_ONLY
        or word in IRREGULAR
        or word in {"born", "led", "made"}
    )


def _verbs_of_frames() -> frozenset[str]:
    from ontology.lexicon import FRAMES

    found = set()
    for frame in FRAMES.values():
        for phrase in (*frame.verbs, *frame.back_verbs):
            found.add(phrase.split()[0])
    return frozenset(found - {"be", "have", "title", "film", "star", "record", "house", "people"})


_VERBS = _verbs_of_frames()


def _split_joined(rest: list[_Word]) -> tuple[list[_Word], _Head | None]:
    """Cut off ", and for how much" and the like; what it asks is a further thing about the same event."""
    for place in range(len(rest) - 1, 0, -1):
        if rest[place].lower == "and" and place + 1 < len(rest):
            head, after = _wh_phrase(rest[place + 1 :])
            if head is not None and not after:
                end = place - 1 if rest[place - 1].text == "," else place
                return rest[:end], head
    return rest, None


def _body(head: _Head, rest: list[_Word]) -> Ask:
    inverted = bool(rest) and rest[0].lower in _AUXILIARIES
    if inverted and len(rest) > 1 and not _starts_noun_phrase(rest, 1):
        inverted = False  # "which fortress was completed in": the wh-phrase is the subject
    if inverted and rest[0].lower in _BE and not head.lead and not _has_main_verb(rest[1:]):
        inverted = False  # "who is the founder of ..."
        reader = _Reader(rest[1:], pending=False)
    elif inverted:
        reader = _Reader(rest[1:], pending=True, bare=rest[0].lower in _DO)
    else:
        reader = _Reader(rest, pending=False)
    pieces = _pieces(reader)
    noun, form = head.noun, head.form
    if (
        not noun
        and form in (Form.THING, Form.PERSON)
        and len(pieces)
        and isinstance(pieces[0], Ask)
        and len(pieces) == 1
    ):
        only = pieces[0]  # "who is the CEO of ...": the description is the question
        kind = only.form if form is Form.THING or only.form is not Form.THING else form
        return Ask(kind, only.noun, only.pieces, head.count or only.count, head.lead)
    return Ask(form, noun, pieces, head.count, head.lead)


def _starts_noun_phrase(words: Sequence[_Word], place: int) -> bool:
    word = words[place]
    if word.name or word.lower in _DETERMINERS or word.lower in _NUMBERS:
        return True
    return _is_noun(word.lower) and not _is_participle(word.lower)


def _has_main_verb(words: Sequence[_Word]) -> bool:
    """Whether a participle follows a whole noun phrase: "was Marie Curie born", "is the firm named"."""
    reader = _Reader(list(words), pending=True)
    _pieces(reader)
    return not reader.pending


class _Reader:
    """Recursive descent over the words; `pending` while a main verb is still to come."""

    def __init__(self, words: Sequence[_Word], *, pending: bool, bare: bool = False) -> None:
        self.words = list(words)
        self.place = 0
        self.pending = pending
        self.bare = bare

    @property
    def now(self) -> _Word | None:
        return self.words[self.place] if self.place < len(self.words) else None

    def ahead(self, count: int = 1) -> _Word | None:
        place = self.place + count
        return self.words[place] if place < len(self.words) else None

    def take(self) -> _Word:
        word = self.words[self.place]
        self.place += 1
        return word

    def at_main_verb(self) -> bool:
        """Whether the main verb that an inverted question keeps for later stands here."""
        word = self.now
        if not self.pending or word is None or word.name or self.place == 0:
            return False
        before = self.words[self.place - 1]
        if before.lower in _DETERMINERS or before.lower in _PREPOSITIONS or before.text == ",":
            return False
        after = self.ahead()
        lower = word.lower
        if lower in _SMALL or not lower.isalpha():
            return False
        if self.bare:
            if before.lower in _SMALL - {"2"} and not before.name:
                return False
            return (lower in _VERBS and not lower.endswith("ed")) or (after is None and not _is_noun(lower))
        by = after is not None and after.lower == "by"
        return (
            _is_participle(lower)
            and not by
            and before.lower not in _AUXILIARIES
            and (before.name or _is_noun(before.lower) or after is None)
        )


def _pieces(reader: _Reader) -> tuple[str | Ask, ...]:
    """Everything from here: words, and descriptions as inner questions."""
    pieces: list[str | Ask] = []
    extraposed: Ask | None = None
    while reader.now is not None:
        word = reader.now
        if reader.at_main_verb():
            reader.pending = False
            pieces.append(reader.take().text)
            following = reader.now
            if (
                following is not None
                and following.lower in {"who", "that", "which"}
                and isinstance(pieces[0], Ask)
            ):
                extraposed = pieces[0]  # "was the man born who founded ...": the clause belongs to the man
                reader.take()
                clause = _clause(reader)
                pieces[0] = _attach(extraposed, clause)
            continue
        if word.name:
            pieces.append(_name(reader))
        elif word.lower in _DETERMINERS or (_is_noun(word.lower) and _opens_description(reader)):
            pieces.append(_noun_phrase(reader))
        else:
            pieces.append(reader.take().text)
    return _merge(pieces)


def _name(reader: _Reader) -> str | Ask:
    """A name; or, before 's, the description that hangs on it: "Babbage's engine"."""
    name = reader.take().text
    if reader.now is not None and reader.now.text == "'s":
        reader.take()
        noun = _nouns(reader)
        if noun and not any(word[:1].isupper() for word in noun):
            return Ask(form_of(noun[-1]), " ".join(noun), (name,), None, "")
        return " ".join([f"{name}'s", *noun])
    return name


def _opens_description(reader: _Reader) -> bool:
    """Whether a bare noun starts a description: "director of film X", "composer of song Y"."""
    after = reader.ahead()
    return after is not None and after.lower == "of"


def _nouns(reader: _Reader) -> list[str]:
    """Adjectives and nouns up to the next small word, verb or other name."""
    found: list[str] = []
    while reader.now is not None:
        word = reader.now
        if word.lower in _SMALL or word.text == "'s" or (found and reader.at_main_verb()):
            break
        if found and not word.name and _is_verb(word.lower) and _is_noun(found[-1]):
            if _is_participle(word.lower) or not _is_noun(word.lower):
                break
        found.append(reader.take().text)
    return found


def _noun_phrase(reader: _Reader) -> str | Ask:
    """A determiner's phrase: a name with its noun stays words, a description becomes a question."""
    start = reader.place
    if reader.now is not None and reader.now.lower in _DETERMINERS:
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
        ask = Ask(
            form_of(nouns[-1] if len(nouns) < 2 else phrase),
            phrase,
            _merge([f"{phrase} of", inside]),
            None,
            "",
        )
        return _clauses_after(reader, ask)
    return _clauses_after(reader, Ask(form_of(phrase), phrase, (), None, "")) if not named else phrase


def _clauses_after(reader: _Reader, ask: Ask) -> str | Ask:
    """Attach relative clauses and "led by ..." to a description; without any, plain words stay words."""
    while reader.now is not None:
        word, after = reader.now, reader.ahead()
        if reader.at_main_verb():
            break
        if word.lower in _RELATIVES:
            reader.take()
            ask = _attach(ask, _clause(reader, place=word.lower == "where"))
        elif word.lower in _PREPOSITIONS and after is not None and after.lower in {"which", "whom"}:
            reader.take()
            reader.take()
            ask = _attach(ask, [*_clause(reader), word.lower])
        elif _is_participle(word.lower) and after is not None and after.lower == "by" and not word.name:
            reader.take()
            reader.take()
            ask = _attach(ask, [word.lower, "by", _complement(reader)])
        else:
            break
    return ask if ask.pieces else ask.noun


def _clause(reader: _Reader, *, place: bool = False) -> list[str | Ask]:
    """What follows a relative word, up to the main verb still pending or the end."""
    del place
    pieces: list[str | Ask] = []
    verb = False
    while reader.now is not None and reader.now.text != ",":
        word = reader.now
        if verb and reader.at_main_verb():
            break
        if word.name:
            pieces.append(_name(reader))
        elif word.lower in _DETERMINERS and word.lower != "that":
            pieces.append(_noun_phrase(reader))
        elif _is_noun(word.lower) and _opens_description(reader):
            pieces.append(_noun_phrase(reader))
        else:
            verb = verb or word.lower in _AUXILIARIES or _is_verb(word.lower) or word.lower not in _SMALL
            pieces.append(reader.take().text)
    return pieces


def _complement(reader: _Reader) -> str | Ask:
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


def _read_comparison(words: list[_Word]) -> Comparison | None:
    """ "Were A and B born in the same year?", "Which film came out first, A or B?" """
    same = next((n for n, word in enumerate(words) if word.lower == "same"), None)
    if words[0].lower in _AUXILIARIES and same is not None:
        return _read_same(words, same)
    joint = next((n for n in range(len(words) - 1, 0, -1) if words[n].lower == "or"), None)
    if joint is not None and joint + 1 < len(words):
        return _read_order(words, joint)
    return None


def _read_same(words: list[_Word], same: int) -> Comparison | None:
    noun = " ".join(word.text for word in words[same + 1 : same + 3] if word.lower not in _SMALL)
    joint = next((n for n in range(1, same) if words[n].lower == "and"), None)
    if joint is None:
        return None
    start = 2 if len(words) > 1 and words[1].lower == "both" else 1
    left = _operand(words[start:joint])
    reader = _Reader(words[joint + 1 : same], pending=True)
    if reader.now is None:
        return None
    right = _name(reader) if reader.now.name else _complement(reader)
    rest = [
        word.text
        for word in reader.words[reader.place :]
        if word.lower not in _DETERMINERS | {",", "share", "have"}
    ]
    form = form_of(noun)
    return Comparison((left, right), " ".join(rest), form, noun)


def _read_order(words: list[_Word], joint: int) -> Comparison | None:
    comma = next((n for n in range(joint, -1, -1) if words[n].text == ","), None)
    if comma is None:
        return None
    left, right = _operand(words[comma + 1 : joint]), _operand(words[joint + 1 :])
    stem = words[:comma]
    order = next((word.lower for word in stem if word.lower in _COMPARATIVES), None)
    if order is None:
        return None
    skip = _AUXILIARIES | {"who", "which", "what", "that", order} | _DETERMINERS
    rest = [word for word in stem[1:] if word.lower not in skip]
    attribute = " ".join(word.text for word in rest)
    return Comparison((left, right), attribute, Form.DATE, "", _COMPARATIVES[order])


def _operand(words: list[_Word]) -> str | Ask:
    reader = _Reader(words, pending=False)
    pieces = _pieces(reader)
    if len(pieces) == 1:
        return pieces[0]
    inner = [piece for piece in pieces if isinstance(piece, Ask)]
    return inner[0] if len(inner) == 1 else " ".join(piece for piece in pieces if isinstance(piece, str))
