import itertools
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import given

from graphrag.datamodel import Alias, Chunk, Document, Extraction, Mention, Span
from graphrag.ids import chunk_id, document_id
from graphrag.names import split_qualifier
from graphrag.resolution import (
    CORROBORATED,
    STATED,
    TAGGED,
    Link,
    Sense,
    Term,
    Types,
    cluster,
    entity_id,
    majority_type,
    senses,
    specific_type,
)
from graphrag.store.ledger import IngestedDocument, Ledger
from ontology import dump_ontology, general_ontology, load_ontology
from ontology.alignment import Aligner

AUDITED = Path(__file__).parent / "data" / "names.jsonl"


def mention_document(key: str, name: str, kind: str, *, stated: bool, title: str = "") -> IngestedDocument:
    """A document that does nothing but mention one name."""
    text = f"{name} was there."
    doc = Document(document_id(key, title, text, {}), key, text, title)
    chunk = Chunk(chunk_id(doc.id, 0, len(text)), doc.id, Span(0, len(text)), text, title)
    mention = Mention(chunk.id, Span(0, len(name)), name, name, kind, type_stated=stated)
    return IngestedDocument(doc, (chunk,), (Extraction(chunk.id, (mention,)),), ())


def alias_document(key: str, full: str, alias: str, how: str, kind: str) -> IngestedDocument:
    text = f"{full} ({alias}) was there."
    doc = Document(document_id(key, "", text, {}), key, text)
    chunk = Chunk(chunk_id(doc.id, 0, len(text)), doc.id, Span(0, len(text)), text)
    mention = Mention(chunk.id, Span(0, len(full)), full, full, kind)
    stated = Alias(full, alias, how, chunk.id, Span(0, len(text)))
    return IngestedDocument(doc, (chunk,), (Extraction(chunk.id, (mention,), (), (stated,)),), ())


def audited() -> list[dict[str, object]]:
    return [json.loads(line) for line in AUDITED.read_text("utf-8").splitlines()]


def resolve_audited(folder: Path) -> list[tuple[int, str, str]]:
    """(group, name, entity id) of every audited name, each mentioned by a document of its own."""
    added: list[IngestedDocument] = []
    wanted: list[tuple[int, str, str]] = []
    for number, group in enumerate(audited()):
        kind = str(group["type"])
        for name in group["names"]:  # type: ignore[attr-defined]
            key = f"{number}-{name}"
            titled = bool(group.get("title"))
            written = split_qualifier(name)[0] if titled else name
            stated = bool(group.get("stated"))
            added.append(mention_document(key, written, kind, stated=stated, title=name if titled else ""))
            wanted.append((number, name, added[-1].chunks[0].id))
        for full, alias, how in group.get("aliases", ()):  # type: ignore[attr-defined]
            added.append(alias_document(f"{number}-{full}-{alias}", full, alias, how, kind))
    schema = dump_ontology(general_ontology())
    with Ledger.create(folder / "kg", settings={}, ontology=schema, extractor="x") as ledger:
        ledger.apply(added)
        entity = {chunk: name for chunk, name, _ in ledger.mentions()}
    return [(number, name, entity[chunk]) for number, name, chunk in wanted]


def pairwise_f1(rows: Iterable[tuple[int, str, str]]) -> float:
    """F1 over pairs of names: in one audited group, in one entity."""

    def pairs(counts: Counter[object]) -> int:
        return sum(n * (n - 1) // 2 for n in counts.values())

    rows = list(rows)
    both = pairs(Counter((group, entity) for group, _, entity in rows))
    truth = pairs(Counter(group for group, _, _ in rows))
    found = pairs(Counter(entity for _, _, entity in rows))
    return 2 * both / (truth + found)


def b_cubed_f1(rows: Iterable[tuple[int, str, str]]) -> float:
    """F1 of B-cubed precision and recall (Bagga and Baldwin, 1998)."""
    rows = list(rows)
    groups, entities, both = (
        Counter(group for group, _, _ in rows),
        Counter(entity for _, _, entity in rows),
        Counter((group, entity) for group, _, entity in rows),
    )
    precision = sum(both[g, e] / entities[e] for g, _, e in rows) / len(rows)
    recall = sum(both[g, e] / groups[g] for g, _, e in rows) / len(rows)
    return 2 * precision * recall / (precision + recall)


def test_audited_names_resolve_with_high_f1(tmp_path: Path) -> None:
    rows = resolve_audited(tmp_path)
    assert len({group for group, _, _ in rows}) >= 150
    assert pairwise_f1(rows) >= 0.95
    assert b_cubed_f1(rows) >= 0.95


def term(normal: str, kind: str = "", strength: int = TAGGED, qualifier: str = "") -> Term:
    return Term(normal, kind, strength, qualifier, False)


def sense(
    normal: str, kind: str | None = None, *, tag: str = "", sure: bool = False, titled: bool = False
) -> Sense:
    return Sense(normal, tag, kind, sure, titled, 1, [])


OPEN = Types()


def test_a_tagger_s_slip_does_not_split_a_name() -> None:
    found = senses([(term("acme", "Organization"), 5), (term("acme", "Work"), 1)], OPEN)
    assert [(s.tag, s.type) for s in found] == [("", "Organization")]


def test_stated_types_that_exclude_each_other_are_two_things() -> None:
    rows = [(term("jordan", "Place", STATED), 1), (term("jordan", "Person", STATED), 1), (term("jordan"), 3)]
    found = senses(rows, OPEN)
    assert sorted((s.tag, s.type) for s in found) == [(":Person", "Person"), (":Place", "Place")]
    assert sum(s.documents for s in found) == 5


def test_facts_of_one_document_do_not_split_a_name_but_those_of_three_do() -> None:
    few = [(term("suwon", "Place", CORROBORATED), 1), (term("suwon", "Person", CORROBORATED), 1)]
    many = [(term("suwon", "Place", CORROBORATED), 9), (term("suwon", "Person", CORROBORATED), 3)]
    assert len(senses(few, OPEN)) == 1
    assert len(senses(many, OPEN)) == 2


def test_qualified_titles_are_different_things_and_a_bare_mention_of_two_stays_undecided() -> None:
    rows = [
        (term("ring", "Work", TAGGED, "1998 film"), 1),
        (term("ring", "Work", TAGGED, "2002 film"), 1),
        (term("ring", "Work"), 4),
    ]
    assert sorted(s.tag for s in senses(rows, OPEN)) == ["", "1998 film", "2002 film"]
    assert sorted(s.tag for s in senses(rows[1:], OPEN)) == ["2002 film"]


def test_a_bare_title_takes_the_bare_mentions() -> None:
    rows = [
        (term("ring", "Work", TAGGED, "="), 1),
        (term("ring", "Work", TAGGED, "2002 film"), 9),
        (term("ring"), 2),
    ]
    by_tag = {s.tag: s.documents for s in senses(rows, OPEN)}
    assert by_tag == {"": 3, "2002 film": 9}


def test_clusters_do_not_depend_on_the_order_of_the_links() -> None:
    found = [
        sense("ama"),
        sense("american medical association"),
        sense("american motor association"),
        sense("doctors"),
    ]
    links = [Link(1, 0, "acronym", 1.0, 2), Link(2, 0, "acronym", 1.0, 9), Link(1, 3, "aka", 1.0, 1)]
    results = [cluster(found, order, OPEN).members for order in itertools.permutations(links)]
    assert all(result == results[0] for result in results)
    assert [1] not in results[0] and [0] in results[0]


def test_an_acronym_of_two_names_joins_neither_and_says_why() -> None:
    found = [sense("ama"), sense("american medical association"), sense("american motor association")]
    result = cluster(found, [Link(1, 0, "acronym", 1.0, 2), Link(2, 0, "acronym", 1.0, 9)], OPEN)
    assert result.members == [[0], [1], [2]]
    assert {why for _, why in result.refused} == {"stands for several names"}


def test_sure_types_that_exclude_each_other_refuse_even_a_stated_alias() -> None:
    found = [sense("mercury one", "Person", sure=True), sense("mercury two", "Place", sure=True)]
    result = cluster(found, [Link(0, 1, "aka", 1.0, 1)], OPEN)
    assert result.members == [[0], [1]]
    assert result.refused[0][1] == "Person and Place exclude each other"


def test_two_titled_documents_are_about_two_things_unless_a_text_says_otherwise() -> None:
    found = [sense("apple", titled=True), sense("apple inc", titled=True)]
    assert len(cluster(found, [Link(0, 1, "variant", 0.95, 0)], OPEN).members) == 2
    assert len(cluster(found, [Link(0, 1, "legal", 1.0, 1)], OPEN).members) == 1


def test_a_user_s_word_stands_over_all_evidence() -> None:
    found = [
        sense("a one", "Person", sure=True),
        sense("a two", "Place", sure=True),
        sense("a three", "Place"),
    ]
    link = [Link(1, 2, "aka", 1.0, 5)]
    result = cluster(found, link, OPEN, together=[(0, 1)], apart=[(1, 2)])
    assert sorted(len(members) for members in result.members) == [1, 2]
    assert result.merges[0].kind == "user"
    assert result.refused[0][1] == "parted by the user"


def test_the_longest_name_carries_the_id() -> None:
    assert entity_id([("ibm", ""), ("international business machines", "")]) == entity_id(
        [("international business machines", "")]
    )
    assert entity_id([("ring", "")]) != entity_id([("ring", "1998 film")])


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        found = resolve_audited(Path(place))
    by_group: dict[int, set[str]] = defaultdict(set)
    by_entity: dict[str, set[int]] = defaultdict(set)
    for g, _, e in found:
        by_group[g].add(e)
        by_entity[e].add(g)
    for g, es in by_group.items():
        if len(es) > 1:
            print("split ", g + 1, [(n, e[-4:]) for h, n, e in found if h == g])
    for e, gs in by_entity.items():
        if len(gs) > 1:
            print("joined", [(g + 1, n) for g, n, f in found if f == e])
    print(f"{len(found)} names in {len(by_group)} groups")
    print(f"pairwise F1 {pairwise_f1(found):.4f}, B-cubed F1 {b_cubed_f1(found):.4f}")


PLACES = load_ontology("""
name: places
types:
  Place: {aliases: [location]}
  Town: {parents: [Place]}
  Port: {parents: [Town]}
  River: {parents: [Place]}
  Work: {}
  Novel: {parents: [Work]}
""")
SCHEMED = Types(PLACES, lambda label: (Aligner(PLACES).type_of(label) or (None,))[0])


def test_the_most_specific_type_that_evidence_bears_out_wins() -> None:
    def chosen(votes: dict[str, int], **sure: int) -> str:
        return specific_type(votes, sure, SCHEMED)

    # A general word is no vote against a specific one.
    assert chosen({"Place": 30, "Town": 2}, Town=2) == "Town"
    assert chosen({"Place": 30, "Town": 2, "Port": 2}, Town=2, Port=2) == "Port"
    # A tagger's word needs half of the votes, and one slip in twenty is none.
    assert chosen({"Place": 30, "Town": 2}) == "Place"
    assert chosen({"Place": 3, "Town": 3}) == "Town"
    assert chosen({"Place": 90, "Town": 2}, Town=2) == "Place"
    # Branches settle it by vote; where they are even, what they have in common stands.
    assert chosen({"Place": 30, "Town": 4, "River": 2}, Town=4, River=2) == "Town"
    assert chosen({"Place": 30, "Town": 2, "River": 2}, Town=2, River=2) == "Place"
    assert chosen({"Place": 3, "Work": 5, "Town": 1}, Town=1) == "Work"


def test_the_type_does_not_depend_on_the_order_of_documents() -> None:
    chance = random.Random(3)
    kinds = [*PLACES.types, ""]
    for _ in range(300):
        terms = [
            (Term("n", chance.choice(kinds), chance.choice([TAGGED, CORROBORATED, STATED]), "", False), n)
            for n in chance.choices(range(1, 40), k=5)
        ]
        found = majority_type(terms, SCHEMED)
        chance.shuffle(terms)
        assert majority_type(terms, SCHEMED) == found


def test_a_name_tells_its_kind_only_within_what_it_is_taken_for() -> None:
    assert SCHEMED.told_by("Red River", "Place") == "River"
    assert SCHEMED.told_by("Port of Hull", "Place") == "Port"
    assert SCHEMED.told_by("Red River", "Town") == "Town"
    assert SCHEMED.told_by("The Last Novel", "Work") == "Work"
    assert SCHEMED.told_by("Red River", "") == ""
    assert Types().told_by("Red River", "Place") == "Place"


@given(
    type=st.sampled_from(["", "Person", "Work"]),
    strength=st.sampled_from([TAGGED, CORROBORATED, STATED]),
    qualifier=st.sampled_from(["", "=", "1998 film"]),
    documents=st.integers(1, 9),
)
def test_a_names_only_term_is_what_two_equal_halves_of_it_are(type, strength, qualifier, documents):
    types = Types()
    term = Term("ring", type, strength, qualifier, False)
    (whole,) = senses([(term, 2 * documents)], types)
    (halves,) = senses([(term, documents), (term, documents)], types)
    assert replace(whole, terms=[]) == replace(halves, terms=[])
