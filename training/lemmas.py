"""Learn the lemma table: suffix rules per tag, and the words the rules would get wrong."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import takewhile

from data import Passage

from graphrag.models.lemmas import LONGEST_SUFFIX, LemmaTable

CASED = ("NNP", "NNPS")
_STRAIGHT = str.maketrans("’‘", "''")


def learn_lemmas(passages: list[Passage]) -> dict[str, object]:
    """Return the JSON form of a `LemmaTable` learnt from the passages that have lemmas."""
    seen: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for passage in passages:
        if passage.has_tree:
            for word, tag, lemma in zip(passage.words, passage.tags, passage.lemmas, strict=True):
                straight = word.translate(_STRAIGHT)
                seen[tag, straight if tag in CASED else straight.lower()][lemma] += 1
    usual = {key: _most_common(lemmas) for key, lemmas in seen.items()}
    votes: dict[tuple[str, str], Counter[tuple[int, str]]] = defaultdict(Counter)
    for (tag, form), lemma in usual.items():
        shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(form, lemma, strict=False)))
        if shared or len(form) == 1:
            edit = (len(form) - shared, lemma[shared:])
            for length in range(min(LONGEST_SUFFIX, len(form) - 1) + 1):
                votes[tag, form.lower()[len(form) - length :]][edit] += 1
    rules: dict[str, dict[str, tuple[int, str]]] = defaultdict(dict)
    for (tag, suffix), edits in sorted(
        votes.items(), key=lambda item: (item[0][0], len(item[0][1]), item[0][1])
    ):
        best, count = min(edits.items(), key=lambda item: (-item[1], item[0]))
        if not suffix or (count >= 2 and rules[tag].get(_shorter(rules[tag], suffix)) != best):
            rules[tag][suffix] = best
    table = LemmaTable({}, rules, frozenset(CASED))
    words: dict[str, dict[str, str]] = defaultdict(dict)
    for (tag, form), lemma in sorted(usual.items()):
        if table.lemma(form, tag) != lemma:
            words[tag][form.lower()] = lemma
    return {"words": words, "rules": rules, "cased": list(CASED)}


def _shorter(rules: dict[str, tuple[int, str]], suffix: str) -> str:
    """Return the rule that would apply if `suffix` had none."""
    return next((suffix[k:] for k in range(1, len(suffix) + 1) if suffix[k:] in rules), "")


def _most_common(lemmas: Counter[str]) -> str:
    return min(lemmas, key=lambda lemma: (-lemmas[lemma], lemma))
