"""What a question asks for, and the questions inside it.

"Who founded the company that makes the M3?" asks for a person, and holds another question: which
company makes the M3? English marks both with its small words (who, in which, that, of, whose), so a
reader of those words alone takes a question apart without a model, in any domain. What it cannot take
apart it leaves whole, and the question is then read in one step.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from graphrag.generation.asking import Ask, Comparison, Form, Question
from graphrag.generation.grammar import (
    Head,
    QuestionReader,
    pieces_of,
    read_body,
    read_both,
    read_comparison,
    split_joined,
    wh_phrase,
)
from graphrag.generation.question_words import (
    AUXILIARIES,
    PREPOSITIONS,
    SMALL,
    Word,
    proper_names,
    words_of,
)
from ontology.morphology import singular

__all__ = ["Ask", "Comparison", "Form", "Question", "choose_mode", "read_question"]

_CORPUS = re.compile(
    r"\b(?:corpus|articles|documents|the texts|the collection|the sources|dataset|passages|these texts)\b"
)
_SURVEY = re.compile(
    r"\b(?:themes?|topics?|overview|summar\w+|trends?|patterns?|in general|overall|main (?:ideas?|points?)"
    r"|common threads?|what role)\b"
    r"|^(?:trace|describe|compare|summarise|summarize|outline|explain how|discuss)\b"
)
_ACCOUNT = re.compile(
    r"^(?:how|why)\s+(?:did|do|does|is|are|was|were|have|has)\b|^what (?:were|are|is|was) the\b.*\band\b"
)
_OF_MANY = re.compile(r"^(?:how|why)\s+\w+\s+(?:[a-z]+\s+){0,2}?[a-z]{3,}(?<!s)s\s+(?!of\b)[a-z]")
_AND_WHAT = re.compile(r"(?<!\s)\s+and (?:why|how|what|who|when|where)\b")
# "Tell me about X", "what do we know about X": an account of X.
_ABOUT = re.compile(
    r"^(?:please )?(?:(?:can|could) you )?(?:tell (?:me|us)(?: something| more)?|talk) about (?P<what>.+)$"
    r"|^what (?:do|does|can|is|are|did) (?:we |you |they |it |one |the (?:text|source)s? )?"
    r"(?:know|known|say|said|tell|told|read|learn)(?: to us)? (?:about|of) (?P<known>.+)$"
    r"|^what (?:is|are|was|were) the (?:differences?|connections?|relations?|relationships?|links?|"
    r"similarit(?:y|ies)) (?:between|of) (?P<between>.+)$"
    r"|^how (?:is|are|was|were|does|do|did) (?P<joined>.+ (?:related|connected|linked|differ|relate)\b.*)$"
    r"|^what (?:else )?happen(?:s|ed) (?P<happened>.+)$",
    re.IGNORECASE,
)
# "List the founders of X", "name the people who ...": the same as asking which they are.
_IMPERATIVE = re.compile(
    r"^(?:please )?(?:(?:can|could) you )?(?:tell me|list|name|give me|show me|find|enumerate)"
    r"(?: all)?(?: of)? (?P<rest>(?:the|all|every|who|what|which|where|when|how|why)\b.+)$",
    re.IGNORECASE,
)
_NAME_OF = re.compile(r"^(what (?:is|was|are|were) the) (?:full |real )?names? of the ", re.IGNORECASE)
_LISTED = re.compile(r"^(?:the |all |every )?(?P<noun>[a-z][a-z -]*?) (?:who|that|which) (?P<clause>.+)$")
_BE = frozenset({"is", "are", "was", "were"})
_WH = frozenset({"who", "what", "which", "where", "when", "how", "why"})
_ARTICLE = {
    Form.PERSON: "a person", Form.PLACE: "a place", Form.DATE: "a date", Form.NUMBER: "a number",
    Form.MONEY: "an amount", Form.THING: "a name", Form.YES_NO: "yes or no", Form.CHOICE: "one of the named",
    Form.ACCOUNT: "an account of something named", Form.DEFINITION: "what something is",
}  # fmt: skip


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
    named = proper_names(text)
    if _ACCOUNT.search(lowered) and (not named or _OF_MANY.search(_without(text, named))):
        return "global", "the question asks how things hang together"
    many = _asked_for_many(as_question(text))
    if many and (not named or _AND_WHAT.search(lowered)):
        return "global", f'the question asks for all "{many}" and names no single one'
    form = read_question(text).form
    return "hybrid", f"the question asks for {_ARTICLE[form]}"


def read_question(text: str, names: Sequence[str] = ()) -> Question:
    """Take a question apart.

    Args:
        text: The question.
        names: Words of it that are names in the knowledge base; they are never taken apart.
    """
    about = _ABOUT.match(text.strip().rstrip("?.! "))
    if about is not None:
        told = words_of(next(part for part in about.groups() if part), names)
        proper = tuple(word.text for word in told if word.name)
        piece = " ".join(word.text for word in told)
        return Question(text, Form.ACCOUNT, (Ask(Form.ACCOUNT, "", (piece,)),), None, proper)
    words = words_of(as_question(text), names)
    if not words:
        return Question(text, Form.ACCOUNT)
    defined = _defined(words)
    if defined:
        proper = tuple(word.text for word in words if word.name)
        return Question(text, Form.DEFINITION, (Ask(Form.DEFINITION, "", (defined,)),), None, proper)
    comparison = read_comparison(words)
    proper = tuple(word.text for word in words if word.name)
    if comparison is not None:
        form = Form.YES_NO if comparison.same else Form.CHOICE
        return Question(text, form, (), comparison, proper)
    both = read_both(words)
    if both:
        return Question(text, Form.YES_NO, both, None, proper)
    if words[0].lower in AUXILIARIES:
        ask = Ask(Form.YES_NO, "", pieces_of(QuestionReader(words[1:], pending=False)))
        return Question(text, Form.YES_NO, (ask,), None, proper)
    head, rest = wh_phrase(words)
    if head is None:
        head, rest = _late_wh_phrase(words)
    if head is None:
        ask = Ask(Form.ACCOUNT, "", pieces_of(QuestionReader(words, pending=False)))
        return Question(text, Form.ACCOUNT, (ask,), None, proper)
    rest, further = split_joined(rest)
    ask = read_body(head, rest)
    asks = [ask]
    if further is not None:
        asks.append(Ask(further.form, further.noun, ask.pieces, further.count, further.lead))
    return Question(text, ask.form, tuple(asks), None, proper)


def as_question(text: str) -> str:
    """A request as the question it stands for: "List the firms that ..." asks which firms."""
    text = _NAME_OF.sub(r"\1 ", text)
    request = _IMPERATIVE.match(text.strip().rstrip("?.! "))
    if request is None:
        return text
    rest = request["rest"]
    if rest.split(" ")[0].lower() in _WH:
        return rest
    listed = _LISTED.match(rest)
    return f"which {listed['noun']} {listed['clause']}" if listed is not None else f"what are {rest}"


def _defined(words: Sequence[Word]) -> str:
    """What "who is X", "what is an X" and a bare "X" ask to be told of; "" for other questions."""
    asked = len(words) > 2 and words[0].lower in {"who", "what"} and words[1].lower in _BE
    bare = words[0].lower not in _WH | AUXILIARIES and all(word.name for word in words)
    if not asked and not bare:
        return ""
    rest = list(words[2:] if asked else words)
    if rest[0].lower in {"the", "a", "an"} and len(rest) > 1:
        rest = rest[1:]
    if any(word.name for word in rest[:-1]) or any(word.lower in SMALL or word.text == "'s" for word in rest):
        return ""
    office = words[0].lower == "who" and not rest[-1].name
    return "" if office or len(rest) > 3 else " ".join(word.text for word in rest)


def _without(text: str, names: Sequence[str]) -> str:
    """The question in small letters with a mark for each name, so that "Jobs" is no plural."""
    for name in names:
        text = text.replace(name, "X")
    return text.lower()


def _late_wh_phrase(words: list[Word]) -> tuple[Head | None, list[Word]]:
    """Find the wh-phrase of "The mill is in a town on which river?"; what stands before it remains."""
    for place in range(len(words) - 1, 1, -1):
        if words[place].lower not in {"which", "what", "who", "whom"}:
            continue
        start = place - 1 if words[place - 1].lower in PREPOSITIONS else place
        head, after = wh_phrase(words[start:])
        if head is not None:
            return head, [*words[:start], *after]
    return None, words


def _asked_for_many(text: str) -> str:
    """The plural noun of "which cities ...", where no number of them is given; else ""."""
    head, _ = wh_phrase(words_of(text, ()))
    if head is None or head.count is not None or head.form in (Form.NUMBER, Form.MONEY, Form.DATE):
        return ""
    plural = [word for word in head.noun.split() if word.islower() and singular(word) != word]
    return head.noun if plural else ""
