"""Identifiers made from content.

The same input gives the same id on any machine, in any order. An id is a short prefix that
tells its kind, a dash, and the first 128 bits of a SHA-256 over the defining fields.
Embeddings, scores and clocks take no part in an identity.
"""

import hashlib
import json
from collections.abc import Mapping


def content_id(prefix: str, *fields: str) -> str:
    """Hash `fields`, in order, into an id such as ``ent-9f86d081884c7d659a2feaa0c55ad015``.

    Fields are length-prefixed before hashing, so ("ab", "c") and ("a", "bc") differ.
    """
    parts = []
    for field in fields:
        length = len(field) if field.isascii() else len(field.encode("utf-8"))
        parts.append(f"{length}\x1f{field}")
    return f"{prefix}-{hashlib.sha256(''.join(parts).encode('utf-8')).hexdigest()[:32]}"


def document_id(key: str, title: str, text: str, metadata: Mapping[str, object]) -> str:
    """Id of one version of a document: an edit of any part gives another id."""
    return content_id("doc", key, title, text, canonical_json(metadata))


def chunk_id(document: str, start: int, end: int) -> str:
    """Id of the piece of `document` at [start, end)."""
    return content_id("chk", document, str(start), str(end))


def relation_id(subject_id: str, relation_type: str, object_id: str) -> str:
    """Id of the typed edge between two entities."""
    return content_id("rel", subject_id, relation_type, object_id)


def fingerprint(value: object) -> str:
    """SHA-256 (hex) of the canonical JSON of settings or other plain data."""
    return hashlib.sha256(canonical_json(value).encode("utf-8")).hexdigest()


def canonical_json(value: object) -> str:
    """One spelling for equal data: sorted keys, no blanks, real characters, no NaN.

    Raises:
        ValueError: If `value` holds a NaN or an infinity.
        TypeError: If `value` holds something that is not plain data.
    """
    return _encode(value)


_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode
