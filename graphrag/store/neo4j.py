"""Where a Neo4j server is and how to talk to it: addresses, sessions, and errors that say what to do.

Everything sent is safe to send twice (`MERGE` by id, `SET` of absolute values), so a write whose answer
was lost is simply sent again. Neither APOC nor GDS is needed; any Neo4j from 5.26 on will do.
"""

import logging
import queue
import random
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, LiteralString, Self, TypeVar, cast
from urllib.parse import urlsplit

from graphrag.errors import ConfigError, DataError, Neo4jUnavailableError, StoreError
from graphrag.ids import fingerprint
from graphrag.llm.secret import Secret
from graphrag.progress import Silent

if TYPE_CHECKING:
    from types import TracebackType

    from neo4j import Driver, ManagedTransaction, Session, Transaction

    from graphrag.interfaces import Progress

_Result = TypeVar("_Result")
_SCHEMES = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")
_OLDEST = (5, 26)
_LATE_ATTEMPTS = 5
_LONGEST_PAUSE = 5.0  # seconds between two attempts
_GRACE = 5.0  # seconds; the server looks every two whether a transaction has had its time
_TOO_BIG = ("MemoryPoolOutOfMemoryError", "TransactionMemoryLimit", "OutOfMemoryError")

# The driver reports each retry and notification through logging; what matters is raised.
logging.getLogger("neo4j").setLevel(logging.CRITICAL)


class TransactionTooBigError(StoreError):
    """The server has too little memory or time for one transaction of this size; halve it."""


@dataclass(frozen=True, slots=True)
class Neo4jServer:
    """Where a knowledge base in Neo4j is, and who asks for it.

    Attributes:
        uri: ``bolt://host:7687`` or ``neo4j://host:7687`` (``+s`` for TLS); never with a password in it.
        password: None where the server asks for none.
        database: The server's default one if empty.
        cache: Folder for what is derived from the graph: search indexes, and the working copy of a writer.
    """

    uri: str
    user: str = "neo4j"
    password: Secret | None = None
    database: str = ""
    cache: Path = field(default_factory=lambda: Path.home() / ".cache" / "graphrag" / "neo4j")

    def __post_init__(self) -> None:
        parts = urlsplit(self.uri)
        if parts.scheme not in _SCHEMES:
            raise ConfigError(f'"{parts.scheme}://" is not a Neo4j address; use bolt:// or neo4j://')
        if parts.password is not None or "@" in parts.netloc:
            raise ConfigError(
                "a Neo4j address must not hold a user or password, since addresses end up in logs; "
                "set NEO4J_USERNAME and NEO4J_PASSWORD in the environment instead"
            )
        if not parts.hostname or parts.query or parts.path not in ("", "/"):
            raise ConfigError(
                f'"{parts.scheme}://{parts.netloc}{parts.path}" is not a plain Neo4j address; '
                "write it as bolt://host:7687 and name the database apart (NEO4J_DATABASE)"
            )

    @property
    def folder(self) -> Path:
        """The part of the cache that belongs to this server and database."""
        return self.cache / fingerprint([self.uri.rstrip("/"), self.database])[:24]


def is_neo4j(location: object) -> bool:
    """Whether a location names a Neo4j server rather than a folder."""
    return isinstance(location, Neo4jServer) or bool(
        re.match(r"(neo4j|bolt)(\+s|\+ssc)?://", str(location), re.IGNORECASE)
    )


def server_at(location: "Neo4jServer | str | Path") -> Neo4jServer:
    """The server at a location; an address alone means one that asks for no password."""
    return location if isinstance(location, Neo4jServer) else Neo4jServer(str(location))


class Connection:
    """An open connection to one database, shared by threads.

    Args:
        wait_seconds: How long a write waits for a server that went away.
    """

    def __init__(
        self, server: Neo4jServer, *, wait_seconds: float = 900.0, progress: "Progress | None" = None
    ) -> None:
        import neo4j

        auth = (server.user, server.password.reveal()) if server.password else None
        self.server = server
        self._wait_seconds = wait_seconds
        self._progress = progress or Silent()
        self._database = server.database or None
        with self._explained():
            self._driver: Driver = neo4j.GraphDatabase.driver(
                server.uri, auth=auth, connection_timeout=15, notifications_min_severity="OFF"
            )
        try:
            with self._explained():
                self._driver.verify_connectivity()
            self.version = self._persisted("READ", _version, wait_seconds=0.0)
        except BaseException:
            self._driver.close()
            raise
        numbers = tuple(int(part) for part in re.findall(r"\d+", self.version)[:2])
        if numbers < _OLDEST:
            self._driver.close()
            raise Neo4jUnavailableError(f"{server.uri} runs Neo4j {self.version}; 5.26 or newer is needed")

    def close(self) -> None:
        self._driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: "type[BaseException] | None",
        error: BaseException | None,
        trace: "TracebackType | None",
    ) -> None:
        self.close()

    def read(self, query: str, **values: object) -> list[dict[str, Any]]:
        """All rows of a query; asked again where the connection broke or the server had to break off."""
        return self.collect(query, list, **values)

    def collect(
        self, query: str, make: "Callable[[Iterator[dict[str, Any]]], _Result]", **values: object
    ) -> _Result:
        """What `make` makes of the rows of a query, as they come; from the start again after a loss."""

        def work(session: "Session") -> _Result:
            return make(record.data() for record in session.run(_trusted(query), values))

        return self._persisted("READ", work)

    def limited(
        self, query: str, values: Mapping[str, object], *, rows: int, seconds: float
    ) -> list[dict[str, Any]]:
        """At most `rows` rows of somebody else's query, in a read session the server ends in time.

        The server looks at the clock between rows only, so one endless expression is not ended there; it
        is not waited for either.

        Raises:
            StoreError: If it takes longer.
        """
        from neo4j import unit_of_work

        @unit_of_work(timeout=seconds)
        def work(transaction: "ManagedTransaction") -> list[dict[str, Any]]:
            result = transaction.run(_trusted(query), dict(values))
            return [record.data() for record, _ in zip(result, range(rows), strict=False)]

        def ask() -> list[dict[str, Any]]:
            with self._explained(), self._session("READ") as session:
                return session.execute_read(work)

        return _in_time(ask, seconds + _GRACE, self.server.uri)

    def plan(self, query: str, values: Mapping[str, object]) -> tuple[str, list[tuple[str, str]]]:
        """What the server says a query would do, without doing it.

        Returns:
            Its kind ("r" for one that only reads), and (operator, details) of its plan.

        Raises:
            DataError: If the server cannot understand it.
        """
        from neo4j.exceptions import ClientError

        def work(transaction: "ManagedTransaction") -> tuple[str, list[tuple[str, str]]]:
            summary = transaction.run(_trusted("EXPLAIN " + query), dict(values)).consume()
            operators: list[tuple[str, str]] = []
            waiting: list[dict[str, Any]] = [cast("dict[str, Any]", summary.plan or {})]
            while waiting:
                step = waiting.pop()
                name = str(step.get("operatorType", "")).partition("@")[0]
                operators.append((name, str(step.get("args", {}).get("Details", ""))))
                waiting += step.get("children", [])
            return str(summary.query_type), operators

        with self._explained(), self._session("READ") as session:
            try:
                return session.execute_read(work)
            except ClientError as error:
                raise DataError(f"Neo4j does not understand this query: {_first_line(error)}") from error

    def schema(self, query: str) -> None:
        """Make or drop a constraint or index; harmless when repeated, so repeated after a loss."""
        self._persisted("WRITE", lambda session: session.run(_trusted(query)).consume())

    def write(self, work: "Callable[[Transaction], _Result]", *, halves: bool = True) -> _Result:
        """Do `work` in one transaction, and again until it is known to be committed.

        Sends again after a deadlock, a lost connection or a lost answer to COMMIT, and waits for a
        server that is away. `work` must therefore be harmless when repeated.

        Args:
            halves: The caller sends half of it where the server has too little time; else it is tried again.

        Raises:
            TransactionTooBigError: If the server lacks the memory for it, or the time and `halves`.
            Neo4jUnavailableError: If the server does not come back in `wait_seconds`.
        """

        def once(session: "Session") -> _Result:
            with session.begin_transaction() as transaction:
                result = work(transaction)
                transaction.commit()
                return result

        return self._persisted("WRITE", once, halves=halves)

    def _persisted(
        self,
        mode: str,
        work: "Callable[[Session], _Result]",
        *,
        halves: bool = False,
        wait_seconds: float | None = None,
    ) -> _Result:
        from neo4j.exceptions import DriverError, Neo4jError

        waits = self._wait_seconds if wait_seconds is None else wait_seconds
        end = time.monotonic() + waits
        attempt = 0
        while True:
            try:
                with self._session(mode) as session:
                    return work(session)
            except (Neo4jError, DriverError, OSError) as error:
                code = str(getattr(error, "code", ""))
                late = "TransactionTimedOut" in code
                if any(word in code for word in _TOO_BIG) or (late and halves):
                    raise TransactionTooBigError(_first_line(error)) from error
                # What timed out once may be quick when the server has its plan and its pages.
                again = late and attempt < _LATE_ATTEMPTS
                if not again and not _passing(error):
                    raise self._explain(error) from error
                if not again and time.monotonic() >= end:
                    raise self._gave_up(error, waits) from error
            attempt += 1
            if attempt == 3:
                self._progress.start("waiting for the Neo4j server", None)
            pause = min(_LONGEST_PAUSE, 0.1 * 2**attempt)
            time.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 (spreads retries)

    def _gave_up(self, error: Exception, waited: float) -> Exception:
        if not waited:
            return self._explain(error)
        return Neo4jUnavailableError(
            f"{self.server.uri} did not come back in {waited:.0f} s; what it had acknowledged is "
            "safe; run the same command again to go on from there"
        )

    def _session(self, mode: str) -> "Session":
        return self._driver.session(database=self._database, default_access_mode=mode, fetch_size=2000)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        from neo4j.exceptions import DriverError, Neo4jError

        try:
            yield
        except (Neo4jError, DriverError, OSError) as error:
            raise self._explain(error) from error

    def _explain(self, error: Exception) -> Exception:
        """One line that says what to do; never with the password in it."""
        from neo4j import exceptions

        uri = self.server.uri
        code = str(getattr(error, "code", "") or "")
        if isinstance(error, exceptions.AuthError) or "Security" in code:
            if "Forbidden" in code:
                return Neo4jUnavailableError(f"{uri} does not allow this to {self.server.user}: {code}")
            if "CredentialsExpired" in code:
                return Neo4jUnavailableError(
                    f"{uri} wants {self.server.user}'s first password changed before anything else; do so in "
                    "Neo4j Browser, or with neo4j-admin dbms set-initial-password before its first start"
                )
            if "AuthenticationRateLimit" in code:
                return Neo4jUnavailableError(
                    f"{uri} refuses {self.server.user} for some seconds after too many wrong passwords; "
                    "wait, check NEO4J_PASSWORD, and try again"
                )
            return Neo4jUnavailableError(
                f"{uri} does not accept the name {self.server.user} with the password given; "
                "set NEO4J_USERNAME and NEO4J_PASSWORD"
            )
        if "DatabaseNotFound" in code:
            return Neo4jUnavailableError(
                f'{uri} has no database "{self.server.database}"; check NEO4J_DATABASE'
            )
        if "WriteOnReadOnly" in code or "ReadOnly" in code or "AccessMode" in code:
            return Neo4jUnavailableError(
                f"{uri} is read-only, so nothing can be written there: {_first_line(error)}"
            )
        if "TransactionTimedOut" in code:
            return StoreError(
                f"{uri} ended a transaction for its time limit; raise db.transaction.timeout there: {code}"
            )
        if isinstance(error, exceptions.ServiceUnavailable | exceptions.SessionExpired | OSError):
            return Neo4jUnavailableError(
                f"{uri} cannot be reached ({_first_line(error)}); is the server running, and is this its "
                "Bolt address?"
            )
        if isinstance(error, exceptions.ConfigurationError):
            return ConfigError(f"{uri}: {_first_line(error)}")
        return StoreError(f"{uri} refused: {code} {_first_line(error)}")


def _version(session: "Session") -> str:
    asked = "CALL dbms.components() YIELD versions RETURN versions[0] AS version"
    return str(session.run(asked).single(strict=True)["version"])


def _in_time(work: "Callable[[], _Result]", seconds: float, uri: str) -> _Result:
    """What `work` gives, if it does so in time; it is left alone otherwise."""
    done: queue.SimpleQueue[tuple[_Result | None, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            done.put((work(), None))
        except BaseException as error:
            done.put((None, error))

    threading.Thread(target=run, daemon=True).start()
    try:
        result, error = done.get(timeout=seconds)
    except queue.Empty as late:
        raise StoreError(
            f"{uri} did not end a query at its time limit and is still at it; simplify the query"
        ) from late
    if error is not None:
        raise error
    return cast("_Result", result)


def _passing(error: Exception) -> bool:
    """Whether the same may succeed later: lost connections and answers, deadlocks, restarts."""
    from neo4j import exceptions

    if isinstance(error, exceptions.AuthError):
        return False
    if isinstance(
        error,
        exceptions.ServiceUnavailable | exceptions.SessionExpired | exceptions.IncompleteCommit | OSError,
    ):
        return True
    code = str(getattr(error, "code", "") or "")
    if "TransactionTimedOut" in code or "WriteOnReadOnly" in code:
        return False
    # Some losses come as other driver errors (a half-read message, a defunct pool).
    if isinstance(error, exceptions.Neo4jError | exceptions.DriverError):
        return error.is_retryable() or "DatabaseUnavailable" in code or "TransientError" in code
    return False


def _first_line(error: Exception) -> str:
    text = f"{getattr(error, 'message', None) or error}"
    lines = text.strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__


def _trusted(query: str) -> LiteralString:
    # Text of queries comes from this package; identifiers in it passed `store.identifiers`.
    return query


def rows_of(result: Sequence[Mapping[str, Any]], key: str) -> list[Any]:
    """One column."""
    return [row[key] for row in result]
