"""A real headless Chromium, driven over the WebDriver protocol with nothing but the standard library."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync --disable-dev-shm-usage "
    "--window-size=1400,900 --force-device-scale-factor=1"
)


def missing() -> str:
    """What is not installed; "" if a browser can be started."""
    lacking = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    return (
        f"{' and '.join(lacking)} not installed: apt-get install chromium chromium-driver" if lacking else ""
    )


class Browser:
    """One page in one browser; what it asked of the network is on record."""

    def __init__(self, folder: Path) -> None:
        self._profile = folder / "profile"
        self._port_file = folder / "port"
        self._driver: subprocess.Popen[bytes] | None = None
        self._log = folder / "driver.log"
        self._base = ""

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            command = [str(shutil.which("chromedriver")), "--port=0"]
            self._driver = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        self._base = f"http://127.0.0.1:{self._port()}"
        options = {
            "binary": str(shutil.which("chromium")),
            "args": [*_FLAGS.split(), f"--user-data-dir={self._profile}"],
        }
        wanted = {
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"performance": "ALL", "browser": "ALL"},
        }
        wanted["unhandledPromptBehavior"] = "ignore"
        made = self._post("/session", {"capabilities": {"alwaysMatch": wanted}})
        self._base += f"/session/{made['sessionId']}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            urllib.request.urlopen(urllib.request.Request(self._base, method="DELETE"), timeout=20).read()
        except OSError:
            pass
        finally:
            if self._driver is not None:
                self._driver.terminate()
                self._driver.wait(20)

    def open(self, page: Path) -> None:
        self._post("/url", {"url": page.resolve().as_uri()})

    def run(self, script: str, *arguments: object) -> Any:
        """Value of a function body run in the page (WebDriver's own world is not under the page's policy)."""
        return self._post("/execute/sync", {"script": script, "args": list(arguments)})

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self._get("/screenshot")))

    def click(self, x: int, y: int, *, double: bool = False) -> None:
        press = [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}] * (
            2 if double else 1
        )
        moves = [{"type": "pointerMove", "duration": 0, "x": x, "y": y}, *press]
        self._post("/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": moves}]})

    def requests(self) -> list[str]:
        """Addresses the page asked for since it was last asked, its own file included."""
        found = []
        for entry in self._post("/se/log", {"type": "performance"}):
            message = json.loads(entry["message"])["message"]
            if message["method"] in ("Network.requestWillBeSent", "Network.webSocketCreated"):
                parameters = message["params"]
                found.append(parameters.get("request", parameters).get("url", ""))
        return found

    def complaints(self) -> list[str]:
        """What the page wrote to the console: policy violations and script errors."""
        return [entry["message"] for entry in self._post("/se/log", {"type": "browser"})]

    def dialog(self) -> str | None:
        """Text of an open alert; None if there is none."""
        try:
            return str(self._get("/alert/text"))
        except urllib.error.HTTPError as error:
            error.close()
            return None

    def _port(self) -> int:
        for _ in range(200):
            text = self._log.read_text(errors="replace")
            if "started successfully on port" in text:
                return int(text.split("started successfully on port")[1].split(".")[0])
            time.sleep(0.05)
        raise TimeoutError(f"chromedriver did not start: {self._log.read_text(errors='replace')}")

    def _post(self, path: str, body: object) -> Any:
        raw = json.dumps(body).encode("utf-8")
        request = urllib.request.Request(self._base + path, raw, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(self._base + path, timeout=60) as answer:
            return json.load(answer)["value"]
