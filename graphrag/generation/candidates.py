"""What in a sentence could be the answer, by the kind of thing asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from graphrag.datamodel import Entity
from graphrag.generation.asking import Form
from graphrag.generation.passages import Named, Passages, Sentence
from graphrag.generation.values import Value, dates, numbers, scores
from graphrag.index.terms import STOPWORDS, fold, stem, tokens
from ontology import Ontology
from ontology.kinds import TypeAligner, kinds_of_noun
from ontology.lexicon import COMPATIBILITY, NOUN_KINDS
from ontology.morphology import singular

_LOOSE_KINDS = {Form.PERSON: ("PERSON",), Form.PLACE: ("LOC", "FACILITY")}
_NAME_RUN = re.compile(
    r"[^\W\d_a-zà-öø-ÿ][\w'’&.\-]*(?: (?:(?:of|the|and|de|van|von|la|le|du|&) )*[^\W_a-zà-öø-ÿ][\w'’&.\-]*)*"
)
_SCORE_NOUNS = frozenset({"score", "result", "margin"})
# ", a fortress built": up to the word after which the noun phrase surely ends.
_APPOSED = re.compile(
    r"(?: \([^)]*\))?,? (?:(?:is|was) )?(?:an?|the|its|their) ((?:[\w'-]+ ){0,4}?[\w'-]+)\b"
)
_ACRONYM = re.compile(
    r"((?:[A-Z][\w'’.-]*|and|of|&|the)(?: (?:[A-Z][\w'’.-]*|and|of|&|the)){1,15}) \(([A-Z][A-Z&.]+)\)"
)
_LAST_WORD = re.compile(r"(?<![\w'-])([\w'-]+),? $")
_LEADING = re.compile(r"(?<![\w'-])([\w'-]+) $")
_OWNER = re.compile(r"(?<!\w)\w+['’]s\b")
_APPOSITION = 0.6
_NEARBY = 0.2
_UNKNOWN = 0.5
_WRONG = 0.1
_CALLED_PERSON = 0.85
_GROUP_AS_WHO = 0.7
_GROUPS = frozenset({"ORG"})
_UNLIKELY = 0.3
_HYPHENED = re.compile(r"(?:-\w+)*")
_MALE = frozenset(
    """
    father husband son brother grandfather grandson uncle nephew king prince duke lord sir emperor count
    """.split()  # noqa: SIM905
)
_FEMALE = frozenset(
    """
    mother wife daughter sister grandmother granddaughter aunt niece queen princess duchess lady empress
    countess widow
    """.split()  # noqa: SIM905
)
_COMMON_NOUN = 0.7
_NUMBERED = 0.9
_STAND_IN = 0.5
"""What a pronoun is worth as an answer beside a name: whom it stands for may have been misread."""


@dataclass(frozen=True)
class NameAsked:
    """A name in a condition, with the entities it may stand for.

    Attributes:
        loose: Whether it only helps to describe something; then it may stand anywhere before.
    """

    text: str
    ids: tuple[str, ...]
    weight: float = 1.6
    loose: bool = False

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """Words that make the name: not the plain noun beside them ("M3" of "M3 chip")."""
        words = [surface for _, _, surface in tokens(self.text) if fold(surface) not in STOPWORDS]
        proper = [word for word in words if word[0].isupper() or word[0].isdigit() or not word.isascii()]
        return tuple(fold(word) for word in (proper or words))

    def means(self, title: str) -> bool:
        """Whether a title is this name."""
        return bool(title) and plain_words(title) == plain_words(self.text)


@dataclass(frozen=True, slots=True)
class Found:
    """Something at [start, end) of a sentence that could be the answer.

    Attributes:
        fit: How well it is of the kind asked for, in [0, 1].
        key: Equal for two occurrences of one answer.
        value: Of a date or number, to compare by.
    """

    start: int
    end: int
    text: str
    entity_id: str
    fit: float
    key: str
    value: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible answer in one sentence.

    Attributes:
        coverage: Share of the condition that the sentence states, in [0, 1].
        score: Coverage weighed with how well kind and place fit, in [0, 1].
        lacking: Words of the condition that nothing in the sentence matches.
    """

    found: Found
    sentence: Sentence
    coverage: float
    score: float
    lacking: tuple[str, ...] = ()


class Finder:
    """Finds candidates."""

    def __init__(self, passages: Passages, ontology: Ontology | None) -> None:
        """`ontology` gives entity types their meaning; without one every thing may be of any kind."""
        self._passages = passages
        self._ontology = ontology
        self._types = TypeAligner(ontology) if ontology is not None else None
        self._kinds: dict[str, tuple[str, ...]] = {}

    def find(
        self,
        form: Form,
        noun: str,
        lead: str,
        names: Sequence[NameAsked],
        units: Sequence[tuple[str, ...]],
        sentence: Sentence,
    ) -> Iterator[Found]:
        """Candidates in a sentence; what the condition itself names is none."""
        said = {word for unit in units for word in unit} | set(plain_words(noun))
        if form is Form.DATE:
            yield from _dates(noun, lead, names, units, sentence)
        elif form in (Form.NUMBER, Form.MONEY):
            yield from _numbers(form, noun, names, units, sentence)
        else:
            for found in self._things(form, noun, names, sentence):
                words = set(plain_words(found.text))
                if not words or not words <= said:  # an office asked for is not its holder
                    yield found

    def _things(
        self, form: Form, noun: str, names: Sequence[NameAsked], sentence: Sentence
    ) -> Iterator[Found]:
        asked_ids = {entity_id for name in names for entity_id in name.ids}
        asked_words = [set(plain_words(name.text)) for name in names]
        wholes = _spelled_out(sentence.text)
        taken: list[tuple[int, int]] = []
        for item in sentence.named:
            whole = next((span for span in wholes if span[0] <= item.start and item.end <= span[1]), None)
            if whole is not None:
                item = Named(*whole, item.entity_id)
                if (item.start, item.end) in taken:
                    continue
            taken.append((item.start, item.end))
            surface = sentence.text[item.start : item.end]
            entity = self._best_sense(item.entity_id, surface, form, noun, sentence)
            if entity.id in asked_ids or _is_value(entity) or _is_any(entity.name, asked_words):
                continue
            if not _is_any(surface, asked_words):
                yield self._entity(entity, item, surface, form, noun, sentence)
        taken += [(value.start, value.end) for value in dates(sentence.text)]
        for match in _NAME_RUN.finditer(sentence.text):
            start, text = match.start(), match.group().rstrip(".'’-")
            end = start + len(text)
            if any(left < end and start < right for left, right in taken) or _is_opening(
                sentence, start, text
            ):
                continue
            if not _is_any(text, asked_words):
                fit = 0.45 + _noun_nearby(noun, sentence, start, end)
                yield Found(start, end, text, "", fit, fold(text))

    def _best_sense(self, entity_id: str, surface: str, form: Form, noun: str, sentence: Sentence) -> Entity:
        """The entity of a mention; of the name's other bearers where that one is of the wrong kind.

        In a text about Tesla, Inc. a bare "Tesla" that is asked for as a company is the company.
        """
        entity = self._passages.entity(entity_id)
        if self._type_fit(entity, form, noun) >= 0.3:
            return entity
        others = [self._passages.entity(other) for other in self._passages.ids_of(surface)]
        if sentence.subject:
            subject = self._passages.entity(sentence.subject)
            words = plain_words(surface)
            whole = plain_words(subject.name)
            if words and words in (whole[: len(words)], whole[-len(words) :]):
                others.append(subject)
        fitting = [other for other in others if self._type_fit(other, form, noun) >= 0.5]
        return fitting[0] if fitting else entity

    def _entity(
        self, entity: Entity, item: Named, surface: str, form: Form, noun: str, sentence: Sentence
    ) -> Found:
        standing = _stands(surface, entity)
        fuller = standing and len(surface) > len(entity.name) and surface[:1].isupper()
        text = " ".join(surface.split()) if fuller else entity.name
        if standing and sentence.text[item.end : item.end + 1] == "-":
            text += _HYPHENED.match(sentence.text, item.end).group()  # type: ignore[union-attr]
        nearby = _noun_nearby(noun, sentence, item.start, item.end)
        if standing and _says_kind(entity.name, noun):
            nearby = _APPOSITION
        fit = self._type_fit(entity, form, noun)
        if form is Form.PERSON and not noun:
            fit = max(fit, self._doer_fit(entity, item, sentence))
        if nearby == _APPOSITION:
            fit = 1.0  # the text says what it is, whatever the graph took it for
        elif fit > _WRONG:
            fit = min(1.0, fit + nearby)
        if _is_of_other_sex(noun, sentence.text[: item.start], surface):
            fit *= _UNLIKELY
        if surface.islower() and surface.isascii() and entity.id not in self._passages.titled:
            fit *= _COMMON_NOUN if not _names_role(form, surface) else _UNLIKELY
        return Found(item.start, item.end, text, entity.id, fit if standing else fit * _STAND_IN, entity.id)

    def _doer_fit(self, entity: Entity, item: Named, sentence: Sentence) -> float:
        """How well a thing answers a bare "who": what the text calls a person does; so does a firm, less."""
        apposed = _APPOSED.match(sentence.text[item.end : item.end + 60])
        if apposed is not None and any(
            "PERSON" in NOUN_KINDS.get(word, ()) for word in apposed.group(1).lower().split()
        ):
            return _CALLED_PERSON
        own = self._kinds_of(entity)
        return _GROUP_AS_WHO if own and own[0] in _GROUPS else 0.0

    def _kinds_of(self, entity: Entity) -> tuple[str, ...]:
        if self._types is None:
            return ()
        return self._kinds.setdefault(entity.type, self._types.kinds(entity.type))

    def _type_fit(self, entity: Entity, form: Form, noun: str) -> float:
        if self._types is None or self._ontology is None or entity.type not in self._ontology.types:
            return _UNKNOWN
        related = 0.85
        if noun:
            wanted = self._types.read(noun).key
            if wanted is not None and wanted in self._ontology.types:
                if self._ontology.is_a(entity.type, wanted):
                    return 1.0
                if self._ontology.is_a(wanted, entity.type):
                    return 0.75
                related = 0.6  # a city is no river, but both are places
        kinds = (kinds_of_noun(noun) if noun else None) or _LOOSE_KINDS.get(form)
        if not kinds:
            return 0.55
        own = self._kinds_of(entity)
        if not own:
            return _UNKNOWN
        likely = max(COMPATIBILITY.get(own[0], {}).get(kind, 0.0) for kind in kinds)
        return max(_WRONG, related * likely)


def plain_words(text: str) -> list[str]:
    """Folded words of a text without the small ones."""
    return [word for word in (fold(surface) for _, _, surface in tokens(text)) if word not in STOPWORDS]


def _spelled_out(text: str) -> list[tuple[int, int]]:
    """Spans of "American Telephone and Telegraph Company (AT&T)": names whose initials stand behind them."""
    spans = []
    for match in _ACRONYM.finditer(text):
        letters = [letter for letter in match.group(2) if letter.isalpha()]
        words = match.group(1).split()
        for first in range(len(words)):
            initials = [word[0] for word in words[first:] if word[0].isupper()]
            if (
                words[first][0].isupper()
                and initials[: len(letters)] == letters
                and len(initials) <= len(letters) + 1
            ):
                start = match.start() + sum(len(word) + 1 for word in words[:first])
                spans.append((start, match.end(1)))
                break
    return spans


def _is_value(entity: Entity) -> bool:
    """Whether it is a date or a number, also where the graph holds it for a thing."""
    if entity.literal or not any(map(str.isalpha, entity.name)):
        return True
    return any(value.end - value.start >= len(entity.name) - 1 for value in dates(entity.name))


def _is_any(text: str, asked: Sequence[set[str]]) -> bool:
    """Whether a text is (a part of) one of the names asked about."""
    words = set(plain_words(text))
    return bool(words) and any(words <= name for name in asked)


def _stands(surface: str, entity: Entity) -> bool:
    """Whether the words are a name of the thing, not a pronoun or a description for it."""
    words = set(plain_words(surface))
    return bool(words) and any(words & set(plain_words(name)) for name in (entity.name, *entity.aliases))


def _says_kind(name: str, noun: str) -> bool:
    """Whether a name itself says what it names: "Science Museum" for a museum."""
    head = plain_words(noun)[-1:]
    return bool(head) and stem(head[0]) in {stem(word) for word in plain_words(name)}


def _names_role(form: Form, surface: str) -> bool:
    """Whether a person is asked for and the words tell what somebody is: "chief executive officer"."""
    return form is Form.PERSON and "PERSON" in NOUN_KINDS.get(singular(surface.split()[-1]), ())


def _is_of_other_sex(noun: str, before: str, surface: str) -> bool:
    """Whether a mother is asked for and "his son" or "Lord" leads in the candidate, or the reverse."""
    asked = set(plain_words(noun))
    if not asked & (_MALE | _FEMALE):
        return False
    last = _LAST_WORD.search(before)
    said = {surface.split(" ")[0].lower(), last.group(1).lower() if last is not None else ""}
    return bool((said & _MALE and asked & _FEMALE) or (said & _FEMALE and asked & _MALE))


def _noun_nearby(noun: str, sentence: Sentence, start: int, end: int) -> float:
    """Whether the noun asked for stands next to the candidate: "the river Vistula"."""
    wanted = {stem(word) for word in plain_words(noun)}
    if not wanted:
        return 0.0
    before, after = sentence.text[max(0, start - 40) : start], sentence.text[end : end + 60]
    apposed = _APPOSED.match(after)
    if apposed is not None and wanted & {stem(word) for word in plain_words(apposed.group(1))}:
        return _APPOSITION
    leading = _LEADING.search(before)
    if leading is not None and stem(fold(leading.group(1))) in wanted:
        return _APPOSITION
    around = (_OWNER.sub(" ", before[-24:]), after[:24])  # "the city's New Town" is no city
    near = {stem(word) for word in (*plain_words(around[0])[1:], *plain_words(around[1])[:-1])}
    return _NEARBY if wanted & near else 0.0


def _dates(
    noun: str, lead: str, names: Sequence[NameAsked], units: Sequence[tuple[str, ...]], sentence: Sentence
) -> Iterator[Found]:
    words = set(plain_words(noun))
    plural = "years" in words or lead == "between"
    for value in dates(sentence.text):
        text = value.text
        if _is_asked(names, units, text):
            continue
        fit = 1.0
        if plural:
            fit = 1.0 if value.kind == "period" else 0.5
        elif words & {"century", "decade"}:
            fit = 0.4
        elif "year" in words and value.kind == "date":
            text = str(int(value.key[0]))
        elif value.kind == "period":
            fit = 0.7
        elif not words and len(value.key) == 1:
            fit = 0.85
        yield _valued(value, text, fit)


def _numbers(
    form: Form, noun: str, names: Sequence[NameAsked], units: Sequence[tuple[str, ...]], sentence: Sentence
) -> Iterator[Found]:
    words = set(plain_words(noun))
    if words & _SCORE_NOUNS:
        for value in scores(sentence.text):
            yield _valued(value, value.text, 1.0)
        return
    wanted = {stem(word) for word in words}
    for value in numbers(sentence.text):
        if _is_asked(names, units, value.text):
            continue
        fit = 0.6
        if form is Form.MONEY:
            fit = 1.0 if value.kind == "money" else 0.0
        elif wanted:
            after = [
                term
                for (left, _, _), term in zip(sentence.words, sentence.stems, strict=True)
                if value.end <= left <= value.end + 30 and term
            ]
            before = [term for (_, right, _), term in zip(sentence.words, sentence.stems, strict=True)
                      if value.start - 30 <= right <= value.start and term]  # fmt: skip
            fit = 1.0 if wanted & set(after[:3]) else _NUMBERED if wanted & set(before[-2:]) else 0.25
        if fit:
            yield _valued(value, value.text, fit)


def _valued(value: Value, text: str, fit: float) -> Found:
    key = " ".join(map(str, value.key)) or fold(value.text)
    return Found(value.start, value.end, text, "", fit, f"{value.kind} {key}", value.key)


def _is_asked(names: Sequence[NameAsked], units: Sequence[tuple[str, ...]], text: str) -> bool:
    """Whether the value stands in the condition itself."""
    return (fold(text),) in units or any(text in name.text for name in names)


def _is_opening(sentence: Sentence, start: int, text: str) -> bool:
    """Whether a capital only opens the sentence, or stands on a word that names nothing."""
    words = text.split(" ")
    opens = not sentence.text[:start].strip("\"'“‘( ")
    return len(words) == 1 and (opens or fold(words[0]) in STOPWORDS)
