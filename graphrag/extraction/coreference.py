"""Which name a pronoun, description or part of a name stands for, inside one document.

Conservative on purpose: a wrong link puts a fact on the wrong entity, a missing one only loses it.
Candidates are the names of the last two sentences and the document's subject; they are weighed by
grammatical role and nearness, must agree in kind, and a tie leaves the mention unresolved.

References:
    Lappin and Leass, "An algorithm for pronominal anaphora resolution", Computational Linguistics 1994.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from graphrag.datamodel import Link
from graphrag.extraction.first_names import gender_of
from graphrag.extraction.wordlists import words

__all__ = ["Discourse", "Known", "class_of", "subject_of_title"]

_HE = frozenset({"he", "him", "his", "himself"})
_SHE = frozenset({"she", "her", "hers", "herself"})
_IT = frozenset({"it", "its", "itself"})
_THEY = frozenset({"they", "them", "their", "theirs", "themselves"})
_MALE_TITLES = frozenset(
    {"mr", "sir", "lord", "king", "prince", "father", "brother", "actor", "duke", "emperor"}
)
_FEMALE_TITLES = frozenset(
    {"mrs", "ms", "miss", "lady", "queen", "princess", "mother", "sister", "actress", "duchess", "empress"}
)
_LEGAL = frozenset(
    words(
        """
        inc inc. corp corp. corporation ltd ltd. limited co co. company llc plc ag gmbh sa s.a. nv
        group holdings
        """
    )
)
_CLASSES = {
    "ORG": "company firm corporation organisation organization agency bank university college "
    "school institute band "
    "group team club party network studio label publisher airline manufacturer startup start-up foundation "
    "association committee retailer newspaper orchestra business institution ministry department union brand",
    "WORK": "film movie book novel album song single series show game play opera poem story comic "
    "magazine episode "
    "documentary software record painting track soundtrack trilogy video programme program anime "
    "manga musical",
    "LOC": "city town village country river island mountain state province region district "
    "county lake capital "
    "municipality area territory nation kingdom building bridge park valley peak volcano suburb "
    "commune settlement",
    "PERSON": "man woman singer actor actress director writer author politician player composer "
    "scientist artist "
    "musician footballer poet painter professor engineer founder businessman businesswoman lawyer "
    "historian general "
    "soldier astronaut physicist novelist journalist producer bishop emperor king queen president minister",
    "EVENT": "war battle festival tournament election conference championship event competition "
    "race match ceremony "
    "championships conflict revolution operation",
    "PRODUCT": "product device chip car aircraft ship vehicle engine phone smartphone computer "
    "processor model plane "
    "missile rocket spacecraft satellite weapon tank rifle vessel",
}
_CLASS_OF = {noun: kind for kind, nouns in _CLASSES.items() for noun in nouns.split()}
_WINDOW = 2  # sentences


@dataclass(slots=True)
class Known:
    """A name met in the document.

    Attributes:
        nouns: Type nouns the text states of it, last word only.
        seen: (sentence, token, is subject) of its latest mention.
    """

    name: str
    type: str | None = None
    gender: str = ""
    nouns: set[str] = field(default_factory=set)
    seen: tuple[int, int, bool] = (-1, -1, False)


def class_of(noun: str) -> str | None:
    """The coarse type of things a noun names: "film" -> "WORK"; None if it is not among the common ones."""
    return _CLASS_OF.get(noun.lower())


def subject_of_title(title: str) -> tuple[str, str]:
    """Name in a title and its qualifier: "Jaws (film)" -> ("Jaws", "film")."""
    title = title.strip()
    if title.endswith(")") and " (" in title:
        name, _, qualifier = title[:-1].rpartition(" (")
        if name.strip():
            return name.strip(), qualifier.strip().lower()
    return title, ""


class Discourse:
    """What has been spoken of so far in one document; fed sentence by sentence, in order."""

    def __init__(self, title: str = "") -> None:
        self.sentence = -1
        self.known: dict[str, Known] = {}
        self.aliases: dict[str, str] = {}  # lower-cased other name -> name
        self._by_word: dict[str, list[str]] = {}
        self._recent: list[Known] = []
        self.subject: Known | None = None
        name, qualifier = subject_of_title(title)
        if name and len(name) <= 100 and len(name.split()) <= 12:
            self.subject = self._add(name)
            if qualifier:
                noun = qualifier.split()[-1]
                self.subject.nouns.add(noun)
                self.subject.type = _CLASS_OF.get(noun)

    def next_sentence(self) -> None:
        """Move on; what is older than the window can no longer be meant by a pronoun."""
        self.sentence += 1
        self._recent = [known for known in self._recent if self.sentence - known.seen[0] <= _WINDOW]

    def meet(
        self, name: str, kind: str | None, token: int, *, is_subject: bool, noun: str = ""
    ) -> tuple[str, Link]:
        """Record a name and say which full name it stands for."""
        full, link = self._full_name(name, kind)
        known = self.known.get(full.lower()) or self._add(full)
        if known.type is None and kind is not None:
            known.type = kind
        if noun:
            self.describe(full, noun)
        known.seen = (self.sentence, token, is_subject)
        if known not in self._recent:
            self._recent.append(known)
        return known.name, link

    def describe(self, name: str, noun: str) -> None:
        """Note a type noun the text states of a name."""
        known = self.known.get(name.lower())
        if known is None:
            return
        word = noun.lower().split()[-1] if noun.split() else ""
        known.nouns.add(word)
        if word in _FEMALE_TITLES:
            known.gender = "f"
        elif word in _MALE_TITLES:
            known.gender = "m"
        if known.type is None:
            known.type = _CLASS_OF.get(word)

    def add_alias(self, name: str, alias: str) -> None:
        """From now on `alias` stands for `name`."""
        if alias.lower() != name.lower():
            self.aliases.setdefault(alias.lower(), name)

    def type_of(self, name: str) -> str | None:
        known = self.known.get(name.lower())
        return known.type if known else None

    def pronoun(self, word: str, token: int, *, is_subject: bool = False) -> tuple[Known, float] | None:
        """The name a personal pronoun at `token` of this sentence stands for, with a confidence.

        What a pronoun stands for stays in mind as if it had been named there.

        References:
            Grosz, Joshi, Weinstein, "Centering", Computational Linguistics 21(2), 1995.
        """
        found = self._antecedent(word, token)
        if found is not None:
            known = found[0]
            known.seen = (self.sentence, token, is_subject)
            if known not in self._recent:
                self._recent.append(known)
        return found

    def _antecedent(self, word: str, token: int) -> tuple[Known, float] | None:
        word = word.lower()
        if word in _HE or word in _SHE:
            gender = "m" if word in _HE else "f"
            found = self._best(
                token,
                lambda k: k.type == "PERSON" and (k.gender or gender_of(k.name)) in ("", gender),
                person=True,
            )
            if found is not None:
                found[0].gender = gender
                if found[0].type is None:
                    found[0].type = "PERSON"
            return found
        if word in _IT:
            return self._best(token, lambda k: k.type not in ("PERSON", "NORP", "DATE"), person=False)
        if word in _THEY:
            return self._best(
                token,
                lambda k: k.type in ("ORG", "NORP") and "company" not in k.nouns,
                person=False,
                strict=True,
            )
        return None

    def description(self, noun: str, token: int) -> tuple[Known, float] | None:
        """The name a bare definite noun ("the company") stands for, with a confidence."""
        noun = noun.lower()
        kind = _CLASS_OF.get(noun)
        stated = [k for k in self.known.values() if noun in k.nouns and k.seen[:2] < (self.sentence, token)]
        if len(stated) == 1:
            return stated[0], 0.85
        if stated:
            stated.sort(key=lambda k: k.seen, reverse=True)
            return stated[0], 0.65
        if kind is None:
            return None
        return self._best(token, lambda k: k.type == kind, person=kind == "PERSON", strict=True)

    def _best(
        self, token: int, fits: object, *, person: bool, strict: bool = False
    ) -> tuple[Known, float] | None:
        assert callable(fits)
        weighed: list[tuple[float, tuple[int, int, bool], Known]] = []
        for known in self._recent:
            sentence, position, is_subject = known.seen
            if not fits(known) or (sentence, position) >= (self.sentence, token):
                continue
            age = self.sentence - sentence
            weight = (3.0 if is_subject else 1.5) - 0.8 * age
            if known is self.subject:
                weight += 1.0
            weighed.append((weight, known.seen, known))
        weighed.sort(key=lambda item: (item[0], item[1]), reverse=True)
        if not weighed:
            subject = self.subject
            if subject is None or not (fits(subject) or (subject.type is None and not strict)):
                return None
            return subject, 0.7
        if len(weighed) > 1 and weighed[0][0] - weighed[1][0] < 0.6:
            return None
        best = weighed[0][2]
        return best, 0.85 if len(weighed) == 1 else 0.7

    def _full_name(self, name: str, kind: str | None) -> tuple[str, Link]:
        lower = name.lower()
        if lower in self.aliases:
            return self.aliases[lower], Link.ACRONYM
        if lower in self.known:
            known = self.known[lower]
            return known.name, Link.TITLE if known is self.subject and known.name != name else Link.SELF
        if " " not in name:
            longer = self._by_word.get(lower, [])
            people = [key for key in longer if self.known[key].type == "PERSON"]
            if self.subject is not None and self.subject.name.lower() in people:
                # Several have this name, and the text is about one of them.
                people = [self.subject.name.lower()]
            if len(people) == 1 and kind in ("PERSON", None, "ORG", "LOC"):
                return self.known[people[0]].name, Link.PARTIAL
            if kind != "PERSON":
                firms = [key for key in longer if _is_legal_form(key, lower)]
                if len(firms) == 1:
                    return self.known[firms[0]].name, Link.PARTIAL
            subject = self.subject
            if (
                subject is not None
                and subject.type is None
                and kind == "PERSON"
                and lower in subject.name.lower().split()
            ):
                subject.type = "PERSON"
                return subject.name, Link.PARTIAL
        return name, Link.SELF

    def _add(self, name: str) -> Known:
        known = Known(name)
        key = name.lower()
        self.known[key] = known
        words = key.split()
        if 1 < len(words) <= 6:
            for word in dict.fromkeys((words[0], words[-1])):
                self._by_word.setdefault(word, []).append(key)
        return known


def _is_legal_form(longer: str, short: str) -> bool:
    words = longer.replace(",", "").split()
    return words[0] == short and all(word in _LEGAL for word in words[1:])
