"""A new file from whatever of the ledger can still be read.

Documents whose digest holds are copied, everything derived is made again, and the new file takes the
place of the old one in one step. What could not be saved is named, never left out in silence.
"""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from graphrag.datamodel import Document
from graphrag.errors import StoreDamagedError
from graphrag.resolution import Decision, Types
from graphrag.store import integrity, schema
from graphrag.store.writing import Writer, document_digest

_META = ("settings", "ontology", "extractor", "verdicts")


def restore(path: Path, types_of: Callable[[str], Types]) -> list[str]:
    """Rebuild the knowledge base at `path` from its own ledger; the caller holds the write lock.

    Needs as much free disk space again as the base takes.

    Args:
        types_of: Makes the types of an ontology's text.

    Returns:
        Keys of documents that were damaged and are lost ("document 17" where even the key is), sorted.

    Raises:
        StoreDamagedError: If the settings and ontology themselves cannot be read.
    """
    beside = path.with_name(f".{path.name}.new")
    for suffix in ("", "-wal", "-shm", "-journal"):
        beside.with_name(beside.name + suffix).unlink(missing_ok=True)
    whole = path.with_name(f".{path.name}.padded")
    short = _pad(path, whole)
    old = sqlite3.connect(whole if short else path, isolation_level=None)
    os.close(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    new = sqlite3.connect(beside, isolation_level=None)
    try:
        lost = _copy(old, new, path, types_of)
        # From here on the old log must not be replayed into the new file.
        with suppress(sqlite3.DatabaseError, UnicodeDecodeError):
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except BaseException:
        new.close()
        beside.unlink(missing_ok=True)
        raise
    finally:
        old.close()
        whole.unlink(missing_ok=True)
    new.close()
    _sync(beside)
    if lost:
        path.replace(path.with_name(path.name + ".damaged"))
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    beside.replace(path)
    _sync(path.parent)
    return lost


def _pad(path: Path, target: Path) -> bool:
    """Give a file whose end was cut off its length again, in a copy: SQLite reads no shorter one."""
    with path.open("rb") as file:
        header = file.read(100)
    page = int.from_bytes(header[16:18], "big")
    expected = (65536 if page == 1 else page) * int.from_bytes(header[28:32], "big")
    size = path.stat().st_size
    # A header that promises absurdly more than there is has been hit itself.
    if not size < expected < 64 * size + 2**20:
        return False
    shutil.copyfile(path, target)
    target.chmod(0o600)
    os.truncate(target, expected)
    return True


def _copy(
    old: sqlite3.Connection, new: sqlite3.Connection, path: Path, types_of: Callable[[str], Types]
) -> list[str]:
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-262144", "temp_store=MEMORY"):
        new.execute(f"PRAGMA {pragma}")
    meta = _meta(old, path)
    new.execute("BEGIN")
    schema.create(new)
    lost = sorted(_copy_documents(old, new))
    decisions = _copy_decisions(old, new)
    Writer(new, types_of(meta["ontology"])).derive()
    commit = int(meta.get("commit", "0")) + 1
    digest = integrity.ledger_digest(new)
    kept = {key: meta[key] for key in _META if key in meta}
    kept |= {"derivation": schema.DERIVATION_VERSION, "commit": str(commit), "digest": f"{digest:064x}"}
    kept["meta_digest"] = integrity.meta_digest(kept)
    new.executemany("INSERT INTO meta VALUES (?, ?)", sorted(kept.items()))
    whole = kept["digest"] == meta.get("digest")
    if not whole and not lost:
        lost.append("unknown documents or decisions" if decisions else "unknown documents")
    if whole:
        _copy_communities(old, new, meta, commit)
    new.execute("COMMIT")
    return lost


def _meta(old: sqlite3.Connection, path: Path) -> dict[str, str]:
    try:
        meta = dict(old.execute("SELECT key, value FROM meta").fetchall())
        if integrity.meta_digest(meta) == meta["meta_digest"]:
            return meta
    except (sqlite3.DatabaseError, KeyError, TypeError, ValueError, AttributeError):
        pass
    raise StoreDamagedError(
        f'"{path}" is damaged where its settings and ontology stand, and cannot be rebuilt; '
        "restore it from a backup, or build again from the sources"
    )


def _copy_documents(old: sqlite3.Connection, new: sqlite3.Connection) -> Iterator[str]:
    """Copy what is sound; yield the names of what is not."""
    query = (
        "SELECT d.doc, d.id, d.key, d.title, d.source, d.metadata, d.digest, d.failed, "
        "s.text, s.raw, s.verdicts"
        " FROM documents d LEFT JOIN sources s USING (doc) WHERE d.doc = ?"
    )
    for doc in _numbers(old):
        row: Any = None
        try:
            row = old.execute(query, (doc,)).fetchone()
            if row is None:
                yield f"document {doc}"
                continue
            _, name, key, title, source, metadata, digest, failed, text, raw, verdicts = row
            document = Document(name, key, text, title, source, json.loads(metadata))
            sound = document_digest(document, raw, verdicts) == digest
        except (sqlite3.DatabaseError, ValueError, TypeError, AttributeError):
            sound = False
        if not sound:
            known = row[2] if row is not None and isinstance(row[2], str) else ""
            yield known if known.isprintable() and known else f"document {doc}"
            continue
        new.execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (doc, name, key, title, source, metadata, digest, failed),
        )
        new.execute("INSERT INTO sources VALUES (?, ?, ?, ?)", (doc, text, raw, verdicts))


def _numbers(old: sqlite3.Connection) -> list[int]:
    """Keys of all documents, read from whichever table still tells."""
    found: set[int] = set()
    for table in ("documents", "sources", "uses"):
        try:
            for (doc,) in old.execute(f"SELECT doc FROM {table} ORDER BY doc"):  # noqa: S608
                found.add(int(doc))
        except (sqlite3.DatabaseError, TypeError, ValueError):
            continue
    return sorted(found)


def _copy_decisions(old: sqlite3.Connection, new: sqlite3.Connection) -> int:
    try:
        rows = old.execute("SELECT kind, first, second, first_type, second_type FROM decisions").fetchall()
        decisions = [Decision(*row) for row in rows if row[0] in ("merge", "split")]
    except (sqlite3.DatabaseError, ValueError):
        return 0
    new.executemany(
        "INSERT OR IGNORE INTO decisions (kind, first, second, first_type, second_type) "
        "VALUES (?, ?, ?, ?, ?)",
        decisions,
    )
    return len(decisions)


def _copy_communities(
    old: sqlite3.Connection, new: sqlite3.Connection, meta: dict[str, str], commit: int
) -> None:
    """Communities still hold if they are as stored and the content is that of their commit."""
    try:
        if meta.get("communities_commit") != meta["commit"]:
            return
        if integrity.communities_digest(old) != meta["communities_digest"]:
            return
        communities = old.execute("SELECT * FROM communities").fetchall()
        reports = old.execute("SELECT * FROM reports").fetchall()
    except (sqlite3.DatabaseError, KeyError, ValueError):
        return
    new.executemany("INSERT INTO communities VALUES (?, ?, ?, ?)", communities)
    new.executemany("INSERT INTO reports VALUES (?, ?)", reports)
    new.execute("INSERT INTO meta VALUES ('communities_commit', ?)", (str(commit),))
    new.execute("INSERT INTO meta VALUES ('communities_digest', ?)", (meta["communities_digest"],))


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
