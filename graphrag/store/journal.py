"""What the last commits changed, so that what is derived from an older one need not be made anew.

A row per commit: which documents, entities and edges may differ from the commit before. It is no part
of the content: only the newest rows are kept, none for large changes, and whoever finds a gap reads
everything again.
"""

import hashlib
import json
import sqlite3
from typing import TYPE_CHECKING

from graphrag.interfaces import Changed
from graphrag.store import codec

if TYPE_CHECKING:
    from graphrag.store.settling import Touched

_TABLE = """
CREATE TABLE IF NOT EXISTS changes (
  number INTEGER PRIMARY KEY, before TEXT NOT NULL, check_sum TEXT NOT NULL, content BLOB NOT NULL
)
"""
_KEPT = 64
_MOST_TERMS = 5_000  # beyond that reading everything is as cheap


def record(db: sqlite3.Connection, commit: int, before: str, touched: "Touched") -> None:
    """Note what the transaction that makes `commit` has changed; the caller holds it.

    Args:
        before: `StoredView.state` of the commit before.
    """
    db.execute(_TABLE)
    db.execute("DELETE FROM changes WHERE number <= ?", (commit - _KEPT,))
    if len(touched.documents) > _MOST_TERMS:
        return
    query = "SELECT DISTINCT entity FROM terms WHERE term IN (SELECT value FROM json_each(?))"
    entities = {row[0] for row in db.execute(query, (json.dumps(list(touched.terms())),))}
    content = codec.pack(
        [
            sorted(touched.ids),
            sorted(entities | set(touched.moved)),
            sorted(touched.moved),
            sorted(touched.swept.items()),
            sorted(touched.edges),
        ]
    )
    db.execute(
        "INSERT OR REPLACE INTO changes VALUES (?, ?, ?, ?)",
        (commit, before, _check_sum(before, content), content),
    )


def read(db: sqlite3.Connection, since: int, state: str | None, until: int) -> Changed | None:
    """What has changed after the commit `since`, whose state was `state`; None if that is not known.

    Args:
        state: None for what is kept in the same file, and cannot be of another history.
    """
    kept = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'changes'").fetchone()
    if kept is None or since >= until:
        return None
    query = (
        "SELECT number, before, check_sum, content FROM changes WHERE number > ? AND number <= ? ORDER BY 1"
    )
    rows = db.execute(query, (since, until)).fetchall()
    if [row[0] for row in rows] != list(range(since + 1, until + 1)) or state not in (None, rows[0][1]):
        return None
    changed = Changed(set(), set(), set(), set())
    numbers: set[int] = set()
    moved: set[int] = set()
    for _, before, check_sum, content in rows:
        if _check_sum(before, content) != check_sum:
            return None
        documents, touched, left, swept, edges = codec.unpack(content)
        changed.documents.update(documents)
        numbers.update(touched)
        moved.update(left)
        changed.entities.update(name for _, name in swept)
        changed.moved.update(name for _, name in swept)
        changed.relations.update(edges)
    for found, wanted in ((changed.entities, numbers), (changed.moved, moved)):
        query = "SELECT id FROM entities WHERE entity IN (SELECT value FROM json_each(?))"
        found.update(row[0] for row in db.execute(query, (json.dumps(sorted(wanted)),)))
    return changed


def _check_sum(before: str, content: bytes) -> str:
    return hashlib.sha256(before.encode() + content).hexdigest()[:16]
