"""Which words a query on the graph may use, told from the ontology: for queries that a model wrote.

The language allowed is a plain part of Cypher: patterns, conditions, counts. That keeps a query readable,
checkable word by word, and free of expressions that could run or grow without end. It is no guard
against writing, which is `graphrag.store.neo4j_query`'s: both look at every such query.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from graphrag.store.identifiers import label, relationship
from graphrag.store.neo4j_rows import CHUNK, COMMUNITY, DOCUMENT, EDGE_KINDS, ENTITY, RELATION

if TYPE_CHECKING:
    from graphrag.store.neo4j import Connection
    from ontology import Ontology

_LONGEST = 2000  # characters of a query
_MOST_HOPS = 6
_MOST_SUMS = 4  # a text added to itself step by step would fill the server's memory
_OURS = (DOCUMENT, CHUNK, ENTITY, COMMUNITY)
_INDEXES = ("kg_names", "kg_text")
_PROCEDURE = "db.index.fulltext.querynodes"
_FUNCTIONS = frozenset({
    "count", "collect", "size", "min", "max", "sum", "avg", "coalesce", "labels", "type", "nodes",
    "relationships", "length", "startnode", "endnode", "tolower", "toupper", "trim", "substring",
    "head", "last", "keys", "any", "all", "none", "single", "exists", "shortestpath", "tointeger",
    "tofloat", "tostring", "abs", "round",
})  # fmt: skip
_WORDS = frozenset({
    "match", "optional", "where", "return", "with", "unwind", "as", "distinct", "order", "by",
    "asc", "desc", "ascending", "descending", "skip", "limit", "and", "or", "xor", "not", "in",
    "is", "null", "true", "false", "starts", "ends", "contains", "case", "when", "then", "else",
    "end", "union", "call", "yield", "exists", "count", "collect", "on", "shortest",
})  # fmt: skip
_BEFORE_BRACKET = _WORDS - {"exists", "count", "collect"}
_STARTS = ("match", "optional", "with", "unwind", "return", "call")
_TOKEN = re.compile(
    r"\s+|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\$?[A-Za-z_][A-Za-z0-9_]*|\d+(?:\.(?=\d)\d+)?|\.\.|<>|<=|>=|=~|->|<-|"
    r"[-+*/%^=<>()\[\]{},.:|&!]"
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class _Token(NamedTuple):
    text: str
    inside: str  # innermost open bracket: "(", "[" of a relationship, "[list", "{map", "{query" or ""

    @property
    def low(self) -> str:
        return self.text.lower()

    @property
    def is_name(self) -> bool:
        return _NAME.fullmatch(self.text) is not None


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Labels, relationship types and properties that there are.

    Attributes:
        relations: What joins entities: (type, labels it starts from, labels it leads to).
    """

    labels: tuple[str, ...]
    types: tuple[str, ...]
    properties: tuple[str, ...]
    relations: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = ()

    @classmethod
    def of(cls, ontology: "Ontology | None", connection: "Connection | None" = None) -> "Vocabulary":
        """That of an ontology; without one, that of the entities and relations in the database."""
        if ontology is not None:
            entity_labels: Iterable[str] = {label(key) for key in ontology.types}
            relations = [
                (relationship(key), tuple(map(label, item.domain)), tuple(map(label, item.range)))
                for key, item in sorted(ontology.relations.items())
            ]
        else:
            entity_labels, found = _found(connection)
            relations = [(name, (), ()) for name in found]
        ours = [kind.label for kind in _OURS] + [
            kind.label.strip("_") for kind in _OURS if kind is not ENTITY
        ]
        return cls(
            tuple(sorted({*entity_labels, *ours})),
            tuple(
                sorted({name for name, _, _ in relations} | {kind.type for kind in EDGE_KINDS if kind.type})
            ),
            tuple(sorted({"id"}.union(*(kind.properties for kind in _OURS), RELATION.properties))),
            tuple(relations),
        )

    def problems(self, query: str, parameters: Mapping[str, Any]) -> list[str]:
        """What in a query is not of this vocabulary, in words for its writer; [] if all is."""
        if len(query) > _LONGEST:
            return [f"the query is longer than {_LONGEST} characters"]
        tokens = _read(query)
        if isinstance(tokens, str):
            return [tokens]
        return list(dict.fromkeys([*_grammar(tokens), *self._unknown(tokens), *_values(tokens, parameters)]))

    def described(self) -> str:
        """What there is, for whoever writes a query."""
        lines = [f"- (:{'|'.join(a) or '__Entity__'})-[:{t}]->(:{'|'.join(b) or '__Entity__'})"
                 for t, a, b in self.relations]  # fmt: skip
        kinds = ", ".join(name for name in self.labels if not name.startswith("__"))
        return f"Labels: {kinds}\nRelations:\n" + "\n".join(lines)

    def _unknown(self, tokens: list[_Token]) -> Iterator[str]:
        made = {a.text for a, b in pairwise(tokens) if b.text == ":" and a.inside == "{map"}
        for place, token in enumerate(tokens):
            before = tokens[place - 1] if place else _Token("", "")
            after = tokens[place + 1] if place + 1 < len(tokens) else _Token("", "")
            listed = token.inside == "{map" or (token.inside == "[list" and before.text == "|")
            if before.text in (":", "|", "&", "!") and token.is_name and not listed:
                known = self.types if token.inside == "[" else self.labels
                if token.text not in known and not (token.inside != "(" and token.text in self.types):
                    kind = "relationship type" if token.inside == "[" else "label"
                    yield f"there is no {kind} {token.text}"
            elif before.text == "." and token.is_name and after.text != "(" and after.text != ".":
                if token.text not in self.properties and token.text not in made:
                    yield f"there is no property {token.text}"
            elif after.text == ":" and token.inside == "{map" and _in_pattern(tokens, place):
                if token.text not in self.properties:
                    yield f"there is no property {token.text}"


def _found(connection: "Connection | None") -> tuple[list[str], list[str]]:
    if connection is None:
        return [], []
    kinds = connection.read(f"MATCH (e:{ENTITY.label}) RETURN DISTINCT e.type AS name ORDER BY name")
    types = connection.read(
        f"MATCH (:{ENTITY.label})-[r WHERE r.id STARTS WITH 'rel-']->(:{ENTITY.label}) "
        "RETURN DISTINCT r.type AS name ORDER BY name"
    )
    return [label(row["name"]) for row in kinds], sorted({relationship(row["name"]) for row in types})


def _read(query: str) -> "list[_Token] | str":
    """The tokens, each with the bracket it stands in; or what keeps the query from being read."""
    tokens: list[_Token] = []
    stack: list[str] = []
    place = 0
    while place < len(query):
        found = _TOKEN.match(query, place)
        if found is None or query.startswith("//", place) or query.startswith("/*", place):
            odd = query[place : place + 2]
            return f"the query cannot hold {odd!r}; write plain Cypher without comments or backticks"
        place = found.end()
        text = found[0]
        if text.isspace():
            continue
        if text in ")]}":
            opener = stack.pop() if stack else ""
            if opener[:1] != {")": "(", "]": "[", "}": "{"}[text]:
                return f"a {text} closes nothing"
        tokens.append(_Token(text, stack[-1] if stack else ""))
        if text == "(":
            stack.append(text)
        elif text == "[":
            between = len(tokens) > 1 and tokens[-2].text in ("-", "<-")
            stack.append("[" if between else "[list")
        elif text == "{":
            before = tokens[-2] if len(tokens) > 1 else _Token("", "")
            subquery = before.low in ("exists", "count", "collect", "call") or _called(tokens)
            stack.append("{query" if subquery else "{map")
    return tokens if not stack else f"a {stack[-1][:1]} is not closed"


def _called(tokens: list[_Token]) -> bool:
    """Whether the brace just read opens ``CALL (x) {``."""
    if len(tokens) < 4 or tokens[-2].text != ")":
        return False
    depth = 0
    for place in range(len(tokens) - 2, -1, -1):
        depth += {")": 1, "(": -1}.get(tokens[place].text, 0)
        if depth == 0:
            return place > 0 and tokens[place - 1].low == "call"
    return False


def _in_pattern(tokens: list[_Token], place: int) -> bool:
    """Whether a map stands in a node or relationship, so that its keys are properties."""
    depth = 0
    for at in range(place, -1, -1):
        depth += {"}": 1, "{": -1}.get(tokens[at].text, 0)
        if depth < 0:
            before = tokens[at - 1] if at else _Token("", "")
            return tokens[at].inside in ("(", "[") and (before.is_name or before.text in ("(", "["))
    return False


def _grammar(tokens: list[_Token]) -> Iterator[str]:
    if not tokens or tokens[0].low not in _STARTS:
        yield "a query begins with MATCH, OPTIONAL MATCH, CALL, WITH, UNWIND or RETURN"
        return
    if not any(token.low == "return" for token in tokens):
        yield "a query ends with RETURN"
    if sum(token.text == "+" for token in tokens) > _MOST_SUMS:
        yield f"a query adds at most {_MOST_SUMS} times"
    for place, token in enumerate(tokens):
        before = tokens[place - 1] if place else _Token("", "")
        after = tokens[place + 1] if place + 1 < len(tokens) else _Token("", "")
        if token.text == "(" and before.is_name:
            yield from _call(tokens, place - 1)
        if token.text == "*" and token.inside == "[" and before.text != "(":
            yield from _hops(tokens, place)
        if token.text in ("+", "*", "{") and before.text in ("->", "-", "<-", "]") and token.inside != "[":
            yield "write paths of several steps as -[:TYPE*1..3]-"
        if token.text == "{" and before.text == ")" and not _called(tokens[: place + 1]):
            yield "write paths of several steps as -[:TYPE*1..3]-"
        if token.text == ":" and after.text in ("(", "$", ":"):
            yield "write labels as (n:One|Two)"
        if token.low == "is" and after.low not in ("null", "not"):
            yield "write labels as (n:One|Two), and IS only before NULL or NOT NULL"
        if token.low == "call" and after.text not in ("(", "{"):
            yield from _procedure(tokens, place)


def _call(tokens: list[_Token], place: int) -> Iterator[str]:
    """A name before a bracket: a function, a keyword, or part of a procedure's name."""
    name = tokens[place]
    dotted = place > 0 and tokens[place - 1].text == "."
    before = tokens[place - 1] if place else _Token("", "")
    if dotted:
        start = place
        while start > 1 and tokens[start - 1].text == "." and tokens[start - 2].is_name:
            start -= 2
        whole = "".join(token.text for token in tokens[start : place + 1])
        if whole.lower() != _PROCEDURE or start == 0 or tokens[start - 1].low != "call":
            yield f"{whole} is not to be called here"
    elif name.low not in _FUNCTIONS and name.low not in _BEFORE_BRACKET and before.text not in (":", "|"):
        yield f"there is no function {name.text} here; use one of {', '.join(sorted(_FUNCTIONS))}"


def _procedure(tokens: list[_Token], place: int) -> Iterator[str]:
    opening = next((at for at in range(place, len(tokens)) if tokens[at].text == "("), None)
    index = tokens[opening + 1].text[1:-1] if opening is not None and opening + 1 < len(tokens) else ""
    if index not in _INDEXES:
        yield f"CALL db.index.fulltext.queryNodes looks into {' or '.join(map(repr, _INDEXES))} only"


def _hops(tokens: list[_Token], place: int) -> Iterator[str]:
    """After a star within square brackets: at most so many steps, and a most there must be."""
    numbers = []
    for token in tokens[place + 1 :]:
        if not (token.text.isdigit() or token.text == ".."):
            break
        numbers.append(token.text)
    if not numbers or not numbers[-1].isdigit() or int(numbers[-1]) > _MOST_HOPS:
        yield f"a path of several steps names at most {_MOST_HOPS}, as in -[:TYPE*1..3]-"


def _values(tokens: list[_Token], parameters: Mapping[str, Any]) -> Iterator[str]:
    for token in tokens:
        if token.text.startswith("$") and token.text[1:] not in parameters:
            yield f"the parameter {token.text} has no value"
