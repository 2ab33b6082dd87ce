"""Debian's Chromium, spoken to over two pipes in the DevTools protocol (chromedevtools.github.io/devtools-protocol)."""

import json
import os
import select
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

CHROMIUM = shutil.which("chromium")
_PATIENCE = 30  # seconds; an answer takes some hundredths of one
# `--remote-debugging-pipe` reads descriptor 3 and writes 4: the shell makes them of stdin and stdout.
_PIPES = 'exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1'
_SWITCHES = (
    "--headless",
    "--no-sandbox",  # a container has no user namespaces; the pages are ours
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # the network is off
    "--remote-debugging-pipe",
)


class Tab:
    """A page that is open, and what the browser said about it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._session: str | None = None
        self._number = 0
        self._buffer = b""
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self._loaded = False

    def attach(self) -> Self:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Log", "Runtime", "Network"):
            self.call(f"{domain}.enable")
        return self

    def open(self, html: str, folder: Path) -> None:
        """Open a report as a reader does, who gets it as a file."""
        page = folder / "report.html"
        page.write_text(html, "utf-8")
        self.complaints, self.requests, self._loaded = [], [], False
        self.call("Page.navigate", url=page.as_uri())
        while not self._loaded:
            self._take(self._receive())

    def look(self, width: int, height: int = 740, *, dark: bool = False, paper: bool = False) -> None:
        """Be a window so wide, in a reader's colours, or paper."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media="print" if paper else "screen", features=[scheme])

    def value(self, expression: str) -> Any:  # noqa: ANN401 - whatever JSON holds
        """Evaluate JavaScript as the developer's console does; the page itself may run none."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        self._number += 1
        message: dict[str, object] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        assert self._process.stdin
        self._process.stdin.write(json.dumps(message).encode() + b"\0")
        self._process.stdin.flush()
        while (answer := self._receive()).get("id") != self._number:
            self._take(answer)
        assert "error" not in answer, answer
        return dict(answer["result"])

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._process.stdout], [], [], _PATIENCE)
            block = os.read(self._process.stdout.fileno(), 1 << 16) if ready else b""
            assert block, "Chromium has ended, or says nothing"
            self._buffer += block
        message, _, self._buffer = self._buffer.partition(b"\0")
        return dict(json.loads(message))

    def _take(self, event: dict[str, Any]) -> None:
        told = event.get("params", {})
        match event.get("method"):
            case "Page.loadEventFired":
                self._loaded = True
            case "Log.entryAdded":
                self.complaints.append(told["entry"]["text"])
            case "Runtime.consoleAPICalled" | "Runtime.exceptionThrown":
                self.complaints.append(str(told))
            case "Network.requestWillBeSent":
                self.requests.append(told["request"]["url"])


@contextmanager
def chromium(folder: Path) -> Iterator[Tab]:
    """A tab of a browser with a profile of its own."""
    assert CHROMIUM
    command = ["sh", "-c", _PIPES, CHROMIUM, *_SWITCHES, f"--user-data-dir={folder}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield Tab(process).attach()
        finally:
            process.terminate()
