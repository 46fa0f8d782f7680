"""Dictionary forms from a table of words and, for words not in it, rules over suffixes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LONGEST_SUFFIX = 5

_STRAIGHT = str.maketrans("’‘", "''")


@dataclass
class LemmaTable:
    """What training has seen of word forms and their lemmas.

    Attributes:
        words: Tag -> lower-cased form -> lemma, for forms the rules would get wrong.
        rules: Tag -> suffix -> (characters to cut, characters to add); the longest suffix wins, "" is last.
        cased: Tags whose lemmas keep the capitals of the form (proper nouns).
    """

    words: Mapping[str, Mapping[str, str]]
    rules: Mapping[str, Mapping[str, tuple[int, str]]]
    cased: frozenset[str]
    _known: dict[tuple[str, str], str] = field(default_factory=dict, repr=False)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> LemmaTable:
        rules = {
            tag: {suffix: (int(cut), str(add)) for suffix, (cut, add) in found.items()}
            for tag, found in data["rules"].items()
        }
        return cls(data["words"], rules, frozenset(data["cased"]))

    def lemma(self, form: str, tag: str) -> str:
        """Return the lemma of `form` under treebank tag `tag`; an unknown tag leaves the form alone."""
        key = (form, tag)
        found = self._known.get(key)
        if found is None:
            if len(self._known) > 200_000:
                self._known.clear()
            found = self._known[key] = self._look_up(form, tag)
        return found

    def _look_up(self, form: str, tag: str) -> str:
        straight = form.translate(_STRAIGHT)
        word = straight if tag in self.cased else straight.lower()
        listed = self.words.get(tag, {}).get(straight.lower())
        if listed is not None:
            return listed
        rules = self.rules.get(tag)
        if rules is None:
            return form
        for length in range(min(LONGEST_SUFFIX, len(word) - 1), -1, -1):
            rule = rules.get(word.lower()[len(word) - length :])
            if rule is not None and rule[0] < len(word):
                cut, add = rule
                return word[: len(word) - cut] + add
        return word
