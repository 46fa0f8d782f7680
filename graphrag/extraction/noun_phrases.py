"""Noun phrases around a head: which words belong to it, at three lengths."""

from __future__ import annotations

from graphrag.extraction.syntax import Parse

__all__ = ["core_phrase", "full_phrase", "preposition", "short_phrase"]

# What stands inside a name or a noun with its modifiers.
_CORE = frozenset(
    {
        "det",
        "det:predet",
        "amod",
        "compound",
        "nummod",
        "flat",
        "nmod:desc",
        "goeswith",
        "fixed",
        "nmod:poss",
        "advmod",
        "dep",
    }
)
_INNER_PUNCTUATION = frozenset({"-", "–", "/", "'", "’", "`", "``", "''", '"', "“", "”", ".", "&", "‘"})


def core_phrase(parse: Parse, head: int) -> list[int]:
    """The head with determiners, adjectives, numbers and compounds, its entity's words included."""
    tokens: set[int] = set()
    _collect(parse, head, tokens)
    if parse.entity_start[head] >= 0:
        tokens.update(range(parse.entity_start[head], parse.entity_end(head)))
    return _trim(parse, tokens, head)


def short_phrase(parse: Parse, head: int) -> list[int]:
    """The core with "of" complements: "a portion of the prostate"."""
    tokens = set(core_phrase(parse, head))
    for kid in parse.children[head]:
        if parse.dep[kid] == "nmod" and kid > head and kid not in tokens and preposition(parse, kid) == "of":
            tokens.update(_preposition_tokens(parse, kid))
            tokens.update(short_phrase(parse, kid))
    return _trim(parse, tokens, head)


def full_phrase(parse: Parse, head: int) -> list[int]:
    """The core with every prepositional complement, without clauses, appositions and conjuncts."""
    tokens = set(core_phrase(parse, head))
    for kid in parse.children[head]:
        if parse.dep[kid] in ("nmod", "nmod:unmarked") and kid > head and kid not in tokens:
            tokens.update(_preposition_tokens(parse, kid))
            tokens.update(full_phrase(parse, kid))
    return _trim(parse, tokens, head)


def preposition(parse: Parse, token: int) -> str:
    """The words that mark a phrase, lower case: "of", "because of"; "" if bare."""
    return " ".join(parse.lower[k] for k in _preposition_tokens(parse, token))


def _preposition_tokens(parse: Parse, token: int) -> list[int]:
    words: list[int] = []
    for kid in parse.children[token]:
        if parse.dep[kid] == "case" and kid < token:
            words.append(kid)
            words.extend(k for k in parse.children[kid] if parse.dep[k] == "fixed")
    return words


def _collect(parse: Parse, token: int, tokens: set[int]) -> None:
    stack = [token]
    while stack:
        node = stack.pop()
        if node in tokens:
            continue
        tokens.add(node)
        for kid in parse.children[node]:
            label = parse.dep[kid]
            if label in _CORE:
                if label == "advmod" and kid > node:
                    continue
                if label == "nmod:poss":
                    tokens.update(full_phrase(parse, kid))
                    tokens.update(k for k in parse.children[kid] if parse.dep[k] == "case")
                else:
                    stack.append(kid)
            elif label == "case" and node != token:
                tokens.add(kid)
            elif (
                label == "nmod:unmarked"
                and (kid == node + 1 or parse.entity[kid] == "DATE" == parse.entity[node])
            ) or (label == "conj" and kid < token):
                stack.append(kid)
            elif (label == "cc" and kid < token and node != token) or (
                label == "punct" and parse.text[kid] in _INNER_PUNCTUATION
            ):
                tokens.add(kid)


def _trim(parse: Parse, tokens: set[int], head: int) -> list[int]:
    """Sorted, with punctuation inside kept and at the edges dropped."""
    found = sorted(tokens)
    punct = parse.pos
    while found and found[0] != head and punct[found[0]] == "PUNCT":
        found.pop(0)
    while found and found[-1] != head and punct[found[-1]] == "PUNCT":
        found.pop()
    return found
