"""The knowledge base's own store: one SQLite file that is never wrong.

A folder with one file of truth (`kg.db`), made of a ledger of what was read and of tables derived from
it (see `graphrag.store.schema`). Each change is one transaction that also settles resolution, so the
content always equals that of a build from scratch. One writer at a time, any number of readers, each of
which sees one commit.
"""

import hashlib
import json
import os
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from graphrag.datamodel import CheckedTriple, Community, Document, Extraction, Failure, Report
from graphrag.errors import DataError, NotFoundError, StoreError
from graphrag.ids import canonical_json
from graphrag.merging import IngestedDocument, check_ingested
from graphrag.resolution import Decision, TypeOf, Types
from graphrag.store import codec, exporting, integrity, journal, restoring, schema
from graphrag.store.lock import WriteLock
from graphrag.store.settling import Touched, normals_of
from graphrag.store.view import Conflict, StoredView
from graphrag.store.writing import Writer, collector_paused, document_digest, stored_document

__all__ = ["Conflict", "Decision", "IngestedDocument", "Ledger"]

Checker = Callable[[Document, tuple[Extraction | Failure, ...]], tuple[CheckedTriple, ...]]
FILE = "kg.db"
_LOCK = ".lock"
_RECEIPT = "kg.receipt"
_DIGEST_SPACE = 2**256


class Ledger(StoredView):
    """A knowledge base, open for reading or for writing. Implements `KnowledgeView`."""

    def __init__(
        self, folder: Path, db: sqlite3.Connection, lock: WriteLock | None, type_of: TypeOf | None
    ) -> None:
        """Use `create` or `open`."""
        self.folder = folder
        self._db = db
        self._lock = lock
        self._type_of = type_of
        self._pid = os.getpid()
        self._writer = Writer(db, self.types) if lock is not None else None

    @staticmethod
    def exists(folder: str | Path) -> bool:
        """Whether a knowledge base, whole or damaged, is in `folder`."""
        return (Path(folder) / FILE).exists() or (Path(folder) / _RECEIPT).exists()

    @classmethod
    def create(
        cls,
        folder: str | Path,
        *,
        settings: Mapping[str, Any],
        ontology: str,
        extractor: str,
        type_of: TypeOf | None = None,
    ) -> Self:
        """Make an empty knowledge base and open it for writing.

        Args:
            settings: Stored as canonical JSON under `meta["settings"]`.
            ontology: The schema as YAML; "" for open mode.
            extractor: Fingerprint of what will read the documents.
            type_of: Maps an extractor's types into the schema; the ontology's aligner if absent.

        Raises:
            StoreError: If the folder holds one already or cannot be written.
        """
        folder = Path(folder)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f'cannot make the folder "{folder}": {error.strerror}; check the path'
            ) from error
        lock = WriteLock.acquire(folder / _LOCK)
        try:
            if cls.exists(folder):
                raise StoreError(
                    f'"{folder}" holds a knowledge base already; open it, or choose another folder'
                )
            # Made beside and renamed into place, so that a half-made file is never taken for an empty base.
            beside = folder / f".{FILE}.new"
            beside.unlink(missing_ok=True)
            os.close(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            _initialise(beside, settings, ontology, extractor)
            beside.rename(folder / FILE)
            _sync_folder(folder)
            db = schema.connect(folder / FILE, write=True)
            try:
                return cls(folder, db, lock, type_of)
            except BaseException:
                db.close()
                raise
        except sqlite3.DatabaseError as error:
            lock.release()
            raise schema.explain(error, folder / FILE) from error
        except OSError as error:
            lock.release()
            raise StoreError(f'cannot write "{folder / FILE}": {error.strerror}; nothing was made') from error
        except BaseException:
            lock.release()
            raise

    @classmethod
    def open(
        cls,
        folder: str | Path,
        *,
        write: bool = False,
        type_of: TypeOf | None = None,
        wait_seconds: float = 0.0,
    ) -> Self:
        """Open an existing knowledge base; a reader sees the last commit until it calls `refresh`.

        Args:
            wait_seconds: How long a writer waits for another one to finish.

        Raises:
            NotFoundError: If there is none.
            StoreDamagedError: If the file cannot be trusted.
            StoreLockedError: If another process is writing.
        """
        folder = Path(folder)
        path = folder / FILE
        if not cls.exists(folder):
            raise NotFoundError(
                f'"{folder}" is not a knowledge base: it holds no {FILE}; make one with: graphrag build'
            )
        lock = WriteLock.acquire(folder / _LOCK, wait_seconds=wait_seconds) if write else None
        db = None
        try:
            noted = integrity.read_receipt(folder / _RECEIPT)
            integrity.check_file(path)
            db = schema.connect(path, write=write)
            schema.check_version(db, path)
            if not write:
                db.execute("BEGIN")
            try:
                ledger = cls(folder, db, lock, type_of)
                integrity.check_receipt(folder, noted, ledger.commit, ledger.meta["digest"])
                if ledger.meta["derivation"] != schema.DERIVATION_VERSION and write:
                    ledger.rebuild()
            except (sqlite3.DatabaseError, KeyError, TypeError, ValueError) as error:
                raise schema.damaged(path, error) from error
        except BaseException:
            if db is not None:
                db.close()
            if lock is not None:
                lock.release()
            raise
        return ledger

    def close(self) -> None:
        """Give up the file and the lock; harmless when repeated."""
        if self._pid == os.getpid():
            self._db.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def writable(self) -> bool:
        return self._lock is not None

    def refresh(self) -> None:
        """Let a reader see the newest commit."""
        if self._writer is None:
            self._db.execute("ROLLBACK")
            self._db.execute("BEGIN")
            self.__dict__.pop("types", None)

    @cached_property
    def types(self) -> Types:
        """What resolution knows of the stored ontology."""
        return _types(self.meta["ontology"], self._type_of)

    # Change

    def apply(self, added: Sequence[IngestedDocument], removed: Sequence[str] = ()) -> None:
        """Add documents, replacing those of the same key, and remove others, in one transaction.

        The result equals a build from scratch of what is then stored. Cost is that of the documents
        and of the names they touch, whatever the size of the base.

        Args:
            removed: Keys.

        Raises:
            DataError: If a record breaks its contract or a key comes twice; nothing is changed.
            NotFoundError: If a key of `removed` is not stored; nothing is changed.
            StoreError: If the disk refuses; nothing is changed.
        """
        keys = [item.document.key for item in added] + list(removed)
        if len(set(keys)) != len(keys):
            twice = next(key for key in keys if keys.count(key) > 1)
            raise DataError(f'document "{twice}" comes twice in one change; give each key once')
        for item in added:
            check_ingested(item)
        writer = self._writing()
        with self._transaction():
            known = self._rows(
                "SELECT key FROM documents WHERE key IN (SELECT value FROM json_each(?))",
                (json.dumps(list(removed)),),
            )
            missing = set(removed) - {row[0] for row in known}
            if missing:
                raise NotFoundError(f'no document has the key "{min(missing)}"; nothing was removed')
            with collector_paused():
                change, touched = writer.put(added, removed)
            if touched.ids:
                journal.record(self._db, self.commit + 1, self.state, touched)
                self._stamp(change)

    def decide(self, decisions: Sequence[Decision], *, require_names: bool = True) -> None:
        """Record a user's merges and splits and settle them; a later word on two names replaces an earlier.

        Args:
            require_names: Refuse names that are not in the knowledge base (now): mostly a slip of the pen.

        Raises:
            DataError: If a decision is neither "merge" nor "split" or names one thing twice.
            NotFoundError: If a name is not in the knowledge base.
        """
        writer = self._writing()
        with self._transaction():
            touched = Touched()
            change = 0
            for decision in map(_canonical, decisions):
                for name in (decision.first, decision.second):
                    found = self._names_like(name)
                    if not found and require_names:
                        raise NotFoundError(f'no entity is called "{name}"; nothing was decided')
                    touched.names |= found
                change += self._record(decision)
            writer.settle(touched)
            journal.record(self._db, self.commit + 1, self.state, touched)
            self._stamp(change)

    def undecide(self, decision: Decision) -> None:
        """Take back a decision on these names and types, of whatever kind.

        Raises:
            NotFoundError: If there is none.
        """
        writer = self._writing()
        decision = _canonical(decision)
        with self._transaction():
            change = self._strike(decision)
            touched = Touched()
            for name in (decision.first, decision.second):
                touched.names |= self._names_like(name)
            writer.settle(touched)
            journal.record(self._db, self.commit + 1, self.state, touched)
            self._stamp(change)

    def recheck(self, ontology: str, check: Checker, *, fingerprint: str = "") -> None:
        """Take another ontology: new verdicts on every triple that was read, without reading again.

        Args:
            ontology: The schema as YAML; "" for open mode.
            check: Verdicts on the triples of a document's results.
            fingerprint: Of what `check` does, the ontology apart; kept under `meta["verdicts"]`.
        """
        self._writing()
        with self._transaction():
            self._set("ontology", ontology)
            self._set("verdicts", fingerprint)
            self._retype()
            for (doc,) in self._rows("SELECT doc FROM documents ORDER BY id"):
                document, raw, _ = stored_document(self._db, doc)
                _, results = codec.decode_results(document, raw)
                verdicts = codec.encode_verdicts(document, results, check(document, results))
                self._db.execute("UPDATE sources SET verdicts = ? WHERE doc = ?", (verdicts, doc))
                digest = document_digest(document, raw, verdicts)
                self._db.execute("UPDATE documents SET digest = ? WHERE doc = ?", (digest, doc))
            self._writing().derive()
            self._stamp_whole()

    def set_meta(self, key: str, value: str) -> None:
        """Store a setting; "settings", "extractor" and "verdicts" may be set, the rest is the store's own.

        Raises:
            StoreError: For another key.
        """
        if key not in ("settings", "extractor", "verdicts"):
            raise StoreError(f'"{key}" is not a setting that can be changed; use `recheck` for the ontology')
        self._writing()
        with self._transaction():
            self._set(key, value)

    def set_communities(
        self,
        communities: Sequence[Community],
        reports: Sequence[Report],
        commit: int | None = None,
        *,
        kept: Collection[str] = (),
        made: str = "",
    ) -> None:
        """Replace all communities and reports, made from `commit` (the current one if absent).

        Args:
            kept: Communities whose members and report stay as they are stored; `reports` are those of all
                others.
            made: How all the reports were made, for `reports_made`.

        Raises:
            StoreError: If the content has changed since `commit`, or one of `kept` is not stored.
        """
        self._writing()
        with self._transaction():
            commit = self.commit if commit is None else commit
            if commit != self.commit:
                raise StoreError(
                    f"communities of commit {commit} do not fit commit {self.commit}; make them again"
                )
            held = set(kept)
            if lost := held - self.reported():
                raise StoreError(f'no report of community "{min(lost)}" is stored that could be kept')
            names = json.dumps(sorted(held))
            for table, key in (("communities", "id"), ("reports", "community")):
                self._db.execute(
                    f"DELETE FROM {table} WHERE {key} NOT IN (SELECT value FROM json_each(?))",  # noqa: S608
                    (names,),
                )
            self._db.executemany(
                "UPDATE communities SET level = ?1, parent = ?2 WHERE id = ?3"
                " AND (level IS NOT ?1 OR parent IS NOT ?2)",
                [(c.level, c.parent_id, c.id) for c in communities if c.id in held],
            )
            self._db.executemany(
                "INSERT INTO communities VALUES (?, ?, ?, ?)",
                [
                    (c.id, c.level, c.parent_id, codec.encode_community(c))
                    for c in communities
                    if c.id not in held
                ],
            )
            self._db.executemany(
                "INSERT INTO reports VALUES (?, ?)",
                [(r.community_id, codec.encode_report(r)) for r in reports],
            )
            digest = integrity.communities_digest(self._db)
            self._db.executemany(
                "INSERT OR REPLACE INTO meta VALUES (?, ?)",
                [
                    ("communities_commit", str(commit)),
                    ("communities_digest", digest),
                    ("reports_made", made),
                ],
            )

    def outdate_communities(self) -> None:
        """Note that communities and reports must be made again, though the content is the same."""
        self._writing()
        with self._transaction():
            self._db.execute("UPDATE meta SET value = '-1' WHERE key = 'communities_commit'")

    # Trust

    def export(self) -> Iterator[str]:
        """The canonical export: JSON lines by kind and id, floats at 9 digits, no clock, no history."""
        return exporting.export_lines(self)

    def fingerprint(self) -> str:
        """SHA-256 (hex) of the canonical export, one line feed after each line."""
        digest = hashlib.sha256()
        for line in self.export():
            digest.update(line.encode("utf-8"))
            digest.update(b"\n")
        return digest.hexdigest()

    def verify(self) -> list[str]:
        """Check everything: pages, digests, and each derived row against the ledger.

        Returns:
            What is wrong, in words; [] if nothing is.
        """
        return integrity.verify(self)

    def rebuild(self) -> list[str]:
        """Derive everything again from the ledger, into a new file: entities, relations, counters.

        Needs as much free disk space again as the base takes. No extraction, no calls.

        Returns:
            Keys of documents that are damaged in the ledger itself and are lost, sorted; [] mostly.
            Where there are any, the old file is kept beside as ``kg.db.damaged``.

        Raises:
            StoreDamagedError: If even the settings cannot be read.
        """
        self._writing()
        path = self.folder / FILE
        self._db.close()
        try:
            lost = restoring.restore(path, lambda text: _types(text, self._type_of))
        finally:
            self._db = schema.connect(path, write=True)
            self.__dict__.pop("types", None)
            self._writer = Writer(self._db, self.types)
        self._note()
        return lost

    @classmethod
    def restore(cls, folder: str | Path, *, type_of: TypeOf | None = None) -> list[str]:
        """`rebuild` for a knowledge base too damaged to be opened.

        Raises:
            NotFoundError: If there is none.
            StoreDamagedError: If even the settings cannot be read.
            StoreLockedError: If another process is writing.
        """
        folder = Path(folder)
        if not (folder / FILE).exists():
            raise NotFoundError(f'"{folder}" holds no {FILE} to rebuild from; restore it from a backup')
        lock = WriteLock.acquire(folder / _LOCK)
        try:
            lost = restoring.restore(folder / FILE, lambda text: _types(text, type_of))
            (folder / _RECEIPT).unlink(missing_ok=True)
        finally:
            lock.release()
        return lost

    # Private

    def _writing(self) -> Writer:
        if self._pid != os.getpid():
            raise StoreError(
                "this knowledge base was opened before a fork; open it anew in the child process"
            )
        if self._writer is None or self._lock is None:
            raise StoreError(f'"{self.folder}" is open for reading; open it with write=True')
        return self._writer

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                if self._writer is not None:
                    self._writer.forget()
                    self._retype()
                raise
            self._note()
        except sqlite3.DatabaseError as error:
            raise schema.explain(error, self.folder / FILE) from error
        except OSError as error:
            raise StoreError(
                f'cannot write "{self.folder / _RECEIPT}": {error.strerror}; what was committed is safe'
            ) from error

    def _note(self) -> None:
        meta = self.meta
        integrity.write_receipt(self.folder / _RECEIPT, int(meta["commit"]), meta["digest"])

    def _stamp(self, change: int) -> None:
        digest = (int(self.meta["digest"], 16) + change) % _DIGEST_SPACE
        self._db.execute("UPDATE meta SET value = ? WHERE key = 'digest'", (f"{digest:064x}",))
        self._db.execute("UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'commit'")

    def _stamp_whole(self) -> None:
        digest = integrity.ledger_digest(self._db)
        self._db.execute("UPDATE meta SET value = ? WHERE key = 'digest'", (f"{digest:064x}",))
        self._stamp(0)

    def _set(self, key: str, value: str) -> None:
        meta = {**self.meta, key: value}
        rows = [(key, value), ("meta_digest", integrity.meta_digest(meta))]
        self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", rows)

    def _retype(self) -> None:
        self.__dict__.pop("types", None)
        if self._writer is not None:
            self._writer.types = self.types

    def _names_like(self, name: str) -> set[int]:
        query = "SELECT name FROM names WHERE normal IN (SELECT value FROM json_each(?))"
        return {row[0] for row in self._rows(query, (json.dumps(sorted(normals_of(name))),))}

    def _record(self, decision: Decision) -> int:
        try:
            change = self._strike(decision)
        except NotFoundError:
            change = 0
        self._db.execute(
            "INSERT INTO decisions (kind, first, second, first_type, second_type) VALUES (?, ?, ?, ?, ?)",
            decision,
        )
        return change + integrity.decision_digest(decision)

    def _strike(self, decision: Decision) -> int:
        """Delete what was decided about these names; the change of the digest."""
        kinds = self._db.execute(
            "DELETE FROM decisions WHERE first = ? AND second = ? AND first_type = ? AND second_type = ?"
            " RETURNING kind",
            decision[1:],
        ).fetchall()
        if not kinds:
            raise NotFoundError(
                f'nothing was decided about "{decision.first}" and "{decision.second}" with these types; '
                "list the decisions with: graphrag resolve KG list"
            )
        return -integrity.decision_digest(decision._replace(kind=kinds[0][0]))


def _canonical(decision: Decision) -> Decision:
    if decision.kind not in ("merge", "split"):
        raise DataError(f'a decision is "merge" or "split", not "{decision.kind}"')
    ends = sorted([(decision.first, decision.first_type), (decision.second, decision.second_type)])
    if ends[0] == ends[1]:
        raise DataError(f'"{decision.first}" cannot be decided against itself; name two things')
    return Decision(decision.kind, ends[0][0], ends[1][0], ends[0][1], ends[1][1])


def _initialise(path: Path, settings: Mapping[str, Any], ontology: str, extractor: str) -> None:
    db = schema.connect(path, write=True)
    try:
        # Without a log: it would bear the other file's name, and be left behind when this one is renamed.
        db.execute("PRAGMA journal_mode=DELETE")
        db.execute("BEGIN IMMEDIATE")
        schema.create(db)
        meta = {
            "settings": canonical_json(dict(settings)),
            "ontology": ontology,
            "extractor": extractor,
            "derivation": schema.DERIVATION_VERSION,
            "commit": "0",
            "digest": "0" * 64,
        }
        meta["meta_digest"] = integrity.meta_digest(meta)
        db.executemany("INSERT INTO meta VALUES (?, ?)", sorted(meta.items()))
        db.execute("COMMIT")
        # The switch writes a journal too, which a reader of the renamed file could not roll back.
        db.execute("PRAGMA journal_mode=WAL")
    except sqlite3.DatabaseError as error:
        raise schema.explain(error, path) from error
    finally:
        db.close()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _types(text: str, type_of: TypeOf | None) -> Types:
    """The types of an ontology as YAML; "" is open mode."""
    if not text:
        return Types(None, type_of)
    from ontology import load_ontology

    ontology = load_ontology(text)
    return Types(ontology, type_of or _aligned(ontology))


def _aligned(ontology: Any) -> TypeOf | None:
    from ontology import Aligner

    aligner = Aligner(ontology)

    def type_of(label: str | None) -> str | None:
        found = aligner.type_of(label) if label else None
        return None if found is None else found[0]

    return type_of
