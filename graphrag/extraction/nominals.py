"""What a noun phrase names: its name, kind and type, as far as the phrase itself tells."""

from __future__ import annotations

import re
from dataclasses import dataclass

from graphrag.extraction.syntax import Parse
from graphrag.extraction.values import parse_date, parse_value
from graphrag.extraction.wordlists import words

__all__ = ["Kind", "Nominal", "NominalReader"]


class Kind:
    """Kinds of nominals, plain strings for speed."""

    NAME = "name"
    COMMON = "common"
    PRONOUN = "pronoun"
    VALUE = "value"


@dataclass(slots=True)
class Nominal:
    """A noun phrase as something a fact can be about.

    Attributes:
        head: Its head token.
        first, last: Tokens of the mention, `last` inclusive.
        name: Its words without determiner; the value's words for values.
        type: Named-entity type, a value kind, or None.
        value: Normal form of a value.
        noun: Type noun that stands before a name ("film" in "the film Jaws"), else "".
        definite: "the", "this" or a possessive stands before it.
        plain: No modifier but a determiner, as in "the company".
    """

    head: int
    first: int
    last: int
    name: str
    kind: str
    type: str | None = None
    value: str | None = None
    noun: str = ""
    definite: bool = False
    plain: bool = False


_PERSONAL_TITLES = frozenset(
    words(
        """
        mr mrs ms miss dr prof professor sir lady lord king queen prince princess pope saint st rev
        president
        """
    )
)
_SKIPPED_LEFT = frozenset({"det", "det:predet", "nmod:poss", "cc:preconj", "advmod"})
_DEFINITE = frozenset({"the", "this", "that", "these", "those", "its", "their", "his", "her", "our", "my"})
_ENDINGS = {
    ending: kind
    for kind, endings in {
        "LOC": "river rivers lake lakes mountain mountains mount peak alps island islands range "
        "valley bay county park "
        "creek hills hill ridge glacier peninsula sea ocean strait desert forest canyon plateau "
        "volcano street avenue "
        "bridge dam reservoir airport harbour harbor province district prefecture canton gulf falls "
        "township borough",
        "ORG": "inc corp corporation ltd llc plc gmbh company records studios university college "
        "institute institution "
        "association committee agency ministry airlines airways bank press publishing publishers "
        "pictures entertainment "
        "orchestra society foundation federation union club party council commission department "
        "school academy "
        "laboratory laboratories observatory museum navy army",
        "EVENT": "war battle olympics championship championships tournament revolution election "
        "elections conference "
        "festival cup",
    }.items()
    for ending in endings.split()
}
_OPENINGS = {
    "lake": "LOC",
    "mount": "LOC",
    "river": "LOC",
    "cape": "LOC",
    "isle": "LOC",
    "university": "ORG",
    "battle": "EVENT",
    "treaty": "EVENT",
    "ministry": "ORG",
    "bank": "ORG",
    "gulf": "LOC",
    "bay": "LOC",
    "monte": "LOC",
    "piz": "LOC",
}
_PLACE_NOUNS = frozenset(
    words(
        """
        river lake mountain island city town village district province county state region
        constellation valley peninsula commune municipality prefecture canton suburb port kingdom
        continent galaxy volcano
        """
    )
)
_ORDINALS = frozenset(
    words(
        """
        first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth
        fourteenth last only final debut sole main new former current
        """
    )
)
_QUOTES = frozenset({'"', "``", "''", "“", "”", "«", "»", "„"})
_PRONOUN_TAGS = frozenset({"PRP", "PRP$", "WP", "WDT", "WP$", "EX"})
_HAS_LETTER = re.compile(r"[^\W_]")


class NominalReader:
    """Reads the nominals of one parse; each head once."""

    def __init__(self, parse: Parse) -> None:
        self.parse = parse
        self._known: dict[int, Nominal | None] = {}

    def read(self, head: int) -> Nominal | None:
        """The nominal around a head; None if the head is no noun phrase."""
        if head not in self._known:
            self._known[head] = self._read(head)
        return self._known[head]

    def names(self, begin: int, end: int) -> list[Nominal]:
        """Nominals with a proper name or a value inside a token range, in text order, none inside another."""
        parse = self.parse
        found: list[Nominal] = []
        token, covered = begin, begin
        while token < end:
            start = parse.entity_start[token]
            if start >= 0:
                stop = parse.entity_end(token)
                head = self._head_of(start, stop)
                nominal = self.read(head)
                if nominal is not None and nominal.first >= covered and nominal.kind != Kind.PRONOUN:
                    found.append(nominal)
                    covered = nominal.last + 1
                token = max(stop, covered)
                continue
            if parse.pos[token] == "PROPN" and token >= covered:
                nominal = self.read(self._name_head(token))
                if nominal is not None and nominal.kind == Kind.NAME and nominal.first >= covered:
                    found.append(nominal)
                    covered = nominal.last + 1
                    token = max(token + 1, covered)
                    continue
            token += 1
        return found

    def _head_of(self, start: int, stop: int) -> int:
        """The token of a range that is governed from outside it."""
        head = self.parse.head
        for token in range(start, stop):
            if not start <= head[token] < stop or head[token] == token:
                return token
        return stop - 1

    def _name_head(self, token: int) -> int:
        """Follow flat and compound links up while they stay among proper nouns."""
        parse = self.parse
        for _ in range(8):
            up = parse.head[token]
            if up == token or parse.dep[token] not in ("flat", "compound") or parse.pos[up] != "PROPN":
                break
            token = up
        return token

    def _read(self, head: int) -> Nominal | None:
        parse = self.parse
        pos, tag = parse.pos[head], parse.tag[head]
        if pos == "PRON" or tag in _PRONOUN_TAGS:
            return Nominal(head, head, head, parse.text[head], Kind.PRONOUN)
        if not _HAS_LETTER.search(parse.text[head]) and pos not in ("SYM", "NUM"):
            return None
        if parse.entity_start[head] >= 0:
            return self._entity(head)
        if pos in ("NUM", "SYM"):
            return self._number(head)
        if pos == "PROPN":
            return self._proper(head)
        if pos in ("NOUN", "ADJ", "X", "VERB"):
            return self._common(head)
        return None

    def _entity(self, head: int) -> Nominal | None:
        parse = self.parse
        first, last = parse.entity_start[head], parse.entity_end(head) - 1
        kind = parse.entity[head]
        if kind == "DATE":
            words = parse.words(range(first, last + 1))
            return Nominal(head, first, last, words, Kind.VALUE, "DATE", parse_date(words) or None)
        outer = self._head_of(first, last + 1)
        if outer != head:
            return self.read(outer) if parse.entity_start[outer] == first else None
        first, last = self._widen(head, first, last)
        while first < last and parse.lower[first] in ("the", "a", "an"):
            first += 1
        return Nominal(
            head,
            first,
            last,
            parse.words(range(first, last + 1)),
            Kind.NAME,
            self._shape_type(first, last, kind or None),
            noun=self._type_noun(head, first),
            definite=True,
        )

    def _widen(self, head: int, first: int, last: int) -> tuple[int, int]:
        """Add proper nouns the recogniser left out of a name it found."""
        parse = self.parse
        while last + 1 < len(parse) and parse.entity_start[last + 1] < 0 and parse.pos[last + 1] == "PROPN":
            up = parse.head[last + 1]
            if not first <= up <= last or parse.dep[last + 1] not in ("flat", "compound"):
                break
            last += 1
        while first > 0 and parse.entity_start[first - 1] < 0 and parse.pos[first - 1] == "PROPN":
            up = parse.head[first - 1]
            if not first <= up <= last or parse.dep[first - 1] not in ("flat", "compound"):
                break
            if parse.lower[first - 1].rstrip(".") in _PERSONAL_TITLES:
                break
            first -= 1
        return first, last

    def _number(self, head: int) -> Nominal | None:
        parse = self.parse
        first = last = head
        for kid in parse.children[head]:
            if parse.dep[kid] in ("nummod", "compound", "advmod", "punct", "nmod") and parse.pos[kid] in (
                "NUM",
                "SYM",
            ):
                first, last = min(first, kid), max(last, kid)
        words = parse.words(range(first, last + 1))
        value = parse_value(words)
        if value is None:
            return None
        return Nominal(head, first, last, words, Kind.VALUE, value.kind, value.normal)

    def _proper(self, head: int) -> Nominal:
        parse = self.parse
        first = last = head
        for _ in range(2):
            while first > 0 and self._joins(first - 1, first, last):
                first -= 1
            while last + 1 < len(parse) and self._joins(last + 1, first, last):
                last += 1
        linked = last + 2 < len(parse) and parse.lower[last + 1] == "of" and parse.pos[last + 2] == "PROPN"
        if linked and parse.head[last + 2] == head and parse.dep[last + 2] == "nmod":
            last += 2
            while (
                last + 1 < len(parse)
                and parse.pos[last + 1] == "PROPN"
                and parse.dep[last + 1] in ("flat", "compound")
            ):
                last += 1
        return Nominal(
            head,
            first,
            last,
            parse.words(range(first, last + 1)),
            Kind.NAME,
            self._shape_type(first, last, None),
            noun=self._type_noun(head, first),
            definite=True,
        )

    def _joins(self, token: int, first: int, last: int) -> bool:
        parse = self.parse
        if parse.entity_start[token] >= 0 and parse.entity[token] == "DATE":
            return False
        if not first <= parse.head[token] <= last:
            return False
        label = parse.dep[token]
        if label in ("flat", "goeswith"):
            return True
        proper = (
            parse.tag[token] in ("NNP", "NNPS") and parse.lower[token].rstrip(".") not in _PERSONAL_TITLES
        )
        if proper and label in ("compound", "amod", "nmod:unmarked"):
            return label != "nmod:unmarked" or token == last + 1
        return label == "nummod" and token == last + 1

    def _shape_type(self, first: int, last: int, kind: str | None) -> str | None:
        """The type a name's own words tell ("Lake Itasca", "Polydor Records"), else `kind`."""
        parse = self.parse
        words = parse.text[first].split() if first == last else parse.text[first : last + 1]
        if len(words) > 1:
            ending = words[-1].lower().rstrip(".")
            if ending in _ENDINGS:
                return _ENDINGS[ending]
            opening = words[0].lower()
            if opening in _OPENINGS and kind != "WORK":
                return _OPENINGS[opening]
        # "the constellation of Equuleus", "in the river Aare": the noun before says it.
        if kind in ("PERSON", "ORG", "LOC", None, "MISC") and first >= 2:
            noun = first - 1 if parse.lower[first - 1] != "of" else first - 2
            if parse.pos[noun] == "NOUN" and parse.lower[noun] in _PLACE_NOUNS:
                return "LOC"
        return kind

    def _type_noun(self, head: int, first: int) -> str:
        """The common nouns right before a name: "film director" in "film director Ang Lee"."""
        parse = self.parse
        token = first - 1
        if token >= 0 and parse.text[token] in _QUOTES:
            token -= 1
        words: list[int] = []
        while token >= 0 and parse.tag[token] in ("NN", "JJ") and parse.pos[token] in ("NOUN", "ADJ"):
            if parse.dep[token] not in ("compound", "nmod:desc", "amod", "appos", "flat"):
                break
            words.append(token)
            token -= 1
        if not words or parse.pos[words[0]] != "NOUN":
            return ""
        return parse.words(words[::-1])

    def _common(self, head: int) -> Nominal | None:
        parse = self.parse
        if parse.pos[head] == "VERB" and not parse.tag[head].startswith("VBG"):
            return None
        tokens = [head]
        definite = indefinite = False
        for kid in parse.children[head]:
            label = parse.dep[kid]
            if label in _SKIPPED_LEFT:
                word = parse.lower[kid]
                definite = definite or word in _DEFINITE
                indefinite = indefinite or word in ("a", "an", "no", "any", "some", "every", "each")
            elif (
                label in ("amod", "compound", "nummod", "nmod:desc", "flat", "goeswith")
                and parse.pos[kid] != "PUNCT"
            ) and (label == "flat" or kid < head):
                tokens.append(kid)
        first, last = min(tokens), max(tokens)
        for token in tokens[1:]:
            if token < head:
                for kid in parse.children[token]:
                    if (
                        kid < first
                        and parse.dep[kid] in ("compound", "flat", "amod", "punct")
                        and kid == first - 1
                    ):
                        first = kid
        while first < head and (
            parse.pos[first] in ("PUNCT", "DET") or parse.dep[first] in ("nmod:poss", "cc", "case")
        ):
            first += 1
        for token in range(first, head):  # "Apple's new chip" is the chip, not Apple's
            if parse.tag[token] == "POS":
                first = token + 1
        while first < head and (parse.entity[first] in ("DATE", "NORP") or parse.lower[first] in _ORDINALS):
            first += 1  # "2003 American comedy film": the year and the origin are facts of their own
        while first < head and parse.pos[first] == "PUNCT":
            first += 1
        words = parse.words(range(first, last + 1))
        if first < head and parse.pos[first] == "NUM" and parse.entity_start[first] < 0:
            value = parse_value(words)
            if value is not None:
                return Nominal(head, first, last, words, Kind.VALUE, value.kind, value.normal)
        proper = any(
            parse.tag[t] in ("NNP", "NNPS") and parse.entity[t] not in ("DATE", "NORP")
            for t in range(first, last + 1)
        )
        nominal = Nominal(
            head,
            first,
            last,
            words,
            Kind.COMMON,
            None,
            definite=definite and not indefinite,
            plain=first == last,
        )
        if proper and first < last and parse.text[first][:1].isupper() and not indefinite:
            nominal.noun = parse.lower[head]
        return nominal
