"""What may stand in a query as a label, a relationship type or a property key: one allow-list for all.

Parameters cannot stand for identifiers, and quoting is no way out: a backtick can be written as an
escape inside backticks. So a name either consists of letters, digits and underscores, or a fallback
takes its place (the name itself is kept as a property, where it is data).
"""

import re

_WORD = re.compile(r"[A-Za-z0-9]+")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")


def identifier(name: str, *, fallback: str) -> str:
    """`name` if it may stand in Cypher as a label, type or key, else `fallback`.

    `fullmatch`, since a ``$`` would let a final newline through.
    """
    return name if _IDENTIFIER.fullmatch(name) else fallback


def label(type_key: str) -> str:
    """The label of an entity type; names with two leading underscores are the store's own."""
    return "Entity" if type_key.startswith("__") else identifier(type_key, fallback="Entity")


def relationship(type_key: str) -> str:
    """The relationship type of a relation type; of surface words ("was founded by"), WAS_FOUNDED_BY."""
    if type_key.startswith("__"):
        return "RELATED_TO"
    words = "_".join(_WORD.findall(type_key)).upper()[:63]
    return identifier(type_key, fallback=identifier(words, fallback="RELATED_TO"))
