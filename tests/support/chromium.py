"""A headless Chromium driven over a pipe (the DevTools protocol), with the standard library."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

PROGRAM = shutil.which("chromium") or ""
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
# Chromium expects its pipes as descriptors 3 and 4.
BECOME = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3]]
for end, number in zip(ends, (3, 4)):
    os.dup2(end, number)
os.execv(sys.argv[3], sys.argv[3:])
"""
PATIENCE = 60.0  # seconds; a machine that does much else is slow
LOST = 5.0  # seconds after which a page that went elsewhere meanwhile will not answer any more


class Browser:
    """One browser with one page."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.requests: list[str] = []
        self._numbers = itertools.count(1)
        self._received = b""
        self._profile = tempfile.mkdtemp(prefix="chromium-")
        theirs, self._to = os.pipe()
        self._from, ours = os.pipe()
        command = [sys.executable, "-ISc", BECOME, str(theirs), str(ours), PROGRAM, *ARGUMENTS]
        self._process = subprocess.Popen(
            [*command, f"--user-data-dir={self._profile}"],
            pass_fds=[theirs, ours],
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs)
        os.close(ours)
        target = self._send("Target.createTarget", url="about:blank")["targetId"]
        attached = self._send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._to)
        os.close(self._from)
        shutil.rmtree(self._profile, ignore_errors=True)

    def send(self, method: str, patience: float = PATIENCE, **params: object) -> dict:
        """Send a command to the page; return its result."""
        return self._send(method, self._session, patience, **params)

    def open(self, url: str, width: int = 1400, height: int = 900, *, dark: bool = False) -> None:
        """Show a page; a new one even if only the fragment differs, with nothing noted yet."""
        self.send("Page.navigate", url="about:blank")
        self.wait("location.href === 'about:blank'")
        self.errors.clear()
        self.requests.clear()
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        self.send("Page.navigate", url=url)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def value(self, script: str, patience: float = PATIENCE) -> object:
        """Return what a JavaScript expression comes to."""
        found = self.send(
            "Runtime.evaluate", patience, expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in found:
            raise AssertionError(found["exceptionDetails"])
        return found["result"].get("value")

    def wait(self, script: str) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with contextlib.suppress(AssertionError):
                if self.value(f"Boolean({script})", LOST):
                    return
            time.sleep(0.03)
        raise AssertionError(f"still not true: {script}; errors: {self.errors}")

    def picture(self, path: Path) -> Path:
        """Write a PNG of the whole page."""
        taken = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(taken["data"]))
        return path

    def _send(
        self, method: str, session: str = "", patience: float = PATIENCE, **params: object
    ) -> dict:
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params}
        message |= {"sessionId": session} if session else {}
        os.write(self._to, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + patience
        while True:
            for found in self._read(end):
                if found.get("id") == number:
                    if "error" in found:
                        raise AssertionError(found["error"])
                    return found["result"]
                self._note(found)

    def _read(self, end: float) -> list[dict]:
        ready, _, _ = select.select([self._from], [], [], max(0, end - time.monotonic()))
        data = os.read(self._from, 1 << 20) if ready else b""
        if not data:
            raise AssertionError("Chromium does not answer")
        *messages, self._received = (self._received + data).split(b"\0")
        return [json.loads(message) for message in messages]

    def _note(self, event: dict) -> None:
        """Keep what a page should not do: errors, and requests to anywhere."""
        params = event.get("params", {})
        if event.get("method") == "Runtime.exceptionThrown":
            self.errors.append(str(params["exceptionDetails"]))
        if event.get("method") == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(params["entry"]["text"])
        if event.get("method") == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
