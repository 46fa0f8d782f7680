"""A parsed text as plain lists, the form the extraction rules read.

spaCy's token objects cost a microsecond per look-up and a rule asks dozens of times per token; one
`to_array` call and Python lists cost a tenth of that. Trees are brought to Universal Dependencies:
the shipped pipeline speaks them already, the `en_core_web_*` packages (ClearNLP labels) are converted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from spacy.attrs import (  # type: ignore[import-not-found]
    DEP,
    ENT_IOB,
    ENT_TYPE,
    HEAD,
    IDX,
    LEMMA,
    ORTH,
    POS,
    SENT_START,
    SPACY,
    TAG,
)
from spacy.strings import StringStore
from spacy.tokens import Doc

__all__ = ["Parse", "read_parse"]

_ATTRIBUTES = [ORTH, LEMMA, POS, TAG, DEP, HEAD, ENT_IOB, ENT_TYPE, SENT_START, IDX, SPACY]
_BE = frozenset({"be", "am", "is", "are", "was", "were", "been", "being", "'s", "'re", "'m"})
_NOMINAL = frozenset({"NOUN", "PROPN", "PRON", "NUM", "SYM", "DET"})
# Entity labels of other pipelines, in the words of `Mention.type`.
_ENTITY_TYPES = {
    "PER": "PERSON",
    "GPE": "LOC",
    "FAC": "LOC",
    "WORK_OF_ART": "WORK",
    "LAW": "MISC",
    "LANGUAGE": "NORP",
    "TIME": "DATE",
    "CARDINAL": "NUMBER",
    "ORDINAL": "NUMBER",
    "NUM": "NUMBER",
}
_YEAR = re.compile(r"1[5-9]\d\d|20\d\d")
_CLEAR_LABELS = {
    "dobj": "obj",
    "dative": "iobj",
    "nsubjpass": "nsubj:pass",
    "csubjpass": "csubj",
    "auxpass": "aux:pass",
    "relcl": "acl:relcl",
    "poss": "nmod:poss",
    "prt": "compound:prt",
    "neg": "advmod",
    "nn": "compound",
    "quantmod": "advmod",
    "predet": "det:predet",
    "preconj": "cc:preconj",
    "intj": "discourse",
    "acomp": "xcomp",
    "oprd": "xcomp",
    "attr": "xcomp",
    "nounmod": "nmod",
    "meta": "dep",
}


@dataclass(slots=True)
class Parse:
    """Token table of one parsed text; every list has one item a token.

    Attributes:
        start: Offset of each token's first character in the parsed text.
        length: Characters of each token in the parsed text.
        space: Whether a blank follows.
        head: Index of the governor; a root governs itself.
        dep: Universal Dependencies relation to `head`; "ROOT" for roots.
        entity: Type of the named entity a token belongs to; "" outside.
        entity_start: Index of the first token of that entity; -1 outside.
        children: Dependents of each token, left to right.
        sentences: Half-open token ranges.
    """

    text: list[str]
    lower: list[str]
    lemma: list[str]
    pos: list[str]
    tag: list[str]
    dep: list[str]
    head: list[int]
    start: list[int]
    space: list[bool]
    entity: list[str]
    entity_start: list[int]
    length: list[int]
    children: list[list[int]] = field(default_factory=list)
    sentences: list[tuple[int, int]] = field(default_factory=list)
    _entity_end: dict[int, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.text)

    def entity_end(self, token: int) -> int:
        """End (exclusive) of the entity that starts at `entity_start[token]`."""
        return self._entity_end[self.entity_start[token]]

    def entity_ends(self) -> dict[int, int]:
        """End of each named entity by its first token."""
        return self._entity_end

    def link_children(self) -> None:
        """Make `children` what `head` says."""
        children: list[list[int]] = [[] for _ in self.head]
        for index, governor in enumerate(self.head):
            if governor != index:
                children[governor].append(index)
        self.children = children

    def end(self, token: int) -> int:
        """Offset past the last character of a token in the parsed text."""
        return self.start[token] + self.length[token]

    def restore_name(self, token: int, kind: str) -> None:
        """Make a token a name of its own, whatever the tagger took it for; `kind` may be unknown ("")."""
        self.pos[token], self.tag[token] = "PROPN", "NNP"
        first = self.entity_start[token]
        if first >= 0:  # whatever entity was seen here is no more
            self.drop_entity(first)
        self.entity_start[token], self.entity[token] = token, kind
        self._entity_end[token] = token + 1

    def is_subject(self, start: int, end: int) -> bool:
        """Whether the parser took the characters [start, end) for the core of one subject."""
        tokens = [t for t, at in enumerate(self.start) if start <= at < end]
        inside = set(tokens)
        outer = [t for t in tokens if self.head[t] not in inside or self.head[t] == t]
        if len(outer) != 1 or not self.dep[outer[0]].startswith("nsubj") or self.pos[outer[0]] != "PROPN":
            return False
        return self.pos[tokens[0]] != "ADV"

    def split_year(self, start: int) -> None:
        """Part a year from the name it was taken into: "1985 Hong Kong"."""
        end = self._entity_end[start]
        if self.entity[start] == "DATE" or end - start < 2 or not _YEAR.fullmatch(self.text[start]):
            return
        if not self.text[start + 1][:1].isupper():
            return
        self.entity[start] = "DATE"
        self._entity_end[start] = start + 1
        self._entity_end[start + 1] = end
        for token in range(start + 1, end):
            self.entity_start[token] = start + 1

    def cut_entity(self, start: int, end: int) -> None:
        """Let the entity that begins at `start` end at `end`."""
        for token in range(end, self._entity_end[start]):
            self.entity_start[token], self.entity[token] = -1, ""
        self._entity_end[start] = end

    def add_entity(self, start: int, end: int, kind: str) -> None:
        """Let the tokens [start, end), of no entity so far, be one."""
        for token in range(start, end):
            self.entity_start[token], self.entity[token] = start, kind
        self._entity_end[start] = end

    def drop_entity(self, start: int) -> None:
        """Let there be no entity where one began at `start`."""
        for token in range(start, self._entity_end.pop(start)):
            self.entity_start[token], self.entity[token] = -1, ""

    def child(self, token: int, *relations: str) -> int:
        """First dependent with one of the relations; -1 if none."""
        dep = self.dep
        for kid in self.children[token]:
            if dep[kid] in relations:
                return kid
        return -1

    def words(self, tokens: Sequence[int]) -> str:
        """Text of tokens as it stands: a blank wherever the text has one or tokens are left out."""
        text, space = self.text, self.space
        pieces: list[str] = []
        previous = -1
        for token in tokens:
            if pieces and (space[previous] or token != previous + 1):
                pieces.append(" ")
            pieces.append(text[token])
            previous = token
        return "".join(pieces)

    def subtree(self, token: int) -> list[int]:
        """A token with everything below it, in text order."""
        found = [token]
        for node in found:
            found.extend(self.children[node])
        found.sort()
        return found


def read_parse(doc: Doc, strings: dict[int, str]) -> Parse:
    """Turn a parsed spaCy text into lists.

    Args:
        doc: With tags, a parse and, if the pipeline has one, entities.
        strings: Cache of the vocabulary's strings; filled here, kept by the caller across texts.
    """
    table = doc.to_array(_ATTRIBUTES).astype("int64").T.tolist()
    store: StringStore = doc.vocab.strings
    columns: list[list[str]] = []
    for row in (table[0], table[1], table[2], table[3], table[4], table[7]):
        for key in set(row):
            if key not in strings:
                strings[key] = store[key & 0xFFFFFFFFFFFFFFFF]
        columns.append([strings[key] for key in row])
    text, lemma, pos, tag, dep, kinds = columns
    size = len(text)
    head = [index + offset for index, offset in enumerate(table[5])]
    entity = [_ENTITY_TYPES.get(kind, kind) for kind in kinds]
    entity_start, entity_end = _entities(table[6], size)
    parse = Parse(
        text,
        [word.lower() for word in text],
        lemma,
        pos,
        tag,
        dep,
        head,
        table[9],
        [flag != 0 for flag in table[10]],
        entity,
        entity_start,
        [len(word) for word in text],
    )
    parse._entity_end = entity_end
    if any(label in _CLEAR_MARKS for label in dep):
        _convert_clear(parse)
    parse.link_children()
    starts = [index for index, flag in enumerate(table[8]) if flag == 1 or index == 0]
    parse.sentences = list(zip(starts, [*starts[1:], size], strict=True))
    return parse


_CLEAR_MARKS = frozenset({"pobj", "dobj", "nsubjpass", "attr", "prep", "relcl", "acomp", "poss"})


def _entities(iob: list[int], size: int) -> tuple[list[int], dict[int, int]]:
    starts, ends = [-1] * size, dict[int, int]()
    current = -1
    for index, flag in enumerate(iob):  # 3 = begin, 1 = inside
        if flag == 3:
            current = index
        elif flag != 1:
            current = -1
        if current >= 0:
            starts[index] = current
            ends[current] = index + 1
    return starts, ends


def _convert_clear(parse: Parse) -> None:
    """Rewrite a ClearNLP tree into Universal Dependencies, in place; O(tokens)."""
    head, dep, pos = parse.head, parse.dep, parse.pos
    size = len(head)
    _lift_copulas(parse)
    for index in range(size):
        label = dep[index]
        if label in ("pobj", "pcomp") and dep[head[index]] in ("prep", "agent", "dative"):
            preposition = head[index]
            governor = head[preposition]
            role = dep[preposition]
            nominal = pos[governor] in _NOMINAL and dep[governor] != "ROOT"
            if label == "pcomp":
                new = "acl" if nominal else "advcl"
            elif role == "agent":
                new = "obl:agent"
            else:
                new = "nmod" if nominal else "obl"
            head[index], dep[index] = governor, new
            head[preposition], dep[preposition] = index, "mark" if label == "pcomp" else "case"
    for index in range(size):
        label = dep[index]
        if label == "npadvmod":
            dep[index] = "nmod:unmarked" if pos[head[index]] in _NOMINAL else "obl:unmarked"
        elif label == "prep" or label == "agent":
            dep[index] = "advmod"
        elif label == "dep" and pos[index] == "PROPN" and pos[head[index]] == "PROPN":
            dep[index] = "flat"
        else:
            dep[index] = _CLEAR_LABELS.get(label, label)
    for index in range(size):  # conjuncts hang on the first one
        steps = 0
        while dep[index] == "conj" and dep[head[index]] == "conj" and steps < size:
            head[index] = head[head[index]]
            steps += 1


def _lift_copulas(parse: Parse) -> None:
    """Make the predicate noun or adjective of "be" the head of its clause."""
    head, dep, lower = parse.head, parse.dep, parse.lower
    for index, label in enumerate(dep):
        verb = head[index]
        if label not in ("attr", "acomp") or lower[verb] not in _BE or verb == index:
            continue
        root = head[verb] == verb
        head[index] = index if root else head[verb]
        dep[index] = dep[verb]
        for other in range(len(head)):
            if head[other] == verb and other not in (verb, index):
                head[other] = index
        head[verb], dep[verb] = index, "cop"
