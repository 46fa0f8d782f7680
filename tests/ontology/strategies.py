"""Random schemas that are valid by construction."""

from dataclasses import replace

from hypothesis import strategies as st

from ontology import DatatypeProperty, EntityType, Ontology, RelationType, ValueKind, ValueType

WORDS = st.text(
    alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")),
    min_size=1,
    max_size=12,
).filter(lambda text: text == text.strip() and text)
TEXTS = st.lists(WORDS, max_size=3, unique=True).map(tuple)
TYPE_KEYS = ["Agent", "Person", "Place", "Work", "Thing_1", "x"]
RELATION_KEYS = ["MADE", "IN", "KNOWS", "AGE", "Person", "r_2"]
VALUES = st.one_of(
    st.sampled_from(["string", "date", "boolean"]).map(lambda kind: ValueType(ValueKind(kind))),
    st.tuples(st.sampled_from(["integer", "decimal"]), st.sampled_from([None, "km", "US dollar"])).map(
        lambda pair: ValueType(ValueKind(pair[0]), unit=pair[1])
    ),
    st.lists(WORDS, min_size=1, max_size=3, unique=True).map(
        lambda values: ValueType(ValueKind.ENUMERATION, values=tuple(values))
    ),
    st.sampled_from(["[A-Z]{3}", r"\d+", "a|b", 'x"y\\\\']).map(
        lambda pattern: ValueType(ValueKind.PATTERN, pattern=pattern)
    ),
)


@st.composite
def ontologies(draw):
    keys = draw(st.lists(st.sampled_from(TYPE_KEYS), min_size=1, max_size=5, unique=True))
    types = [draw(entity_types(key, keys[:position])) for position, key in enumerate(keys)]
    relation_keys = draw(st.lists(st.sampled_from(RELATION_KEYS), max_size=5, unique=True))
    items = [draw(st.one_of(relations(key, keys), properties(key, keys))) for key in relation_keys]
    items = draw(paired(items))
    types = draw(parted(types))
    return Ontology.build(
        draw(WORDS),
        types,
        items,
        version=draw(st.sampled_from(["", "1.0"])),
        description=draw(st.sampled_from(["", "d"])),
    )


@st.composite
def paired(draw, items):
    """The relations with some read backwards by another, said on one side or on both."""
    items = list(items)
    free = [i for i, r in enumerate(items) if isinstance(r, RelationType) and not r.symmetric]
    for one, other in zip(free[::2], free[1::2], strict=False):
        if draw(st.booleans()):
            mutual = draw(st.booleans())
            items[one] = replace(items[one], inverse=items[other].key)
            items[other] = replace(items[other], inverse=items[one].key if mutual else None)
    return items


@st.composite
def parted(draw, types):
    """The types with one pair declared disjoint, where no type comes under both."""
    above = {}
    for item in types:
        above[item.key] = {item.key}.union(*(above[parent] for parent in item.parents))
    pairs = [
        (a.key, b.key)
        for a in types
        for b in types
        if a is not b and not any({a.key, b.key} <= found for found in above.values())
    ]
    chosen = dict(draw(st.lists(st.sampled_from(pairs), max_size=2))) if pairs else {}
    return [replace(t, disjoint_with=(chosen[t.key],)) if t.key in chosen else t for t in types]


@st.composite
def entity_types(draw, key, earlier):
    # Parents come earlier in the list, so there are no cycles.
    parents = draw(st.lists(st.sampled_from(earlier), max_size=2, unique=True)) if earlier else []
    return EntityType(
        key, draw(WORDS), tuple(parents), draw(TEXTS), draw(st.sampled_from(["", "Some words."])), ()
    )


@st.composite
def relations(draw, key, types):
    unions = st.lists(st.sampled_from(types), max_size=3, unique=True).map(tuple)
    symmetric = draw(st.booleans())
    low = draw(st.sampled_from([None, 0, 1]))
    return RelationType(
        key,
        draw(WORDS),
        draw(unions),
        draw(unions),
        inverse=None if symmetric else draw(st.sampled_from([None, "UNDECLARED_" + key])),
        symmetric=symmetric,
        transitive=draw(st.booleans()),
        functional=draw(st.booleans()),
        inverse_functional=draw(st.booleans()),
        min_cardinality=low,
        max_cardinality=draw(st.sampled_from([None, 1, 5])),
        aliases=draw(TEXTS),
        cues=draw(TEXTS),
        inverse_cues=draw(TEXTS),
        description=draw(st.sampled_from(["", "What it says."])),
    )


@st.composite
def properties(draw, key, types):
    return DatatypeProperty(
        key,
        draw(VALUES),
        draw(WORDS),
        draw(st.lists(st.sampled_from(types), max_size=3, unique=True).map(tuple)),
        functional=draw(st.booleans()),
        max_cardinality=draw(st.sampled_from([None, 3])),
        aliases=draw(TEXTS),
        cues=draw(TEXTS),
    )
