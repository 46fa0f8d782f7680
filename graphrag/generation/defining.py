"""What a sentence says that something is, and whether it gives a reason."""

from __future__ import annotations

import re
from collections.abc import Sequence

from graphrag.generation.passages import Sentence

_PLAIN, _OPENING, _APPOSED = 3, 2, 1
"""How sure a definition is: said of the title where its text begins, said outright, said in passing."""
_PRONOUNS = frozenset({"he", "she", "it", "they"})
_LONGEST = 160
_COPULA = re.compile(
    r"[^.;:]{0,90}?\b(?:is|was|are|were|refers to) (?:generally |usually |now |once |currently )?"
    r"(?P<what>(?:an?|the|one of|two|three) .+)"
)
_ROLE = re.compile(
    r"(?: \([^()]*\))?(?:, [^,.;]{3,60},)? (?:is|was|are|were|has been|became|refers to) "
    r"(?:generally |usually |now |once |currently |still )?(?P<what>(?:an?|the|one of|two|three) .+)"
)
_BESIDE = re.compile(r"(?: \([^()]*\))?, (?P<what>(?:an?|the) [^,;()]{3,120}?)[,;.]")
# Where what something is gives way to what else is told of it.
_STOP = re.compile(
    r"[;:—]|\. |, (?:who|whom|whose|which|that|where|when|and (?:he|she|it|they|is|was|has|had|the|its)|but|"
    r"although|while|whose)\b| (?:who|which|whose|although|while|because|whom)\b|"
    r" and (?:is|was|has|had|he|she|it|they|have)\b"
)
_REASONS = re.compile(
    r"\b(?:because|since|after|due to|owing to|thanks to|in order to|so that|as a result|led to|caused|"
    r"reason|therefore|in protest|to avoid|resulting|drove|forced|wanted to|meant to)\b",
    re.IGNORECASE,
)


def definition(sentence: Sentence, name: str, ids: Sequence[str]) -> tuple[int, str]:
    """How surely the sentence says what `name` is, 0 if it does not, and the words for it."""
    text = " ".join(sentence.text.split())
    subject = bool(set(ids) & {sentence.subject}) or name.casefold() == sentence.chunk.title.casefold()
    start = text.casefold().find(name.casefold())
    if subject and sentence.ordinal == 0:
        told = _COPULA.match(text)
        if told is not None:
            return _PLAIN, _cut(told["what"])
    end = start + len(name)
    if start < 0 or start > 12:  # a pronoun may stand for it
        first = next((item for item in sentence.named if item.entity_id in ids and item.start < 4), None)
        if first is not None:
            start, end = first.start, first.end
        elif subject and sentence.words[0][2] in _PRONOUNS:
            start, end = sentence.words[0][:2]
    if start < 0:
        return 0, ""
    after = text[end:]
    told = _ROLE.match(after) if start < 12 else None
    if told is not None:
        return _OPENING, _cut(told["what"])
    told = _BESIDE.match(after)
    return (_APPOSED, _cut(told["what"])) if told is not None else (0, "")


def is_about(sentence: Sentence, ids: Sequence[str]) -> bool:
    """Whether a sentence speaks of one of these things: names it, or goes on about it in its own text."""
    wanted = set(ids)
    if any(item.entity_id in wanted for item in sentence.named):
        return True
    return sentence.subject in wanted and (sentence.leans or sentence.ordinal == 0)


def has_reason(sentence: Sentence) -> bool:
    """Whether it holds words that give a reason."""
    return _REASONS.search(sentence.text) is not None


def _cut(words: str) -> str:
    stop = _STOP.search(words)
    short = (words[: stop.start()] if stop is not None else words).rstrip(" .,")
    if len(short) <= _LONGEST:
        return short
    return short[:_LONGEST].rsplit(" ", 1)[0].rstrip(" ,") + " …"
