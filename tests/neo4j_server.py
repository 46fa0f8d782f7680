"""A real Neo4j Community server for tests: started, stopped, killed and started again, on loopback only.

The class path comes from Maven Central (``tools/neo4j/fetch.sh``) and stays outside the repository.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parent.parent
LIB = ROOT / "build" / "neo4j" / "lib"

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
        command = [str(java()), f"-Xms{self.heap}", f"-Xmx{self.heap}", *_JVM, *self._class_path()]
        command += ["org.neo4j.server.CommunityEntryPoint", f"--home-dir={self.home}"]
        command += [f"--config-dir={self.home / 'conf'}", "--console-mode"]
        self._process = subprocess.Popen(command, stdout=self._log, stderr=self._log, start_new_session=True)
        end = time.monotonic() + timeout_seconds
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise RuntimeError(f"Neo4j exited with {self._process.returncode}: {self.console()[-2000:]}")
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

    def stop(self) -> None:
        """End it properly: its shutdown hook closes the store."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Crash it: the next start has to recover from the transaction log."""
        self._end(signal.SIGKILL)

    def console(self) -> str:
        return (self.home / "logs" / "console.log").read_text(errors="replace")

    def admin(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``neo4j-admin`` with these arguments."""
        place = {"NEO4J_HOME": str(self.home), "NEO4J_CONF": str(self.home / "conf")}
        command = [str(java()), "-Xmx512m", *_JVM, *self._class_path(), "org.neo4j.cli.AdminTool"]
        return subprocess.run(
            [*command, *arguments], env={**os.environ, **place}, capture_output=True, text=True
        )

    def _class_path(self) -> Sequence[str]:
        return ("-cp", os.pathsep.join([str(self.home / "plugins" / "*"), str(LIB / "*")]))

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(120)
            self._process = None
        if self._log is not None:
            self._log.close()
            self._log = None


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
