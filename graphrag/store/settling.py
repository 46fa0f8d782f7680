"""After a change: which entities and edges are different now.

Work is bounded by what the change touches: counters of its terms, the connected components of its
names, the edges of terms that moved to another entity.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from graphrag.ids import relation_id
from graphrag.names import bare_form, is_roman, normal_form, office_of, split_qualifier
from graphrag.resolution import (
    Decision,
    Link,
    Merge,
    Sense,
    Term,
    Types,
    cluster,
    entity_id,
    literal_id,
    senses,
)
from graphrag.spelling import alike, keys_of
from graphrag.store.view import hash_of

Edge = tuple[int, int, int]


@dataclass
class Touched:
    """What a change did to the multisets, before anything is derived from it.

    Attributes:
        documents, mentions: Change of each term's counters.
        ids: Ids of documents that came or went.
        names: Names to settle whatever happened to their terms.
        new_names: Normal form of each name that was not known before.
        lost, gained: (head, relation, tail) of facts that went and came.
        dead_terms, dead_names: Set by `Settler.settle`: what nothing uses any more, for caches to drop.
        resolved: Set by it: terms that are in another entity now.
        moved, swept: Set by it: entities that such terms were in before; ids of those that are gone.
        edges: Set by it: hashes of the ids of relations whose evidence is different.
    """

    documents: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    mentions: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    forms: dict[tuple[int, str], int] = field(default_factory=lambda: defaultdict(int))
    aliases: dict[tuple[int, int, str], int] = field(default_factory=lambda: defaultdict(int))
    lost: set[Edge] = field(default_factory=set)
    gained: set[Edge] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    names: set[int] = field(default_factory=set)
    new_names: dict[int, str] = field(default_factory=dict)
    dead_terms: list[Term] = field(default_factory=list)
    dead_names: list[str] = field(default_factory=list)
    resolved: set[int] = field(default_factory=set)
    moved: set[int] = field(default_factory=set)
    swept: dict[int, str] = field(default_factory=dict)
    edges: set[int] = field(default_factory=set)

    def terms(self) -> set[int]:
        """Terms whose entities may look different."""
        return self.resolved.union(self.documents, (first for first, _, _ in self.aliases))

    def term(self, term: int, documents: int, mentions: int) -> None:
        """Note a change of a term's counters."""
        self.documents[term] += documents
        self.mentions[term] += mentions


class Settler:
    """Derives entities and edges from counters and facts, for what was touched."""

    def __init__(self, db: sqlite3.Connection, types: Types, decisions: Sequence[Decision]) -> None:
        """Work on `db` under the user's decisions."""
        self._db = db
        self._types = types
        self._decisions = decisions
        self._decided: dict[str, list[Decision]] = defaultdict(list)
        for decision in decisions:
            for name in normals_of(decision.first) | normals_of(decision.second):
                self._decided[name].append(decision)

    def settle(self, touched: Touched) -> None:
        """Bring the derived tables up to date with `touched`."""
        self._count(touched)
        self._compare(touched.new_names)
        dirty = self._dirty(touched)
        names = self._closure(dirty)
        moved = self._resolve(names)
        touched.resolved.update(moved)
        touched.moved.update(old for old, _ in moved.values() if old)
        self._settle_edges(moved, touched)
        self._sweep(moved, touched)

    # Counters

    def _count(self, touched: Touched) -> None:
        # In the order of the table, here and below: a page that is passed once need not be fetched again.
        rows = [
            (d, touched.mentions[t], t)
            for t, d in sorted(touched.documents.items())
            if d or touched.mentions[t]
        ]
        self._db.executemany(
            "UPDATE terms SET documents = documents + ?, mentions = mentions + ? WHERE term = ?", rows
        )
        forms = [(term, form, count) for (term, form), count in sorted(touched.forms.items()) if count]
        self._db.executemany(
            "INSERT INTO forms VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count",
            forms,
        )
        fewer = [(term, form) for term, form, count in forms if count < 0]
        self._db.executemany("DELETE FROM forms WHERE term = ? AND form = ? AND count = 0", fewer)
        aliases = [(*alias, count) for alias, count in touched.aliases.items() if count]
        self._db.executemany(
            "INSERT INTO aliases VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET documents = "
            "documents + excluded.documents",
            aliases,
        )

    # Resolution

    def _compare(self, new: dict[int, str]) -> None:
        """Find the names that look like a new one, and note the pairs."""
        if not new:
            return
        held: dict[int, list[int]] = defaultdict(list)
        look: dict[int, list[int]] = defaultdict(list)
        for name, normal in new.items():
            own, others = keys_of(normal)
            for key in own:
                held[key].append(name)
            for key in others:
                look[key].append(name)
        found = self._db.execute(
            "SELECT b.block, b.name, n.normal FROM json_each(?) w"
            " JOIN blocks b ON b.block = w.value JOIN names n ON n.name = b.name",
            (json.dumps(sorted(look)),),
        )
        pairs = {(name, other): normal for key, other, normal in found for name in look[key]}
        for key, names in look.items():
            near = held.get(key, [])
            if near != names or len(names) > 1:
                pairs.update(((a, b), new[b]) for a in names for b in near if a != b)
        store = sorted((key, name) for key, names in held.items() for name in names)
        self._db.executemany("INSERT OR IGNORE INTO blocks VALUES (?, ?)", store)
        rows = []
        for (name, other), normal in pairs.items():
            likeness = alike(new[name], normal)
            if likeness is not None:
                fuller, shorter = (other, name) if likeness.fuller else (name, other)
                rows.append((fuller, shorter, likeness.kind, likeness.score))
        self._db.executemany("INSERT OR IGNORE INTO spellings VALUES (?, ?, ?, ?)", rows)
        self._link({name for row in rows for name in row[:2]})

    def _dirty(self, touched: Touched) -> set[int]:
        """Names whose entities may differ: new, dying, or tied to others."""
        rows = self._db.execute(
            "SELECT t.name FROM json_each(?) w JOIN terms t ON t.term = w.value JOIN names n USING (name)"
            " WHERE t.entity = 0 OR t.documents = 0 OR n.linked",
            (json.dumps(list(touched.documents)),),
        )
        dirty = {row[0] for row in rows} | touched.names
        ends = [end for first, second, _ in touched.aliases for end in (first, second)]
        if ends:
            rows = self._db.execute(
                "SELECT t.name FROM json_each(?) w JOIN terms t ON t.term = w.value", (json.dumps(ends),)
            )
            names = [row[0] for row in rows]
            dirty.update(names)
            self._link(names)
        fresh = self._db.execute(
            "SELECT a.name, b.name FROM json_each(?) w JOIN names a ON a.name = w.value"
            " JOIN names b ON b.bare = a.bare AND b.name != a.name",
            (json.dumps(list(dirty)),),
        ).fetchall()
        self._link({name for pair in fresh for name in pair})
        if self._decided:
            rows = self._db.execute(
                "SELECT name FROM names WHERE normal IN (SELECT value FROM json_each(?)) AND linked = 0",
                (json.dumps(sorted(self._decided)),),
            )
            self._link([row[0] for row in rows])
        return dirty

    def _link(self, names: Iterable[int]) -> None:
        self._db.executemany(
            "UPDATE names SET linked = 1 WHERE name = ? AND linked = 0", [(n,) for n in names]
        )

    def _closure(self, dirty: set[int]) -> set[int]:
        """The names of every candidate component that `dirty` touches."""
        reached = set(dirty)
        frontier = set(dirty)
        while frontier:
            batch = json.dumps(list(frontier))
            found: set[int] = set()
            for statement in _NEIGHBOURS:
                found.update(row[0] for row in self._db.execute(statement, (batch,)))
            found.update(self._decided_neighbours(batch))
            frontier = found - reached
            reached |= frontier
        return reached

    def _decided_neighbours(self, batch: str) -> set[int]:
        if not self._decided:
            return set()
        rows = self._db.execute(
            "SELECT normal FROM json_each(?) w JOIN names n ON n.name = w.value", (batch,)
        )
        others = {
            other
            for (normal,) in rows
            for decision in self._decided.get(normal, ())
            for end in (decision.first, decision.second)
            for other in normals_of(end)
        }
        if not others:
            return set()
        rows = self._db.execute(
            "SELECT name FROM names WHERE normal IN (SELECT value FROM json_each(?))",
            (json.dumps(sorted(others)),),
        )
        return {row[0] for row in rows}

    def _resolve(self, names: set[int]) -> dict[int, tuple[int, int]]:
        """Put the terms of `names` into entities; (old, new) entity of each term that moved."""
        rows = self._db.execute(
            "SELECT t.term, n.normal, t.type, t.strength, t.qualifier, t.literal, t.documents, t.entity"
            " FROM json_each(?) w JOIN terms t ON t.name = w.value JOIN names n USING (name)",
            (json.dumps(list(names)),),
        ).fetchall()
        before: dict[int, int] = {}
        target: dict[int, str | None] = {}
        by_name: dict[str, list[tuple[int, Term, int]]] = defaultdict(list)
        for key, normal, kind, strength, qualifier, literal, documents, entity in rows:
            before[key] = entity
            if not documents:
                target[key] = None
            elif literal:
                target[key] = literal_id(normal, kind)
            else:
                by_name[normal].append((key, Term(normal, kind, strength, qualifier, False), documents))
        merges = self._cluster(by_name, target)
        numbers = self._numbers(target, before, merges)
        after = {key: 0 if name is None else numbers[name] for key, name in target.items()}
        moved = {key: (before[key], after[key]) for key in after if before[key] != after[key]}
        self._db.executemany(
            "UPDATE terms SET entity = ? WHERE term = ?",
            [(new, key) for key, (_, new) in sorted(moved.items())],
        )
        return moved

    def _cluster(
        self, by_name: dict[str, list[tuple[int, Term, int]]], target: dict[int, str | None]
    ) -> dict[str, list[Merge]]:
        found: list[Sense] = []
        sense_of: dict[int, int] = {}
        senses_of: dict[str, list[int]] = defaultdict(list)
        for normal in sorted(by_name):
            rows = by_name[normal]
            for sense in senses([(term, documents) for _, term, documents in rows], self._types):
                for index in sense.terms:
                    sense_of[rows[index][0]] = len(found)
                senses_of[normal].append(len(found))
                found.append(sense)
        links = list(self._links(sense_of, senses_of, found))
        together, apart = self._decide(senses_of, found)
        result = cluster(found, links, self._types, together=together, apart=apart)
        ids: dict[int, str] = {}
        of_key: dict[tuple[str, str], str] = {}
        for members in result.members:
            name = entity_id([found[i].key for i in members])
            for i in members:
                ids[i] = name
                of_key[found[i].key] = name
        for term, index in sense_of.items():
            target[term] = ids[index]
        merges: dict[str, list[Merge]] = {name: [] for name in ids.values()}
        for merge in result.merges:
            merges[of_key[merge.first]].append(merge)
        return merges

    def _links(
        self, sense_of: dict[int, int], senses_of: dict[str, list[int]], found: Sequence[Sense]
    ) -> Iterable[Link]:
        terms = json.dumps(list(sense_of))
        stated: dict[tuple[int, int, str], int] = defaultdict(int)
        rows = self._db.execute(
            "SELECT a.first, a.second, a.kind, a.documents FROM json_each(?) w JOIN "
            "aliases a ON a.first = w.value"
            " WHERE a.documents > 0",
            (terms,),
        )
        for first, second, kind, documents in rows:
            if sense_of[first] != sense_of[second]:
                stated[sense_of[first], sense_of[second], kind] += documents
        for (first, second, kind), documents in stated.items():
            yield Link(first, second, kind, 1.0, documents)
        if len(senses_of) > 1:
            yield from self._variants(senses_of, found)
            yield from self._spelt(senses_of, found)

    def _variants(self, senses_of: dict[str, list[int]], found: Sequence[Sense]) -> Iterable[Link]:
        """Names that differ in article, office or legal form alone."""
        groups: dict[str, list[str]] = defaultdict(list)
        for normal in sorted(senses_of):
            groups[bare_form(normal)].append(normal)
        for bare, group in groups.items():
            if len(group) > _MOST_VARIANTS or _of_several_rulers(bare, group):
                continue
            for place, one in enumerate(group):
                for other in group[place + 1 :]:
                    pair = self._only_pair(senses_of[one], senses_of[other], found)
                    if pair is not None:
                        yield Link(*pair, "variant", 0.95, 0)

    def _spelt(self, senses_of: dict[str, list[int]], found: Sequence[Sense]) -> Iterable[Link]:
        """Names that look like one name written twice."""
        rows = self._db.execute(
            "SELECT a.normal, b.normal, s.kind, s.score FROM json_each(?) w JOIN names a "
            "ON a.normal = w.value"
            " JOIN spellings s ON s.first = a.name JOIN names b ON b.name = s.second",
            (json.dumps(list(senses_of)),),
        )
        for fuller, shorter, kind, score in rows:
            pair = self._only_pair(senses_of[fuller], senses_of[shorter], found)
            if pair is not None:
                yield Link(*pair, kind, score, 0)

    def _only_pair(
        self, first: Sequence[int], second: Sequence[int], found: Sequence[Sense]
    ) -> tuple[int, int] | None:
        """The one pair of senses that likeness of names may join.

        With homographs on either side the names alone do not tell which is meant; a work's title is exact.
        """
        types = self._types
        pairs = [
            (a, b)
            for a in first
            for b in second
            if not types.disjoint(found[a].type, found[b].type)
            and not types.is_work(found[a].type)
            and not types.is_work(found[b].type)
        ]
        return pairs[0] if len(pairs) == 1 else None

    def _decide(
        self, senses_of: dict[str, list[int]], found: Sequence[Sense]
    ) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        together: list[tuple[int, int]] = []
        apart: list[tuple[int, int]] = []
        for decision in self._decisions:
            first = self._meant(decision.first, decision.first_type, senses_of, found)
            second = self._meant(decision.second, decision.second_type, senses_of, found)
            pairs = [(a, b) for a in first for b in second if a != b]
            if decision.kind == "split":
                apart += pairs
                continue
            # Of several things of a name the user means those that can be one, if any can.
            fitting = [(a, b) for a, b in pairs if not self._types.disjoint(found[a].type, found[b].type)]
            together += fitting or pairs
        return together, apart

    def _meant(
        self, name: str, kind: str, senses_of: dict[str, list[int]], found: Sequence[Sense]
    ) -> list[int]:
        plain, qualifier = split_qualifier(name)
        tag = normal_form(qualifier) if qualifier else ""
        candidates = senses_of.get(normal_form(plain), []) or senses_of.get(normal_form(name), [])
        if tag:
            return [i for i in candidates if found[i].tag == tag] or (
                senses_of.get(normal_form(name), []) if not any(found[i].tag for i in candidates) else []
            )
        return [i for i in candidates if not kind or self._types.is_a(found[i].type, kind)]

    def _numbers(
        self, target: dict[int, str | None], before: dict[int, int], merges: dict[str, list[Merge]]
    ) -> dict[str, int]:
        """Integer keys of entities, new ones made; their merges written."""
        wanted = sorted({name for name in target.values() if name is not None})
        query = "SELECT id, entity FROM entities WHERE id IN (SELECT value FROM json_each(?))"
        numbers: dict[str, int] = dict(self._db.execute(query, (json.dumps(wanted),)))
        new = [name for name in wanted if name not in numbers]
        if new:
            (top,) = self._db.execute("SELECT max(entity) FROM entities").fetchone()
            rows = [((top or 0) + 1 + place, name) for place, name in enumerate(new)]
            self._db.executemany("INSERT INTO entities VALUES (?, ?)", rows)
            numbers.update((name, number) for number, name in rows)
        stale = {numbers[name] for name in merges} | set(before.values())
        self._db.executemany("DELETE FROM merges WHERE entity = ?", [(number,) for number in stale])
        self._db.executemany(
            "INSERT INTO merges VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (numbers[name], place, *m.first, *m.second, m.kind, m.score, m.documents)
                for name, made in merges.items()
                for place, m in enumerate(made)
            ],
        )
        return numbers

    # Edges

    def _settle_edges(self, moved: dict[int, tuple[int, int]], touched: Touched) -> None:
        old_facts = set(touched.lost)
        new_facts = set(touched.gained)
        settled = [term for term, (old, _) in moved.items() if old]
        if settled:
            for statement in _FACTS_AT:
                rows = self._db.execute(statement, (json.dumps(settled),)).fetchall()
                old_facts.update(rows)
                new_facts.update(rows)
        if not old_facts and not new_facts:
            return
        now = self._entities_of({end for fact in old_facts | new_facts for end in (fact[0], fact[2])})

        def was(term: int) -> int:
            return moved[term][0] if term in moved else now[term]

        before = {(was(h), r, was(t)) for h, r, t in old_facts}
        after = {(now[h], r, now[t]) for h, r, t in new_facts}
        names = self._ids({end for edge in before | after for end in (edge[0], edge[2])})
        labels = dict(self._db.execute("SELECT label, text FROM labels"))
        symmetric = {label for label, text in labels.items() if self._types.symmetric(text)}

        def canonical(edge: Edge) -> Edge:
            """A relation that holds both ways is one edge, from the smaller id to the larger."""
            turned = edge[1] in symmetric and names[edge[0]] > names[edge[2]]
            return (edge[2], edge[1], edge[0]) if turned else edge

        before = {canonical(edge) for edge in before if 0 not in edge}
        after = {canonical(edge) for edge in after}
        gone = [
            edge
            for edge in before - after
            if not self._supported(edge)
            and not (edge[1] in symmetric and self._supported((edge[2], edge[1], edge[0])))
        ]

        hashes = {
            edge: hash_of(relation_id(names[edge[0]], labels[edge[1]], names[edge[2]]))
            for edge in before | after
        }
        touched.edges.update(hashes.values())

        def row(edge: Edge) -> tuple[int, int, int, int]:
            return hashes[edge], *edge

        self._db.executemany(
            "DELETE FROM edges WHERE hash = ? AND subject = ? AND relation = ? AND object = ?",
            sorted(map(row, gone)),
        )
        self._db.executemany("INSERT OR IGNORE INTO edges VALUES (?, ?, ?, ?)", sorted(map(row, after)))

    def _entities_of(self, terms: set[int]) -> dict[int, int]:
        query = "SELECT t.term, t.entity FROM json_each(?) w JOIN terms t ON t.term = w.value"
        return dict(self._db.execute(query, (json.dumps(list(terms)),)))

    def _ids(self, entities: set[int]) -> dict[int, str]:
        query = "SELECT e.entity, e.id FROM json_each(?) w JOIN entities e ON e.entity = w.value"
        return dict(self._db.execute(query, (json.dumps(list(entities)),)))

    def _supported(self, edge: Edge) -> bool:
        query = """
            SELECT EXISTS (
              SELECT 1 FROM terms th CROSS JOIN terms tt
              CROSS JOIN facts f ON f.head = th.term AND f.relation = ?2 AND f.tail = tt.term
              WHERE th.entity = ?1 AND tt.entity = ?3
            )
        """
        return bool(self._db.execute(query, edge).fetchone()[0])

    # What nothing uses any more

    def _sweep(self, moved: dict[int, tuple[int, int]], touched: Touched) -> None:
        gone_aliases = [alias for alias, change in touched.aliases.items() if change < 0]
        self._db.executemany(
            "DELETE FROM aliases WHERE first = ? AND second = ? AND kind = ? AND documents = 0", gone_aliases
        )
        fewer = [(term,) for term, change in touched.documents.items() if change < 0]
        dead = [
            row
            for term in fewer
            for row in self._db.execute(
                "DELETE FROM terms WHERE term = ? AND documents = 0"
                " RETURNING name, type, strength, qualifier, literal",
                term,
            )
        ]
        if dead:
            rows = self._db.execute(
                "SELECT n.name, n.normal, EXISTS (SELECT 1 FROM terms t WHERE t.name = n.name)"
                " FROM json_each(?) w JOIN names n ON n.name = w.value",
                (json.dumps(sorted({row[0] for row in dead})),),
            ).fetchall()
            normal_of = {name: normal for name, normal, _ in rows}
            touched.dead_terms = [
                Term(normal_of[name], kind, strength, qualifier, bool(literal))
                for name, kind, strength, qualifier, literal in dead
            ]
            gone = [(name, normal) for name, normal, used in rows if not used]
            touched.dead_names = [normal for _, normal in gone]
            keys = [(key, name) for name, normal in gone for key in keys_of(normal)[0]]
            self._db.executemany("DELETE FROM blocks WHERE block = ? AND name = ?", keys)
            numbers = [(name,) for name, _ in gone]
            self._db.executemany("DELETE FROM spellings WHERE first = ?1 OR second = ?1", numbers)
            self._db.executemany("DELETE FROM names WHERE name = ?", numbers)
        left = {(old,) for old, _ in moved.values() if old}
        for row in left:
            touched.swept.update(
                self._db.execute(
                    "DELETE FROM entities WHERE entity = ?1 AND NOT EXISTS (SELECT 1 FROM terms t "
                    "WHERE t.entity = ?1) RETURNING entity, id",
                    row,
                )
            )


# More names than this with one bare form are a pattern, not spellings of one name.
_MOST_VARIANTS = 64
_FACTS_AT = (
    "SELECT DISTINCT f.head, f.relation, f.tail FROM json_each(?) w JOIN facts f ON f.head = w.value",
    "SELECT DISTINCT f.head, f.relation, f.tail FROM json_each(?) w JOIN facts f ON f.tail = w.value",
)
_NEIGHBOURS = (
    "SELECT b.name FROM json_each(?) w JOIN names a ON a.name = w.value AND a.linked JOIN "
    "names b ON b.bare = a.bare",
    "SELECT o.name FROM json_each(?) w JOIN names n ON n.name = w.value AND n.linked JOIN "
    "terms t ON t.name = n.name"
    " JOIN aliases a ON a.first = t.term JOIN terms o ON o.term = a.second",
    "SELECT o.name FROM json_each(?) w JOIN names n ON n.name = w.value AND n.linked JOIN "
    "terms t ON t.name = n.name"
    " JOIN aliases a ON a.second = t.term JOIN terms o ON o.term = a.first",
    "SELECT s.second FROM json_each(?) w JOIN spellings s ON s.first = w.value",
    "SELECT s.first FROM json_each(?) w JOIN spellings s ON s.second = w.value",
)


def _of_several_rulers(bare: str, group: Sequence[str]) -> bool:
    """Emperor Frederick II and Duke Frederick II are two men: a number is no family name."""
    if not is_roman(bare.rpartition(" ")[2]):
        return False
    return len({tuple(office_of(normal.split(" "))) for normal in group} - {()}) > 1


def normals_of(name: str) -> set[str]:
    """The normal forms under which a user's spelling may be stored."""
    return {normal_form(split_qualifier(name)[0]), normal_form(name)}
