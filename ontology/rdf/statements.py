"""RDF statements, indexed for the look-ups that reading a schema needs."""

from __future__ import annotations

from collections.abc import Iterator

from rdflib.namespace import RDF
from rdflib.term import Node

_NONE: list[Node] = []


class Statements:
    """Subject, predicate, object; each statement once, objects in the order in which they came.

    A schema asks some fifty things of every term, so these are look-ups in plain dicts.
    """

    def __init__(self) -> None:
        self._objects: dict[Node, dict[Node, list[Node]]] = {}
        self._subjects: dict[Node, dict[Node, list[Node]]] = {}
        self._known: set[tuple[Node, Node, Node]] = set()

    def add(self, subject: Node, predicate: Node, object_: Node) -> None:
        """Keep a statement."""
        if (subject, predicate, object_) not in self._known:
            self._known.add((subject, predicate, object_))
            self._objects.setdefault(subject, {}).setdefault(predicate, []).append(object_)
            self._subjects.setdefault(predicate, {}).setdefault(object_, []).append(subject)

    def __contains__(self, statement: tuple[Node, Node, Node]) -> bool:
        return statement in self._known

    def has(self, subject: Node, predicate: Node) -> bool:
        """Whether anything is said of the subject under the predicate."""
        return bool(self.objects(subject, predicate))

    def objects(self, subject: Node, predicate: Node) -> list[Node]:
        """What is said of a subject under a predicate."""
        return self._objects.get(subject, {}).get(predicate, _NONE)

    def all_objects(self, predicate: Node) -> list[Node]:
        """What is said under a predicate of anything, each once."""
        return list(self._subjects.get(predicate, {}))

    def subjects(self, predicate: Node, object_: Node) -> list[Node]:
        """Of what an object is said under a predicate."""
        return self._subjects.get(predicate, {}).get(object_, _NONE)

    def pairs(self, predicate: Node) -> Iterator[tuple[Node, Node]]:
        """(subject, object) of every statement of a predicate."""
        for object_, subjects in self._subjects.get(predicate, {}).items():
            for subject in subjects:
                yield subject, object_

    def value(self, subject: Node, predicate: Node) -> Node | None:
        """One object, the same whatever the order of the file; None if there is none."""
        found = self.objects(subject, predicate)
        return found[0] if len(found) == 1 else min(found, key=str, default=None)

    def items(self, head: Node) -> list[Node]:
        """The members of an RDF list; one that bites its tail ends there."""
        found: list[Node] = []
        seen: set[Node] = set()
        while head != RDF.nil and head not in seen:
            seen.add(head)
            first = self.value(head, RDF.first)
            if first is not None:
                found.append(first)
            head = self.value(head, RDF.rest) or RDF.nil
        return found
