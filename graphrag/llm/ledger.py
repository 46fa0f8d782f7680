"""The response ledger: each answer is on disk before anyone uses it.

One SQLite file. A row's digest covers all its fields, because SQLite itself does not notice most
damage. A row that fails its digest is named, set aside and asked for again; a file that SQLite cannot
read is moved aside after whatever can be read has been saved from it.
"""

import contextlib
import hashlib
import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from graphrag.errors import StoreError
from graphrag.llm.messages import Reply

logger = logging.getLogger(__name__)

VERSION = 1
_Result = TypeVar("_Result")
_APPLICATION_ID = 0x47524C4D
_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL,
  task TEXT NOT NULL,
  text BLOB NOT NULL,
  finish TEXT NOT NULL,
  prompt_tokens INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  served_by TEXT NOT NULL,
  digest TEXT NOT NULL,
  usable INTEGER NOT NULL DEFAULT 1,
  reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS answers_by_key ON answers (key) WHERE usable = 1;
"""
_FIELDS = "key, task, text, finish, prompt_tokens, completion_tokens, served_by, digest"


@dataclass(frozen=True, slots=True)
class Spent:
    """What the ledger's answers took, over all runs."""

    answers: int
    prompt_tokens: int
    completion_tokens: int


class ResponseLedger:
    """Answers by key. Safe for threads, and for several processes on one machine.

    Args:
        path: The file; made, with mode 0600, where absent.

    Raises:
        StoreError: If the file cannot be opened or written, or is of a newer version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self.damaged: list[str] = []
        self._db = self._open()

    def get(self, key: str) -> Reply | None:
        """The usable answer with this key, or None."""
        row = self._run(lambda db: _usable(db, key))
        if row is None:
            return None
        if not _whole(row[1:]):
            self._set_aside(row[0], key)
            return None
        text, finish, prompt, completion, served = row[3:8]
        return Reply(
            _text(text), finish, prompt, completion, served_by=served, cached=True, key=key, attempts=0
        )

    def has(self, key: str) -> bool:
        """Whether a usable answer is there."""
        return self._run(lambda db: _usable(db, key)) is not None

    def put(self, key: str, reply: Reply, *, task: str = "", usable: bool = True, reason: str = "") -> None:
        """Commit an answer to disk. A usable one takes the place of an older one, which is kept.

        Raises:
            StoreError: If it cannot be written; nothing was paid for after that.
        """
        values = (key, task, _blob(reply.text), reply.finish, reply.prompt_tokens, reply.completion_tokens,
                  reply.served_by)  # fmt: skip
        row = (*values, _digest(values), int(usable), reason)

        def write(db: sqlite3.Connection) -> None:
            if usable:
                db.execute(
                    "UPDATE answers SET usable = 0, reason = 'replaced' WHERE key = ? AND usable = 1", (key,)
                )
            db.execute(f"INSERT INTO answers ({_FIELDS}, usable, reason) VALUES (?,?,?,?,?,?,?,?,?,?)", row)  # noqa: S608

        self._run(write)

    def refuse(self, keys: Iterable[str], reason: str) -> None:
        """Keep these answers but never use them again: the next ask is a new call."""
        rows = [(reason[:500], key) for key in keys]
        self._run(
            lambda db: db.executemany(
                "UPDATE answers SET usable = 0, reason = ? WHERE key = ? AND usable = 1", rows
            )
        )

    def spent(self) -> Spent:
        """All answers ever received, used or not."""
        query = "SELECT count(*), total(prompt_tokens), total(completion_tokens) FROM answers"
        row = self._run(lambda db: db.execute(query).fetchone())
        return Spent(int(row[0]), int(row[1]), int(row[2]))

    def reasons(self) -> dict[str, int]:
        """How many answers are set aside, by reason."""
        query = "SELECT reason, count(*) FROM answers WHERE usable = 0 GROUP BY reason"
        return dict(sorted(self._run(lambda db: db.execute(query).fetchall())))

    def verify(self) -> list[str]:
        """Keys of all rows that are not what was written, set aside from now on."""
        query = f"SELECT id, {_FIELDS} FROM answers WHERE reason <> 'damaged' ORDER BY id"  # noqa: S608
        bad = [
            (row[0], str(row[1]))
            for row in self._run(lambda db: db.execute(query).fetchall())
            if not _whole(row[1:])
        ]
        for row_id, key in bad:
            self._set_aside(row_id, key)
        return [key for _, key in bad]

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def __enter__(self) -> "ResponseLedger":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _set_aside(self, row_id: int, key: str) -> None:
        logger.warning("the stored answer %s is damaged; it is set aside and asked for again", key)
        self.damaged.append(key)
        query = "UPDATE answers SET usable = 0, reason = 'damaged' WHERE id = ?"
        self._run(lambda db: db.execute(query, (row_id,)))

    def _run(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Do `work` in one transaction; where it meets damage, save what can be read and do it again."""
        with self._lock:
            try:
                with self._db:
                    return work(self._db)
            except sqlite3.Error as error:
                if not _is_damage(error):
                    raise self._trouble(error) from error
                self._db.close()
                self._db = self._salvage(str(error))
            try:
                with self._db:
                    return work(self._db)
            except sqlite3.Error as error:
                raise self._trouble(error) from error

    def _trouble(self, error: sqlite3.Error) -> StoreError:
        return StoreError(
            f'the response ledger "{self.path}" cannot be used: {error}; '
            "check free space and permissions, then run again to resume"
        )

    def _open(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600)
            os.close(descriptor)
        except OSError as error:
            raise StoreError(f'cannot open the response ledger "{self.path}": {error.strerror}') from error
        try:
            return self._connect()
        except sqlite3.Error as error:
            if not _is_damage(error):
                raise self._trouble(error) from error
            return self._salvage(str(error))

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=30.0, check_same_thread=False)
        try:
            # A damaged text must reach its digest, not end in a decoding error.
            db.text_factory = _decoded
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version > VERSION:
                raise StoreError(
                    f'the response ledger "{self.path}" has version {version}, this program knows {VERSION}; '
                    "use the newer program"
                )
            problems = db.execute("PRAGMA quick_check(1)").fetchone()[0]
            if problems != "ok":
                raise _DamageError(problems)
            with db:
                for statement in _SCHEMA.split(";\n"):
                    db.execute(statement)
                db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
                db.execute(f"PRAGMA user_version = {VERSION}")
        except BaseException:
            db.close()
            raise
        return db

    def _salvage(self, problem: str) -> sqlite3.Connection:
        aside = _free_name(self.path)
        kept = list(_readable_rows(self.path))
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                Path(f"{self.path}{suffix}").replace(f"{aside}{suffix}")
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        logger.warning(
            'the response ledger "%s" is damaged (%s); %d answers saved, the rest is asked for again; '
            'the old file is "%s"',
            self.path,
            problem,
            len(kept),
            aside,
        )
        self.damaged.append(f"{self.path.name}: {problem}")
        db = self._connect()
        with db:
            db.executemany(
                f"INSERT OR IGNORE INTO answers ({_FIELDS}) VALUES (?,?,?,?,?,?,?,?)",  # noqa: S608
                kept,
            )
        return db


class _DamageError(sqlite3.DatabaseError):
    """Found by the check at opening."""


def _is_damage(error: sqlite3.Error) -> bool:
    """Whether SQLite met content it cannot read, rather than a lock, a full disk or a missing right."""
    code = getattr(error, "sqlite_errorcode", None)
    # A plain error on statements that are constant and correct means that the schema is damaged.
    return code is None or code & 0xFF in (
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_ERROR,
    )


def _usable(db: sqlite3.Connection, key: str) -> tuple[Any, ...] | None:
    query = f"SELECT id, {_FIELDS} FROM answers WHERE key = ? AND usable = 1"  # noqa: S608 - constant
    row: tuple[Any, ...] | None = db.execute(query, (key,)).fetchone()
    return row


def _readable_rows(path: Path) -> Iterator[tuple[object, ...]]:
    """Usable rows with a good digest, as far as SQLite gets."""
    try:
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error:
        return
    db.text_factory = _decoded
    with contextlib.closing(db):
        try:
            last = db.execute("SELECT max(id) FROM answers").fetchone()[0] or 0
        except sqlite3.Error:
            last = path.stat().st_size  # no row is smaller than a byte
        missing = 0
        for row_id in range(1, last + 1):
            try:
                row = db.execute(
                    f"SELECT {_FIELDS}, usable FROM answers WHERE id = ?",  # noqa: S608
                    (row_id,),
                ).fetchone()
            except (sqlite3.Error, UnicodeDecodeError):
                missing += 1
                if missing > 10_000:
                    return
                continue
            if row is not None and row[-1] == 1 and _whole(row[:-1]):
                yield row[:-1]


def _free_name(path: Path) -> Path:
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    return aside


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")


def _digest(values: tuple[object, ...]) -> str:
    digest = hashlib.sha256()
    for value in values:
        raw = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(8, "big"))
        digest.update(raw)
    return digest.hexdigest()


def _whole(row: tuple[object, ...]) -> bool:
    return isinstance(row[2], bytes) and _digest(tuple(row[:-1])) == row[-1]


def _blob(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # raw answers are kept as they came


def _text(blob: bytes) -> str:
    return blob.decode("utf-8", "surrogatepass")
