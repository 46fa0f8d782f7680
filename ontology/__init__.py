"""The schema of a knowledge graph: entity types, relations, constraints, and the check that enforces them.

This package speaks in names (strings) and imports nothing of the engine above it.
"""

from ontology.alignment import Aligner, How, Match
from ontology.constraints import Conflict, Derived, derive, equivalents, find_conflicts
from ontology.loader import dump_ontology, general_ontology, load_ontology, shipped_ontology
from ontology.schema import (
    DatatypeProperty,
    EntityType,
    Ontology,
    OntologyError,
    RelationType,
    ValueKind,
    ValueType,
)
from ontology.validation import (
    Candidate,
    Checker,
    Decision,
    ReasonCode,
    Repair,
    RepairKind,
    Verdict,
    check,
)

__all__ = [
    "Aligner",
    "Candidate",
    "Checker",
    "Conflict",
    "DatatypeProperty",
    "Decision",
    "Derived",
    "EntityType",
    "How",
    "Match",
    "Ontology",
    "OntologyError",
    "ReasonCode",
    "RelationType",
    "Repair",
    "RepairKind",
    "ValueKind",
    "ValueType",
    "Verdict",
    "check",
    "derive",
    "dump_ontology",
    "equivalents",
    "find_conflicts",
    "general_ontology",
    "load_ontology",
    "shipped_ontology",
]
