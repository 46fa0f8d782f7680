"""Random edits of a schema, of every kind a user makes, each giving a valid schema."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from hypothesis import strategies as st

from ontology import DatatypeProperty, EntityType, Ontology, OntologyError, RelationType, ValueKind, ValueType

Draw = Callable[..., object]
VALUES = [
    ValueType(ValueKind.STRING),
    ValueType(ValueKind.DATE),
    ValueType(ValueKind.INTEGER),
    ValueType(ValueKind.DECIMAL, unit="km"),
    ValueType(ValueKind.ENUMERATION, values=("large", "1976")),
    ValueType(ValueKind.PATTERN, pattern="[A-Z][a-z]+"),
]


class Edits:
    """The edits that fit texts with these phrases and nouns."""

    def __init__(self, phrases: Sequence[str], nouns: Sequence[str]) -> None:
        self._phrases = st.sampled_from(phrases)
        self._nouns = st.sampled_from(nouns)

    def of(self, kind: str, draw: Draw, schema: Ontology) -> Ontology:
        """One edit; the schema itself where it would not be valid or has nothing to edit."""
        try:
            return getattr(self, f"edit_{kind}")(draw, schema)
        except OntologyError:
            return schema

    def kinds(self) -> list[str]:
        """The names of all edits."""
        return sorted(name.removeprefix("edit_") for name in vars(Edits) if name.startswith("edit_"))

    # Types

    def edit_add_type(self, draw, schema):
        noun = draw(self._nouns)
        parents = draw(st.lists(_of(schema.types), max_size=1)) if schema.types else []
        return _with_type(schema, EntityType(noun.capitalize(), noun, tuple(parents)))

    def edit_remove_type(self, draw, schema):
        return _renamed_type(schema, _type(draw, schema).key, None)

    def edit_rename_type(self, draw, schema):
        return _renamed_type(schema, _type(draw, schema).key, draw(self._nouns).title().replace(" ", ""))

    def edit_parents(self, draw, schema):
        parents = draw(st.lists(_of(schema.types), max_size=2, unique=True))
        return _with_type(schema, replace(_type(draw, schema), parents=tuple(parents)))

    def edit_type_aliases(self, draw, schema):
        aliases = draw(st.lists(self._nouns, max_size=2, unique=True))
        return _with_type(schema, replace(_type(draw, schema), aliases=tuple(aliases)))

    def edit_disjoint(self, draw, schema):
        others = draw(st.lists(_of(schema.types), max_size=3, unique=True))
        return _with_type(schema, replace(_type(draw, schema), disjoint_with=tuple(others)))

    # Relations

    def edit_add_relation(self, draw, schema):
        phrase = draw(self._phrases)
        key = "_".join(word for word in phrase.upper().split() if word.isalpha()) or "R"
        sides = [tuple(draw(st.lists(_of(schema.types), max_size=2, unique=True))) for _ in range(2)]
        return _with_relation(schema, RelationType(key, phrase, *sides))

    def edit_remove_relation(self, draw, schema):
        gone = _relation(draw, schema).key
        return _built(schema, relations=[r for r in schema.all_relations() if r.key != gone])

    def edit_rename_relation(self, draw, schema):
        old = _relation(draw, schema)
        new = old.key + draw(st.sampled_from(["_2", "_OF"]))
        rows = []
        for item in schema.all_relations():
            if isinstance(item, RelationType) and item.inverse == old.key:
                item = replace(item, inverse=new)
            rows.append(replace(item, key=new) if item.key == old.key else item)
        return _built(schema, relations=rows)

    def edit_label(self, draw, schema):
        return _with_relation(schema, replace(_relation(draw, schema), label=draw(self._phrases)))

    def edit_aliases(self, draw, schema):
        aliases = draw(st.lists(self._phrases, max_size=2, unique=True))
        return _with_relation(schema, replace(_relation(draw, schema), aliases=tuple(aliases)))

    def edit_cues(self, draw, schema):
        cues = draw(st.lists(self._phrases, max_size=3, unique=True))
        return _with_relation(schema, replace(_relation(draw, schema), cues=tuple(cues)))

    def edit_inverse_cues(self, draw, schema):
        cues = draw(st.lists(self._phrases, max_size=2, unique=True))
        return _with_relation(schema, replace(_edge(draw, schema), inverse_cues=tuple(cues)))

    def edit_domain(self, draw, schema):
        domain = draw(st.lists(_of(schema.types), max_size=3, unique=True))
        return _with_relation(schema, replace(_relation(draw, schema), domain=tuple(domain)))

    def edit_range(self, draw, schema):
        range_ = draw(st.lists(_of(schema.types), max_size=3, unique=True))
        return _with_relation(schema, replace(_edge(draw, schema), range=tuple(range_)))

    def edit_into_value(self, draw, schema):
        old = _edge(draw, schema)
        value = draw(st.sampled_from(VALUES))
        return _with_relation(schema, DatatypeProperty(old.key, value, old.label, old.domain, cues=old.cues))

    def edit_out_of_value(self, draw, schema):
        if not schema.properties:
            return schema
        old = schema.properties[draw(_of(schema.properties))]
        return _with_relation(schema, RelationType(old.key, old.label, old.domain, cues=old.cues))

    def edit_datatype(self, draw, schema):
        if not schema.properties:
            return schema
        old = schema.properties[draw(_of(schema.properties))]
        return _with_relation(schema, replace(old, value=draw(st.sampled_from(VALUES))))

    def edit_inverse(self, draw, schema):
        inverse = draw(st.one_of(st.none(), st.just("READ_BACKWARDS"), _of(schema.relations)))
        return _with_relation(schema, replace(_edge(draw, schema), inverse=inverse, symmetric=False))

    def edit_symmetric(self, draw, schema):
        item = _edge(draw, schema)
        return _with_relation(schema, replace(item, symmetric=not item.symmetric, inverse=None))

    def edit_transitive(self, draw, schema):
        item = _edge(draw, schema)
        return _with_relation(schema, replace(item, transitive=not item.transitive))

    def edit_functional(self, draw, schema):
        item = _relation(draw, schema)
        return _with_relation(schema, replace(item, functional=not item.functional))

    def edit_inverse_functional(self, draw, schema):
        item = _edge(draw, schema)
        return _with_relation(schema, replace(item, inverse_functional=not item.inverse_functional))

    def edit_cardinality(self, draw, schema):
        low, high = draw(st.sampled_from([(None, None), (1, None), (None, 2), (1, 3)]))
        return _with_relation(
            schema, replace(_relation(draw, schema), min_cardinality=low, max_cardinality=high)
        )


def _of(mapping):
    return st.sampled_from(sorted(mapping))


def _type(draw, schema):
    if not schema.types:
        raise OntologyError("no type to edit")
    return schema.types[draw(_of(schema.types))]


def _relation(draw, schema):
    found = {item.key: item for item in schema.all_relations()}
    if not found:
        raise OntologyError("no relation to edit")
    return found[draw(_of(found))]


def _edge(draw, schema):
    if not schema.relations:
        raise OntologyError("no relation to edit")
    return schema.relations[draw(_of(schema.relations))]


def _built(schema, *, types=None, relations=None):
    return Ontology.build(
        schema.name,
        schema.types.values() if types is None else types,
        schema.all_relations() if relations is None else relations,
    )


def _with_type(schema, item):
    return _built(schema, types={**schema.types, item.key: item}.values())


def _with_relation(schema, item):
    rows = {other.key: other for other in schema.all_relations()} | {item.key: item}
    return _built(schema, relations=rows.values())


def _renamed_type(schema, old, new):
    """The schema with every mention of a type under another name, or without it."""

    def names(keys):
        return tuple(dict.fromkeys(key for key in (new if k == old else k for k in keys) if key))

    types = [
        replace(
            t,
            key=new if t.key == old else t.key,
            parents=names(t.parents),
            disjoint_with=names(t.disjoint_with),
        )
        for t in schema.types.values()
        if new or t.key != old
    ]
    relations = []
    for item in schema.all_relations():
        item = replace(item, domain=names(item.domain))
        relations.append(replace(item, range=names(item.range)) if isinstance(item, RelationType) else item)
    return _built(schema, types=types, relations=relations)
