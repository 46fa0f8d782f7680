"""Tables of the knowledge base's file, and how a connection to it is set up.

Two layers. The *ledger* (`documents`, `sources`, `decisions`, `meta`) is what was read, with a digest
per document; nothing else needs saving. All other tables are derived from it, a pure function
of its content, and can be made again (`Ledger.rebuild`). Integer keys stay inside the file: they tell
of history. What leaves it are content ids.
"""

import os
import sqlite3
from pathlib import Path

from graphrag.errors import StoreDamagedError, StoreError

APPLICATION_ID = 0x6772_6167  # "grag"
SCHEMA_VERSION = 1
# Raised when the same ledger would give other derived rows (names, resolution): they are made again.
DERIVATION_VERSION = "4"

LEDGER = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
  doc INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, key TEXT NOT NULL UNIQUE, title TEXT NOT NULL,
  source TEXT NOT NULL, metadata TEXT NOT NULL, digest BLOB NOT NULL, failed INTEGER NOT NULL
);
CREATE TABLE sources (doc INTEGER PRIMARY KEY, text TEXT NOT NULL, raw BLOB NOT NULL, verdicts BLOB NOT NULL);
CREATE TABLE decisions (
  first TEXT NOT NULL, first_type TEXT NOT NULL, second TEXT NOT NULL, second_type TEXT NOT NULL,
  kind TEXT NOT NULL, PRIMARY KEY (first, first_type, second, second_type)
) WITHOUT ROWID;
"""

DERIVED = """
CREATE TABLE uses (
  doc INTEGER PRIMARY KEY, first_chunk INTEGER NOT NULL, chunks INTEGER NOT NULL, first_fact INTEGER NOT NULL,
  facts INTEGER NOT NULL, accepted INTEGER NOT NULL, rejected INTEGER NOT NULL, title TEXT NOT NULL,
  subject INTEGER, terms BLOB NOT NULL
);
CREATE TABLE chunks (
  chunk INTEGER PRIMARY KEY, hash INTEGER NOT NULL, doc INTEGER NOT NULL, ordinal INTEGER NOT NULL,
  start INTEGER NOT NULL, end INTEGER NOT NULL, mentions BLOB NOT NULL
);
CREATE INDEX chunk_hashes ON chunks (hash);
CREATE TABLE labels (label INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE names (
  name INTEGER PRIMARY KEY, normal TEXT NOT NULL UNIQUE, bare TEXT NOT NULL, linked INTEGER NOT NULL
);
CREATE INDEX name_bares ON names (bare);
CREATE TABLE terms (
  term INTEGER PRIMARY KEY, name INTEGER NOT NULL, type TEXT NOT NULL, strength INTEGER NOT NULL,
  qualifier TEXT NOT NULL, literal INTEGER NOT NULL, documents INTEGER NOT NULL, mentions INTEGER NOT NULL,
  entity INTEGER NOT NULL, UNIQUE (name, type, strength, qualifier, literal)
);
CREATE INDEX term_entities ON terms (entity);
CREATE TABLE forms (
  term INTEGER NOT NULL, form TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (term, form)
) WITHOUT ROWID;
CREATE TABLE aliases (
  first INTEGER NOT NULL, second INTEGER NOT NULL, kind TEXT NOT NULL, documents INTEGER NOT NULL,
  PRIMARY KEY (first, second, kind)
) WITHOUT ROWID;
CREATE INDEX alias_seconds ON aliases (second);
CREATE TABLE spellings (
  first INTEGER NOT NULL, second INTEGER NOT NULL, kind TEXT NOT NULL, score REAL NOT NULL,
  PRIMARY KEY (first, second)
) WITHOUT ROWID;
CREATE INDEX spelling_seconds ON spellings (second);
CREATE TABLE blocks (block INTEGER NOT NULL, name INTEGER NOT NULL, PRIMARY KEY (block, name)) WITHOUT ROWID;
CREATE TABLE entities (entity INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
CREATE TABLE merges (
  entity INTEGER NOT NULL, position INTEGER NOT NULL, first TEXT NOT NULL, first_tag TEXT NOT NULL,
  second TEXT NOT NULL, second_tag TEXT NOT NULL, kind TEXT NOT NULL, score REAL NOT NULL,
  documents INTEGER NOT NULL, PRIMARY KEY (entity, position)
) WITHOUT ROWID;
CREATE TABLE facts (
  fact INTEGER PRIMARY KEY, chunk INTEGER NOT NULL, head INTEGER NOT NULL, relation INTEGER NOT NULL,
  tail INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL, extractor INTEGER NOT NULL,
  score REAL NOT NULL
);
CREATE INDEX fact_ends ON facts (head, relation, tail);
CREATE INDEX fact_tails ON facts (tail);
CREATE TABLE edges (
  hash INTEGER NOT NULL, subject INTEGER NOT NULL, relation INTEGER NOT NULL, object INTEGER NOT NULL,
  PRIMARY KEY (hash, subject, relation, object)
) WITHOUT ROWID;
CREATE TABLE communities (
  id TEXT PRIMARY KEY, level INTEGER NOT NULL, parent TEXT, entities BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE reports (community TEXT PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID;
"""

DERIVED_TABLES = [
    "uses",
    "chunks",
    "labels",
    "names",
    "terms",
    "forms",
    "aliases",
    "spellings",
    "blocks",
    "entities",
    "merges",
    "facts",
    "edges",
    "communities",
    "reports",
]


def connect(path: Path, *, write: bool) -> sqlite3.Connection:
    """Open the file; a reader can change nothing, a writer's commits outlive power loss.

    Raises:
        StoreDamagedError: If it is no database.
        StoreError: If it cannot be opened.
    """
    mode = "rwc" if write else "ro"
    if not write and not _can_share(path):
        # On a read-only medium WAL's shared index cannot be made; a closed file needs none.
        mode = "ro&immutable=1"
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    try:
        connection = sqlite3.connect(
            uri, uri=True, isolation_level=None, check_same_thread=False, timeout=30.0
        )
    except sqlite3.Error as error:
        raise StoreError(f'cannot open "{path}": {error}; check the path and its permissions') from error
    try:
        for pragma in (
            "foreign_keys=ON",
            "cache_size=-65536",
            "temp_store=MEMORY",
            "mmap_size=268435456",
            "trusted_schema=OFF",
        ):
            connection.execute(f"PRAGMA {pragma}")
        if write:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA wal_autocheckpoint=16000")
        else:
            connection.execute("PRAGMA query_only=ON")
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        connection.close()
        name = getattr(error, "sqlite_errorname", "")
        if (
            write
            and isinstance(error, sqlite3.DatabaseError)
            and name.startswith(("SQLITE_IOERR", "SQLITE_FULL"))
        ):
            raise explain(error, path) from error
        raise damaged(path, error) from error
    return connection


def _can_share(path: Path) -> bool:
    return os.access(path.parent, os.W_OK) or path.with_name(path.name + "-shm").exists()


def create(connection: sqlite3.Connection) -> None:
    """Make all tables in an empty file; the caller holds the transaction."""
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
    for statement in (LEDGER + DERIVED).split(";"):
        if statement.strip():
            connection.execute(statement)


def check_version(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file of another program or of a newer version.

    Raises:
        StoreDamagedError: If the file cannot be read or is not ours.
        StoreError: If a newer program wrote it.
    """
    try:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise damaged(path, error) from error
    if application != APPLICATION_ID:
        raise StoreDamagedError(f'"{path}" is not a knowledge base of this program; nothing was changed')
    if version > SCHEMA_VERSION:
        raise StoreError(
            f'"{path}" has schema version {version}, this program knows {SCHEMA_VERSION}; '
            "use the newer program, or build again"
        )
    if version < SCHEMA_VERSION:
        raise StoreError(
            f'"{path}" has schema version {version}, which this program cannot migrate; '
            "build again from the sources"
        )


def explain(error: sqlite3.DatabaseError, path: Path) -> StoreError:
    """What an error of SQLite means: a damaged file, or a disk that refuses."""
    code = getattr(error, "sqlite_errorname", "") or ""
    if code.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return damaged(path, error)
    try:
        state = os.statvfs(path.parent)
        free = f"{state.f_bavail * state.f_frsize:,} bytes free"
    except OSError:
        free = "free space unknown"
    return StoreError(f'cannot write "{path}": {error} ({free}); what was committed before is safe')


def damaged(path: Path, error: object) -> StoreDamagedError:
    """The error for a file whose content cannot be trusted."""
    return StoreDamagedError(
        f'"{path}" is damaged: {error}; `graphrag verify` tells how far, `graphrag rebuild` derives the '
        "graph again from the ledger in it"
    )
