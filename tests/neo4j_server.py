"""A real Neo4j Community server for tests: started, stopped, killed and started again, on loopback only.

The class path comes from Maven Central (``tools/neo4j/fetch.sh``) and stays outside the repository.
"""

import atexit
import contextlib
import fcntl
import functools
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import neo4j
import pytest

from graphrag.store.neo4j import Connection

ROOT = Path(__file__).parent.parent
LIB = ROOT / "build" / "neo4j" / "lib"

# A server of a few minutes is not worth the second compiler's time: it halves the cost of a start.
_SHORT_LIVED = ["-XX:TieredStopAtLevel=1"]

# What Neo4j's own launcher passes, less its tuning; vector indexes never come online without java.nio.
_JVM = [
    "-XX:+UseSerialGC",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-OmitStackTraceInFastThrow",
    "-Djdk.nio.maxCachedBufferSize=1024",
    "-Dio.netty.tryReflectionSetAccessible=true",
    "-Dlog4j2.disable.jmx=true",
    "-Dfile.encoding=UTF-8",
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/java.io=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--enable-native-access=ALL-UNNAMED",
]


def java() -> str | None:
    """A Java that Neo4j 5.26 supports (17 or 21); None if there is none."""
    homes = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    homes += sorted(Path("/usr/lib/jvm").glob("*"))
    candidates = [str(home / "bin" / "java") for home in homes if (home / "bin" / "java").exists()]
    for candidate in [*candidates, *filter(None, [shutil.which("java")])]:
        said = subprocess.run([candidate, "-version"], capture_output=True, text=True).stderr
        found = re.search(r'version "(\d+)', said)
        if found and found[1] in ("17", "21"):
            return candidate
    return None


def missing() -> str:
    """What keeps a server from being started; "" if nothing does."""
    if not list(LIB.glob(".done-*")):
        return "no Neo4j class path: run tools/neo4j/fetch.sh (needs Java 17 or 21, and Maven)"
    return "" if java() else "no Java 17 or 21: apt-get install openjdk-17-jre-headless"


class Neo4jServer:
    """One server with a home of its own. Made anew on a home that exists, it finds the data there."""

    def __init__(self, home: Path, *, heap: str = "512m", settings: Mapping[str, str] | None = None) -> None:
        self.home = home
        self.heap = heap
        self.bolt_port, self.http_port = _free_port(), _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None
        self._classes: list[str] = []
        for folder in ("conf", "data", "logs", "plugins", "import", "run"):
            (home / folder).mkdir(parents=True, exist_ok=True)
        lines = {
            "server.default_listen_address": "127.0.0.1",
            "server.default_advertised_address": "127.0.0.1",
            "server.bolt.listen_address": f"127.0.0.1:{self.bolt_port}",
            "server.bolt.advertised_address": f"127.0.0.1:{self.bolt_port}",
            "server.http.listen_address": f"127.0.0.1:{self.http_port}",
            "server.http.advertised_address": f"127.0.0.1:{self.http_port}",
            "server.https.enabled": "false",
            "dbms.security.auth_enabled": "false",
            "dbms.usage_report.enabled": "false",
            "client.allow_telemetry": "false",
            "server.memory.pagecache.size": "128m",
            "db.transaction.timeout": "120s",
            "dbms.security.allow_csv_import_from_file_urls": "false",
            **(settings or {}),
        }
        text = "".join(f"{key}={value}\n" for key, value in lines.items())
        (home / "conf" / "neo4j.conf").write_text(text)

    @property
    def uri(self) -> str:
        return f"bolt://127.0.0.1:{self.bolt_port}"

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    def start(self, timeout_seconds: float = 240) -> "Neo4jServer":
        """Start and wait until it answers.

        Raises:
            RuntimeError: If it ends or does not answer in time; with the end of its log.
        """
        self._log = (self.home / "logs" / "console.log").open("ab")
        classes = self._classes or _kept_classes()
        command = [str(java()), f"-Xms{self.heap}", f"-Xmx{self.heap}", *_SHORT_LIVED, *classes]
        command += [*_JVM, *self._class_path()]
        command += ["org.neo4j.server.CommunityEntryPoint", f"--home-dir={self.home}"]
        command += [f"--config-dir={self.home / 'conf'}", "--console-mode"]
        self._process = subprocess.Popen(command, stdout=self._log, stderr=self._log, start_new_session=True)
        end = time.monotonic() + timeout_seconds
        while time.monotonic() < end:
            if self._process.poll() is not None:
                code = self._process.returncode
                self.kill()
                raise RuntimeError(f"Neo4j exited with {code}: {self.console()[-2000:]}")
            if self.answers():
                return self
            time.sleep(0.2)
        self.kill()
        raise RuntimeError(f"Neo4j did not answer in {timeout_seconds} s: {self.console()[-2000:]}")

    def answers(self) -> bool:
        try:
            urllib.request.urlopen(self.http, timeout=5).close()
            socket.create_connection(("127.0.0.1", self.bolt_port), 5).close()
        except OSError:
            return False
        return True

    def set_password(self, password: str) -> None:
        """Change the first password of a server that asks for one; nothing else is allowed before."""
        with neo4j.GraphDatabase.driver(self.uri, auth=("neo4j", "neo4j")) as driver:
            query = "ALTER CURRENT USER SET PASSWORD FROM 'neo4j' TO $password"
            driver.execute_query(query, password=password, database_="system")

    def stop(self) -> None:
        """End it properly: its shutdown hook closes the store."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Crash it: the next start has to recover from the transaction log."""
        self._end(signal.SIGKILL)

    def console(self) -> str:
        return (self.home / "logs" / "console.log").read_text(errors="replace")

    def admin(self, *arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run ``neo4j-admin`` with these arguments, in `folder`; the server must be stopped."""
        place = {"NEO4J_HOME": str(self.home), "NEO4J_CONF": str(self.home / "conf")}
        command = [str(java()), "-Xmx512m", *_JVM, *self._class_path(), "org.neo4j.cli.AdminTool"]
        return subprocess.run(
            [*command, *arguments],
            env={**os.environ, **place},
            capture_output=True,
            text=True,
            cwd=folder,
        )

    def _class_path(self) -> Sequence[str]:
        return ("-cp", str(LIB / "*"))

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(120)
            self._process = None
        if self._log is not None:
            self._log.close()
            self._log = None


def _kept_classes() -> list[str]:
    """The option that makes a start cheap; none while another process is still at making what it names."""
    # An archive holds for one Java and one class path only.
    what = hashlib.sha256(f"{java()} {LIB}".encode()).hexdigest()[:12]
    archive = LIB.parent / f"classes-{what}.jsa"
    with (LIB.parent / "classes.lock").open("w") as lock, contextlib.suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not archive.exists():
            _keep_classes(archive)
    return [f"-XX:SharedArchiveFile={archive}"] if archive.exists() else []


def _keep_classes(archive: Path) -> None:
    """Let a server that ends properly write down the classes of a start and of a few usual statements."""
    with tempfile.TemporaryDirectory(prefix="neo4j-classes-") as folder:
        server, made = Neo4jServer(Path(folder)), Path(folder) / "classes.jsa"
        server._classes = [f"-XX:ArchiveClassesAtExit={made}"]
        server.start()
        with neo4j.GraphDatabase.driver(server.uri) as driver:
            driver.execute_query("CREATE CONSTRAINT one IF NOT EXISTS FOR (n:One) REQUIRE n.id IS UNIQUE")
            driver.execute_query("UNWIND [1, 2] AS id MERGE (n:One {id: id}) SET n += {a: ['x']}, n:Two")
            driver.execute_query("MATCH (a:One {id: 1}), (b:One {id: 2}) MERGE (a)-[r:TO {id: 1}]->(b)")
            driver.execute_query("MATCH (a)-[r:TO]->(b) RETURN properties(r), labels(a) ORDER BY b.id")
        server.stop()
        shutil.move(made, archive)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def need_neo4j() -> None:
    """Skip, loudly, where no server can be started; fail instead where REQUIRE_NEO4J=1 says it must."""
    reason = missing()
    if reason and os.environ.get("REQUIRE_NEO4J") == "1":
        pytest.fail(f"REQUIRE_NEO4J=1, and {reason}")
    if reason:
        pytest.skip(f"NOT TESTED AGAINST NEO4J: {reason}")


@functools.cache
def shared_server() -> Neo4jServer:
    """One server for all tests of this process, ended with it; wiped by whoever uses it."""
    need_neo4j()
    home = Path(tempfile.mkdtemp(prefix="neo4j-test-"))
    server = Neo4jServer(home)
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    atexit.register(server.kill)
    return server.start()


def wipe(connection: Connection) -> None:
    """Take everything out of the database, constraints and indexes included."""
    connection.schema("MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS")


class CutProxy:
    """Stands between a driver and a server and cuts connections, so that what is acknowledged can be lost.

    Args:
        after_bytes: Cut once this many bytes went to the server; None cuts by `at_commit`.
        at_commit: "before" the server hears COMMIT, or "after" it did and before it is answered.
        cuts: How often to cut; later connections pass.
    """

    _COMMIT = b"\x00\x02\xb0\x12\x00\x00"

    def __init__(
        self, port: int, *, after_bytes: int | None = None, at_commit: str = "", skip: int = 0, cuts: int = 1
    ) -> None:
        self._target = port
        self._after_bytes = after_bytes
        self._at_commit = at_commit
        self._skip = skip
        self._left = cuts
        self.cuts = 0
        self._sent = 0
        self._deaf: dict[socket.socket, threading.Event] = {}  # clients that are not to hear an answer
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def uri(self) -> str:
        return f"bolt://127.0.0.1:{self.port}"

    @property
    def sent(self) -> int:
        """Bytes that went to the server."""
        return self._sent

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            threading.Thread(target=self._up, args=(client, server), daemon=True).start()
            threading.Thread(target=self._down, args=(server, client), daemon=True).start()

    def _up(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                what = self._verdict(data)
                if what == "before":
                    break
                if what == "after":
                    self._deaf[client] = threading.Event()
                server.sendall(data)
                if what == "after":
                    self._deaf[client].wait(60)  # nothing else is on its way, so this is the answer to COMMIT
                    break
        _shut(client, server)

    def _down(self, server: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                if client in self._deaf:
                    self._deaf[client].set()  # thrown away
                else:
                    client.sendall(data)
        _shut(client, server)

    def _verdict(self, data: bytes) -> str:
        with self._lock:
            self._sent += len(data)
            if self._left <= 0:
                return ""
            if self._after_bytes is not None:
                if self._sent < self._after_bytes:
                    return ""
                self._sent = 0
                what = "before"
            elif self._COMMIT in data:
                if self._skip > 0:
                    self._skip -= 1
                    return ""
                what = self._at_commit
            else:
                return ""
            self._left -= 1
            self.cuts += 1
            return what


def _shut(*sockets: socket.socket) -> None:
    for item in sockets:
        with contextlib.suppress(OSError):
            item.shutdown(socket.SHUT_RDWR)
        item.close()
