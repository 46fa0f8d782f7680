"""Whether a knowledge base is what was committed: digests, a receipt, and derivation done twice.

SQLite has no checksums over its pages, so each document's part of the ledger carries a SHA-256, and
the whole the sum of these (mod 2^256): an order-free hash of the multiset that an update changes in
constant time. Derived rows need none: `verify` derives them a second time and compares.
"""

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from graphrag.datamodel import Document
from graphrag.errors import StoreDamagedError, StoreError
from graphrag.ids import canonical_json, fingerprint
from graphrag.resolution import Decision
from graphrag.store import schema
from graphrag.store.codec import unpack
from graphrag.store.view import StoredView
from graphrag.store.writing import Writer, document_digest

if TYPE_CHECKING:
    from graphrag.store.ledger import Ledger

_SPACE = 2**256
_MAGIC = b"SQLite format 3\x00"


def check_file(path: Path) -> None:
    """What can be told at once, before SQLite looks: the file is there, is SQLite's, and is whole.

    Raises:
        StoreDamagedError: If not.
    """
    try:
        with path.open("rb") as file:
            header = file.read(100)
    except FileNotFoundError as error:
        raise StoreDamagedError(
            f'"{path}" is gone, though this folder held a knowledge base; restore it from a backup'
        ) from error
    except OSError as error:
        raise StoreError(f'cannot read "{path}": {error.strerror}; check its permissions') from error
    if len(header) < 100 or not header.startswith(_MAGIC):
        raise StoreDamagedError(f'"{path}" is damaged: it is not an SQLite file; restore it from a backup')
    page = int.from_bytes(header[16:18], "big")
    page = 65536 if page == 1 else page
    pages = int.from_bytes(header[28:32], "big")
    log = path.with_name(path.name + "-wal")
    if pages * page <= path.stat().st_size or (log.exists() and log.stat().st_size):
        return
    # Asked again: a writer may have moved its log into the file between the two looks.
    size = path.stat().st_size
    if pages * page > size:
        raise StoreDamagedError(
            f'"{path}" is damaged: it has {size:,} bytes of {pages * page:,}; '
            "`graphrag rebuild` saves what can be read"
        )


def write_receipt(path: Path, commit: int, digest: str) -> None:
    """Note the last commit beside the file, so that losing the tail of it cannot go unseen.

    Written after the commit: a receipt that is behind says nothing, one that is ahead tells of loss.
    """
    body = f"{commit} {digest}"
    line = f"{body} {hashlib.sha256(body.encode()).hexdigest()[:16]}\n".encode()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        os.pwrite(handle, line, 0)
        os.ftruncate(handle, len(line))
    finally:
        os.close(handle)


def read_receipt(path: Path) -> tuple[int, str]:
    """The commit and digest that were noted last; (0, "") if there are none to be trusted.

    To be read before the file is opened: another process may commit in between.
    """
    try:
        commit, digest, check = path.read_text("ascii").split()
        if hashlib.sha256(f"{commit} {digest}".encode()).hexdigest()[:16] == check:
            return int(commit), digest
    except (OSError, ValueError):
        # No receipt, or one torn by power loss: it is only a second witness.
        pass
    return 0, ""


def check_receipt(folder: Path, noted: tuple[int, str], commit: int, digest: str) -> None:
    """Compare what a file holds with its receipt.

    Raises:
        StoreDamagedError: If a commit that was acknowledged is missing.
    """
    if noted[0] > commit or (noted[0] == commit and noted[1] not in ("", digest)):
        raise StoreDamagedError(
            f'"{folder}" holds commit {commit}, but commit {noted[0]} was made: work was lost. Restore the '
            "missing file (kg.db-wal), or, if you put an old backup back on purpose, delete kg.receipt"
        )


def decision_digest(decision: Decision) -> int:
    """A user's decision as a summand of the whole digest."""
    return int.from_bytes(hashlib.sha256(canonical_json(list(decision)).encode("utf-8")).digest(), "big")


def meta_digest(meta: Mapping[str, str]) -> str:
    """SHA-256 (hex) over what a knowledge base was made with."""
    # Bases made before verdicts had a fingerprint have no such row.
    verdicts = [meta["verdicts"]] if "verdicts" in meta else []
    return fingerprint([meta[key] for key in ("settings", "ontology", "extractor")] + verdicts)


def ledger_digest(db: sqlite3.Connection) -> int:
    """The whole digest, from the stored digests of documents and from the decisions."""
    total = sum(int.from_bytes(row[0], "big") for row in db.execute("SELECT digest FROM documents"))
    query = "SELECT kind, first, second, first_type, second_type FROM decisions"
    return (total + sum(decision_digest(Decision(*row)) for row in db.execute(query))) % _SPACE


def communities_digest(db: sqlite3.Connection) -> str:
    """SHA-256 (hex) over all communities and reports."""
    digest = hashlib.sha256()
    for query in (
        "SELECT id, level, coalesce(parent, ''), entities FROM communities ORDER BY id",
        "SELECT community, content FROM reports ORDER BY community",
    ):
        for row in db.execute(query):
            for part in row:
                raw = part if isinstance(part, bytes) else str(part).encode("utf-8")
                digest.update(b"%d:" % len(raw))
                digest.update(raw)
    return digest.hexdigest()


def broken_documents(ledger: "Ledger") -> list[str]:
    """Keys of documents whose part of the ledger is not what was committed, sorted."""
    query = (
        "SELECT d.id, d.key, s.text, d.title, d.source, d.metadata, s.raw, s.verdicts, "
        "d.digest FROM documents d LEFT JOIN sources s USING (doc) ORDER BY d.key"
    )
    broken = []
    for id_, key, text, title, source, metadata, raw, verdicts, digest in ledger._db.execute(query):
        try:
            document = Document(id_, key, text, title, source, json.loads(metadata))
            good = document_digest(document, raw, verdicts) == digest
        except (ValueError, TypeError, AttributeError):
            good = False
        if not good:
            broken.append(str(key))
    return broken


def verify(ledger: "Ledger") -> list[str]:
    """Everything that is wrong with a knowledge base, in words."""
    problems: list[str] = []
    try:
        for problem in _problems(ledger):
            problems.append(problem)
    except (sqlite3.DatabaseError, OSError) as error:
        problems.append(f"the file cannot be read through: {error}")
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        problems.append(f"a record cannot be read: {type(error).__name__}: {error}")
    return problems


def _problems(ledger: "Ledger") -> Iterator[str]:
    db = ledger._db
    for (line,) in db.execute("PRAGMA integrity_check"):
        if line != "ok":
            yield f"SQLite: {line}"
    broken = broken_documents(ledger)
    for key in broken:
        yield f'document "{key}": its record is not what was committed'
    meta = ledger.meta
    if meta_digest(meta) != meta["meta_digest"]:
        yield "the settings or the ontology are not what was stored"
        return
    if f"{ledger_digest(db):064x}" != meta["digest"]:
        yield (
            "the ledger as a whole is not what was committed: a document or decision was "
            "changed, lost or added"
        )
    if meta.get("communities_digest", "") != (
        "" if "communities_commit" not in meta else communities_digest(db)
    ):
        yield "communities or reports are not what was stored; make them again"
    if broken:
        yield "entities and relations were not compared with the ledger, since the ledger itself is damaged"
    else:
        yield from compare_derived(ledger)


class _Shadow(StoredView):
    """A second derivation, in a temporary database."""

    def __init__(self, ledger: "Ledger") -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self.types = ledger.types
        self._db.execute("BEGIN")
        schema.create(self._db)
        for table in ("meta", "documents", "sources", "decisions"):
            rows = ledger._db.execute(f"SELECT * FROM {table}")  # noqa: S608
            marks = ", ".join("?" * len(rows.description))
            self._db.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608
        Writer(self._db, self.types).derive()


def compare_derived(ledger: "Ledger") -> Iterator[str]:
    """Derive every table again beside the stored one and tell where they differ."""
    shadow = _Shadow(ledger)
    try:
        for table, query in _CANONICAL.items():
            ours, theirs = ledger._db.execute(query), shadow._db.execute(query)
            for mine, other in zip_longest(ours, theirs):
                if mine != other:
                    yield (
                        f"table {table} is not what the ledger gives: {_short(mine)}, expected "
                        f"{_short(other)}"
                    )
                    break
        for mine, other in zip_longest(ledger.mentions(), shadow.mentions()):
            if mine != other:
                yield f"mentions are not what the ledger gives: {_short(mine)}, expected {_short(other)}"
                break
        yield from _unequal_uses(ledger._db, shadow._db)
        linked = "SELECT normal FROM names WHERE linked = 1 ORDER BY 1"
        missing = set(shadow._db.execute(linked)) - set(ledger._db.execute(linked))
        if missing:
            yield f"name {_short(min(missing)[0])} is not marked as tied to others"
    finally:
        shadow._db.close()


def _short(row: object) -> str:
    text = repr(row)
    return text if len(text) <= 160 else text[:157] + "..."


# Derived tables without the integer keys, which tell of history alone.
_TERM = "n.normal, t.type, t.strength, t.qualifier, t.literal"
_CANONICAL = {
    "uses": (
        "SELECT d.id, u.chunks, u.facts, u.accepted, u.rejected, u.title FROM uses u JOIN "
        "documents d USING (doc) ORDER BY 1"
    ),
    "chunks": (
        "SELECT c.hash, d.id, c.ordinal, c.start, c.end, length(c.mentions) FROM chunks c LEFT "
        "JOIN documents d USING (doc) ORDER BY 1, 2"
    ),
    "names": "SELECT normal, bare FROM names ORDER BY 1",
    "terms": (
        f"SELECT {_TERM}, t.documents, t.mentions, e.id FROM terms t LEFT JOIN names n USING "  # noqa: S608
        f"(name) LEFT JOIN entities e USING (entity) ORDER BY 1, 2, 3, 4, 5"
    ),
    "forms": (
        f"SELECT {_TERM}, f.form, f.count FROM forms f LEFT JOIN terms t USING (term) LEFT JOIN "  # noqa: S608
        f"names n USING (name) ORDER BY 1, 2, 3, 4, 5, 6"
    ),
    "aliases": """
        SELECT n.normal, t.type, t.strength, t.qualifier, m.normal, o.type, o.strength, o.qualifier,
        a.kind, a.documents
        FROM aliases a LEFT JOIN terms t ON t.term = a.first LEFT JOIN names n USING (name)
        LEFT JOIN terms o ON o.term = a.second LEFT JOIN names m ON m.name = o.name ORDER BY 1, 2, 3, 4,
        5, 6, 7, 8, 9
    """,
    "spellings": """
        SELECT min(n.normal, m.normal), max(n.normal, m.normal), s.kind, s.score FROM spellings s
        LEFT JOIN names n ON n.name = s.first LEFT JOIN names m ON m.name = s.second ORDER BY 1, 2
    """,
    "blocks": "SELECT b.block, n.normal FROM blocks b LEFT JOIN names n USING (name) ORDER BY 1, 2",
    "entities": "SELECT id FROM entities ORDER BY 1",
    "merges": """
        SELECT e.id, m.position, m.first, m.first_tag, m.second, m.second_tag, m.kind, m.score, m.documents
        FROM merges m LEFT JOIN entities e USING (entity) ORDER BY 1, 2
    """,
    # Both ends by entity: which of an entity's terms a fact hangs on follows from the table of terms.
    "facts": """
        SELECT c.hash, f.start, f.end, a.id, l.text, b.id, x.text, f.score FROM facts f
        LEFT JOIN chunks c USING (chunk) LEFT JOIN terms t ON t.term = f.head
        LEFT JOIN terms o ON o.term = f.tail
        LEFT JOIN entities a ON a.entity = t.entity LEFT JOIN entities b ON b.entity = o.entity
        LEFT JOIN labels l ON l.label = f.relation LEFT JOIN labels x ON x.label = f.extractor
        ORDER BY 1, 2, 3, 4, 5, 6, 7, 8
    """,
    "edges": """
        SELECT g.hash, a.id, l.text, b.id FROM edges g LEFT JOIN entities a ON a.entity = g.subject
        LEFT JOIN labels l ON l.label = g.relation LEFT
        JOIN entities b ON b.entity = g.object ORDER BY 1, 2, 3, 4
    """,
}


def _unequal_uses(db: sqlite3.Connection, other: sqlite3.Connection) -> Iterator[str]:
    """What each document is noted to have contributed, so that it can be withdrawn."""
    for mine, theirs in zip_longest(_uses(db), _uses(other)):
        if mine != theirs:
            yield f"the record of what document {_short((mine or theirs or ())[:1])} contributed is wrong"
            return


def _uses(db: sqlite3.Connection) -> Iterator[tuple[object, ...]]:
    query = f"SELECT t.term, {_TERM} FROM terms t JOIN names n USING (name)"  # noqa: S608
    terms = {row[0]: row[1:] for row in db.execute(query)}
    query = (
        "SELECT d.id, u.subject, u.first_fact, u.facts, u.first_chunk, u.terms FROM uses u "
        "JOIN documents d USING (doc) ORDER BY 1"
    )
    for name, subject, first_fact, facts, first_chunk, packed in db.execute(query):
        rows, aliases = unpack(packed)
        # Facts by their place from the document's first: the range must be the document's own.
        own = db.execute(
            "SELECT count(*), min(f.chunk) >= ?3 FROM facts f WHERE fact BETWEEN ?1 AND ?2",
            (first_fact, first_fact + facts - 1, first_chunk),
        ).fetchone()
        yield (
            name,
            terms.get(subject),
            own,
            sorted((terms[term], mentions, sorted(forms.items())) for term, mentions, forms in rows),
            sorted((terms[first], terms[second], kind) for first, second, kind in aliases),
        )
