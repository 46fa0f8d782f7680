"""Which names are one thing: a pure function of what the documents say, whatever their order.

A *term* is what documents mean by a name: its normal form, the type they give it and how sure they
are. The terms of one name fall into *senses* (`senses`): one, unless documents state disjoint types
or carry titles that tell them apart. The senses of names that might be one thing are *clustered*
(`cluster`): by the user's word, by aliases that a text states, by forms that people leave off, by
near-identical spelling. Each union has a kind, a score and its two names, so it can be explained.

Nothing here looks further than one connected component of candidate links, so a change of a document
needs only the components of its names computed anew, and the result equals a rebuild.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from graphrag.ids import content_id

if TYPE_CHECKING:
    from ontology import Ontology

TypeOf = Callable[[str | None], str | None]

# How sure a document is of a name's type.
TAGGED, CORROBORATED, STATED = 0, 1, 2
# Open mode has no schema: the coarse types that extractors tag, as types of the graph.
_OPEN = {
    "PERSON": "Person",
    "ORG": "Organization",
    "LOC": "Place",
    "GPE": "Place",
    "FAC": "Place",
    "WORK": "Work",
    "PRODUCT": "Product",
    "EVENT": "Event",
    "NORP": "Group",
}
_COARSE = frozenset(_OPEN.values())


def open_type(label: str | None) -> str | None:
    """The type that an extractor's label gives in open mode; a label of the user's own stands as it is."""
    return None if label is None or label == "MISC" else _OPEN.get(label, label)


class Types:
    """What resolution must know of the schema: which types exclude each other.

    Without an ontology the extractor's own coarse types stand, and different ones exclude each other.
    """

    def __init__(self, ontology: "Ontology | None" = None, type_of: TypeOf | None = None) -> None:
        """Join a schema with the mapping of an extractor's types into it."""
        self._ontology = ontology
        self._type_of = type_of
        self._known: dict[str | None, str | None] = {}
        self._disjoint: dict[tuple[str, str], bool] = {}
        self._work = self.of("WORK") if ontology is not None else "Work"
        self._person = self.of("PERSON") if ontology is not None else "Person"

    def of(self, mention_type: str | None) -> str | None:
        """The schema's type for an extractor's; None if it has none."""
        if mention_type not in self._known:
            self._known[mention_type] = self._map(mention_type)
        return self._known[mention_type]

    def _map(self, mention_type: str | None) -> str | None:
        if mention_type is None or mention_type == "MISC":
            return None
        if self._type_of is not None:
            return self._type_of(mention_type)
        if self._ontology is None:
            return open_type(mention_type)
        return mention_type if mention_type in self._ontology.types else None

    def told_by(self, name: str, kind: str) -> str:
        """The kind of `kind` that a name ends in ("Cornell University"), or `kind` itself.

        People and works are called what their makers please, so theirs tell nothing.
        """
        told = self.of(name) if kind and self._type_of is not None else None
        if told is None or not self.is_a(told, kind) or self.is_work(kind) or self.is_person(kind):
            return kind
        return told

    def key(self, kind: str) -> str:
        """A checked type as the schema knows it; "" for one that it does not know."""
        if self._ontology is not None and kind in self._ontology.types:
            return kind
        return self.of(kind) or ""

    def disjoint(self, first: str | None, second: str | None) -> bool:
        """Whether nothing can be both; an unknown type excludes none."""
        if first is None or second is None or first == second:
            return False
        if self._ontology is None:
            return first in _COARSE and second in _COARSE
        pair = (first, second)
        if pair not in self._disjoint:
            self._disjoint[pair] = self._ontology.are_disjoint(first, second)
        return self._disjoint[pair]

    def is_a(self, kind: str | None, ancestor: str | None) -> bool:
        """Whether `kind` is `ancestor` or a kind of it."""
        if kind is None or ancestor is None:
            return False
        return kind == ancestor or (self._ontology is not None and self._ontology.is_a(kind, ancestor))

    def related(self, first: str | None, second: str | None) -> bool:
        """Whether one is a kind of the other."""
        return self.is_a(first, second) or self.is_a(second, first)

    def symmetric(self, relation: str) -> bool:
        """Whether a relation that holds one way holds the other way too."""
        known = self._ontology.relations.get(relation) if self._ontology is not None else None
        return known is not None and known.symmetric

    def is_work(self, kind: str | None) -> bool:
        """Whether it is a work of art, whose title is exact: "The Room" is not "Room"."""
        return self.is_a(kind, self._work)

    def is_person(self, kind: str | None) -> bool:
        return self.is_a(kind, self._person)


class Term(NamedTuple):
    """What documents mean by a name.

    Attributes:
        normal: Normal form of the name.
        type: Key of a type; "" if the documents do not tell.
        strength: TAGGED, CORROBORATED or STATED.
        qualifier: What a title adds to part it from others of the name ("1998 film"); "=" for a
            title that is the bare name; "" where the name is not the document's title.
        literal: Whether it is a value.
    """

    normal: str
    type: str
    strength: int
    qualifier: str
    literal: bool


@dataclass(slots=True)
class Sense:
    """Terms of one name that mean one thing.

    Attributes:
        tag: Tells it from other senses of the name; "" for a name's only or undecided sense.
        type: Majority type of its terms, the surest evidence first; None if unknown.
        sure: Whether that type is more than a tagger's word.
        titled: Whether a document is about it.
        documents: Number of document uses.
        terms: Indexes into the sequence given to `senses`.
    """

    normal: str
    tag: str
    type: str | None
    sure: bool
    titled: bool
    documents: int
    terms: list[int]

    @property
    def key(self) -> tuple[str, str]:
        return self.normal, self.tag


def senses(terms: Sequence[tuple[Term, int]], types: Types) -> list[Sense]:
    """Part the terms of one name into things.

    Titles with different qualifiers are different things; so are types that exclude each other where
    both are firm: stated by a text, or borne out by facts of several documents. A tagger's slips are
    neither, so they part nothing. Weaker evidence joins what it fits: the thing a bare title names, else
    the most written about; where only qualified titles fit and there are several, it stays apart, undecided.

    Args:
        terms: Terms of one normal form, none literal, each with its number of documents.
    """
    if len(terms) == 1:
        return [_only_sense(*terms[0])]
    order = sorted(range(len(terms)), key=lambda i: (-terms[i][1], terms[i][0]))
    qualified: dict[str, list[int]] = defaultdict(list)
    firm: list[int] = []
    weak: list[int] = []
    for index in order:
        if terms[index][0].qualifier:
            qualified[terms[index][0].qualifier].append(index)
        else:
            (firm if _is_firm(index, terms, types) else weak).append(index)
    groups: list[_Group] = [_Group(q, terms, members) for q, members in sorted(qualified.items())]
    undecided: list[int] = []
    for index in [*firm, *weak]:
        kind = terms[index][0].type or None
        fits = [group for group in groups if not types.disjoint(kind, group.type(types))]
        if not fits and index in firm:
            groups.append(_Group("", terms, [index]))
            continue
        chosen = _choose(fits or groups)
        if chosen is not None:
            chosen.members.append(index)
        else:
            undecided.append(index)
    if undecided:
        groups.append(_Group("?", terms, undecided))
    return _tagged(groups, terms, types)


def _only_sense(term: Term, documents: int) -> Sense:
    """What most names have: one term, so one sense. As the long way gives it."""
    tag = "" if term.qualifier == "=" else term.qualifier
    sure = bool(term.type) and term.strength != TAGGED
    return Sense(term.normal, tag, term.type or None, sure, bool(term.qualifier), documents, [0])


def _is_firm(index: int, terms: Sequence[tuple[Term, int]], types: Types) -> bool:
    """Whether a term's type has the support that it takes to part a name."""
    term = terms[index][0]
    if not term.type or term.strength == TAGGED:
        return False
    alike = [(other, count) for other, count in terms if types.related(other.type or None, term.type)]
    stated = sum(count for other, count in alike if other.strength == STATED)
    borne_out = sum(count for other, count in alike if other.strength != TAGGED)
    documents = sum(count for _, count in terms)
    return (stated > 0 and 50 * stated >= documents) or (borne_out >= 3 and 10 * borne_out >= documents)


class _Group:
    __slots__ = ("_terms", "members", "qualifier")

    def __init__(self, qualifier: str, terms: Sequence[tuple[Term, int]], members: list[int]) -> None:
        self.qualifier = qualifier
        self._terms = terms
        self.members = members

    def type(self, types: Types) -> str | None:
        return majority_type([self._terms[i] for i in self.members], types)[0]

    def documents(self) -> int:
        return sum(self._terms[i][1] for i in self.members)


def _choose(fits: list[_Group]) -> _Group | None:
    if len(fits) == 1:
        return fits[0]
    bare = [group for group in fits if group.qualifier == "="]
    free = bare or [group for group in fits if not group.qualifier]
    if not free:
        return None
    return min(free, key=lambda group: (-group.documents(), group._terms[group.members[0]][0]))


def _tagged(groups: list[_Group], terms: Sequence[tuple[Term, int]], types: Types) -> list[Sense]:
    plain = [group for group in groups if group.qualifier in ("", "=", "?")]
    found = []
    for group in groups:
        members = [terms[i] for i in group.members]
        kind, sure = majority_type(members, types)
        if group.qualifier not in ("", "=", "?"):
            tag = group.qualifier
        elif len(plain) == 1 or group.qualifier == "=":
            tag = ""
        else:
            tag = "?" if group.qualifier == "?" else f":{members[0][0].type}"
        titled = any(term.qualifier for term, _ in members)
        found.append(
            Sense(members[0][0].normal, tag, kind, sure, titled, group.documents(), sorted(group.members))
        )
    return found


# How many documents of a tagger's word a document's word is worth.
_WEIGHT = {TAGGED: 1, CORROBORATED: 2, STATED: 4}


def majority_type(members: Sequence[tuple[Term, int]], types: Types) -> tuple[str | None, bool]:
    """The best supported type, surer evidence counting more; see `specific_type`.

    Returns:
        The type, None if none is known, and whether more than a tagger's word supports it.
    """
    votes: dict[str, int] = defaultdict(int)
    sure: dict[str, int] = defaultdict(int)
    for term, count in members:
        if term.type:
            votes[term.type] += count * _WEIGHT[term.strength]
            if term.strength != TAGGED:
                sure[term.type] += count * _WEIGHT[term.strength]
    if not votes:
        return None, False
    best = specific_type(votes, sure, types)
    return best, any(types.related(best, kind) for kind in sure)


def specific_type(votes: Mapping[str, int], sure: Mapping[str, int], types: Types) -> str:
    """The type with the best support, and of its kinds the most specific that evidence bears out.

    A type is supported by its own votes and those of its kinds. A general word says nothing against a
    specific one, so from the best a step down takes no majority: half of all votes, or one in twenty
    that is more than a tagger's word. Kinds that are not kinds of each other settle it by vote; where
    they are even, the type above both stands.

    Args:
        votes: Not empty.
        sure: Those of the votes that rest on more than a tagger's word.
    """
    if len(votes) == 1:
        return next(iter(votes))
    support = {kind: sum(n for other, n in votes.items() if types.is_a(other, kind)) for kind in votes}
    firm = {kind: sum(n for other, n in sure.items() if types.is_a(other, kind)) for kind in votes}
    best = min(votes, key=lambda kind: (-support[kind], kind not in sure, kind))
    while True:
        borne_out = [
            kind
            for kind in votes
            if kind != best
            and types.is_a(kind, best)
            and (2 * support[kind] >= support[best] or 20 * firm[kind] >= support[best])
        ]
        if not borne_out:
            return best
        below = min(borne_out, key=lambda kind: (-support[kind], kind))
        even = (kind for kind in borne_out if kind != below and support[kind] == support[below])
        if not all(types.related(kind, below) for kind in even):
            return best
        best = below


class Link(NamedTuple):
    """Grounds to think that two senses are one thing.

    Attributes:
        first, second: Indexes of senses; for an abbreviation `first` is the fuller name.
        kind: "aka", "native", "former", "legal", "acronym", "variant", "spelling", "initials".
        score: In [0, 1].
        documents: How many documents state it; 0 where it follows from the names alone.
    """

    first: int
    second: int
    kind: str
    score: float
    documents: int


class Merge(NamedTuple):
    """A union that was made, and why: names with their tags, kind, score, documents that state it."""

    first: tuple[str, str]
    second: tuple[str, str]
    kind: str
    score: float
    documents: int

    def as_plain(self) -> dict[str, str | float]:
        """For people and JSON: what was joined, and on what ground."""
        grounds = {
            "user": "decided by the user",
            "variant": "they differ in article, office or legal form alone",
            "spelling": "one slip inside a long word, or a blank",
            "initials": "the initials written out",
        }
        stated = f"stated in {self.documents} document{'s' * (self.documents != 1)} ({self.kind})"
        return {
            "first": " / ".join(filter(None, self.first)),
            "second": " / ".join(filter(None, self.second)),
            "because": grounds.get(self.kind, stated),
            "score": self.score,
        }


class Decision(NamedTuple):
    """A user's word, which stands over all evidence and survives updates and rebuilds.

    Attributes:
        kind: "merge" or "split".
        first, second: Names as a user writes them; a qualifier "(1998 film)" or a type key in
            `first_type` / `second_type` picks one of several senses.
    """

    kind: str
    first: str
    second: str
    first_type: str = ""
    second_type: str = ""


@dataclass
class Clusters:
    """Senses that are one thing each, and the unions that made them so.

    Attributes:
        members: Indexes of senses, per cluster, sorted by the senses' keys.
        merges: In the order in which they were made.
        refused: Links that were not followed, with a word why.
    """

    members: list[list[int]] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    refused: list[tuple[Link, str]] = field(default_factory=list)


_STATED_KINDS = frozenset(("aka", "native", "former", "legal"))
_SHORT_KINDS = frozenset(("acronym", "initials"))


def cluster(
    found: Sequence[Sense],
    links: Iterable[Link],
    types: Types,
    *,
    together: Iterable[tuple[int, int]] = (),
    apart: Iterable[tuple[int, int]] = (),
) -> Clusters:
    """Join the senses of one connected component; the order of the input does not matter.

    The user's unions come first, then what texts state, then what follows from the names; within a
    kind the best documented first. A union is refused where the user parted the two, where sure types
    exclude each other, or where two documents are about different ones. An abbreviation joins the one
    fuller name it has and none if it has several.

    Args:
        together, apart: The user's decisions, as pairs of indexes.
    """
    work = _Union(found, types, apart)
    result = Clusters()
    for a, b in sorted(together, key=lambda p: (found[p[0]].key, found[p[1]].key)):
        if work.join(a, b, forced=True):
            result.merges.append(Merge(found[a].key, found[b].key, "user", 1.0, 0))
    ordered = sorted(links, key=lambda link: _priority(link, found))
    for link in ordered:
        if link.kind not in _SHORT_KINDS and not _short_alias(link, found):
            _follow(link, found, work, result)
    _follow_short(
        [k for k in ordered if k.kind in _SHORT_KINDS or _short_alias(k, found)], found, work, result
    )
    result.members = work.clusters()
    return result


def _priority(link: Link, found: Sequence[Sense]) -> tuple[int, float, int, tuple[str, str], tuple[str, str]]:
    rank = 0 if link.kind in _STATED_KINDS else 1 if link.kind == "variant" else 2
    pair = sorted((found[link.first].key, found[link.second].key))
    return rank, -link.score, -link.documents, pair[0], pair[1]


def _short_alias(link: Link, found: Sequence[Sense]) -> bool:
    """A stated alias of one word ("the King") may be many people's; it binds as an acronym does."""
    alias = found[link.second]
    return link.kind == "aka" and " " not in alias.normal and alias.normal.isascii() and not alias.titled


def _follow(link: Link, found: Sequence[Sense], work: "_Union", result: Clusters) -> None:
    a, b = link.first, link.second
    reason = work.refusal(a, b, stated=link.kind in _STATED_KINDS)
    if reason:
        result.refused.append((link, reason))
    elif work.join(a, b):
        result.merges.append(Merge(found[a].key, found[b].key, link.kind, link.score, link.documents))


def _follow_short(links: Sequence[Link], found: Sequence[Sense], work: "_Union", result: Clusters) -> None:
    targets: dict[int, set[int]] = defaultdict(set)
    for link in links:
        if not work.refusal(link.first, link.second, stated=True):
            targets[link.second].add(work.root(link.first))
    ambiguous = {short for short, full in targets.items() if len(full - {work.root(short)}) > 1}
    for link in links:
        if link.second in ambiguous:
            result.refused.append((link, "stands for several names"))
        else:
            _follow(link, found, work, result)


class _Union:
    """Union-find over senses that knows what must not be joined."""

    def __init__(self, found: Sequence[Sense], types: Types, apart: Iterable[tuple[int, int]]) -> None:
        self._found = found
        self._types = types
        self._parent = list(range(len(found)))
        self._members: dict[int, list[int]] = {i: [i] for i in range(len(found))}
        self._apart: dict[int, set[int]] = defaultdict(set)
        for a, b in apart:
            self._apart[a].add(b)
            self._apart[b].add(a)

    def root(self, index: int) -> int:
        while self._parent[index] != index:
            self._parent[index] = self._parent[self._parent[index]]
            index = self._parent[index]
        return index

    def refusal(self, a: int, b: int, *, stated: bool) -> str:
        ra, rb = self.root(a), self.root(b)
        if ra == rb:
            return ""
        if self._parted(ra, rb):
            return "parted by the user"
        left = [self._found[i] for i in self._members[ra]]
        right = [self._found[i] for i in self._members[rb]]
        for one in left:
            for other in right:
                # A tagger's word can be overruled by a text that states the alias, not by likeness.
                firm = (one.sure and other.sure) or not stated
                if firm and self._types.disjoint(one.type, other.type):
                    return f"{one.type} and {other.type} exclude each other"
        both = {a, b}
        for i in self._members[ra]:
            for j in self._members[rb]:
                if self._found[i].titled and self._found[j].titled and not (stated and {i, j} == both):
                    return "documents are about each of the two"
        return ""

    def _parted(self, ra: int, rb: int) -> bool:
        return any(
            j in self._apart[i] for i in self._members[ra] if i in self._apart for j in self._members[rb]
        )

    def join(self, a: int, b: int, *, forced: bool = False) -> bool:
        """Join two clusters; False where they are one already, or (forced) where the user parted them."""
        ra, rb = self.root(a), self.root(b)
        if ra == rb or (forced and self._parted(ra, rb)):
            return False
        if len(self._members[ra]) < len(self._members[rb]):
            ra, rb = rb, ra
        self._parent[rb] = ra
        self._members[ra] += self._members.pop(rb)
        return True

    def clusters(self) -> list[list[int]]:
        groups = [sorted(group, key=lambda i: self._found[i].key) for group in self._members.values()]
        return sorted(groups, key=lambda group: self._found[group[0]].key)


def entity_id(keys: Iterable[tuple[str, str]]) -> str:
    """Id of the thing that senses of these (normal form, tag) are.

    The longest name carries it: fuller names are rarer than the short ones that join them later.
    """
    normal, tag = min(keys, key=lambda key: (-len(key[0]), key))
    return content_id("ent", normal, tag)


def literal_id(normal: str, value_type: str) -> str:
    """Id of a value."""
    return content_id("ent", normal, "=", value_type)
