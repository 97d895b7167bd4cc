"""The process that listens for a published plan: `python -m ....trigger_server FOLDER HOME FD`.

It answers with the stack of an endpoint: the same limits, and the same refusals.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from concrete_cli import detached, digest, documents, formats, plan_json
from concrete_cli.backend import Options
from concrete_cli.errors import Damaged
from concrete_cli.runs import Run, Runs

from .serving import alive, board, body
from .serving.board import Board
from .serving.body import Receive, Scope, Send
from .serving.guard import Guard
from .serving.key import FILE as KEY
from .serving.key import Key
from .serving.log import Log
from .serving.server import Server
from .serving.settings import HOST, Settings
from .serving.start import PROCESS
from .trigger_parameters import Refusal, changed, given_in
from .trigger_process import FACTS

STATES = ("/health", "/ready")
WAITING = 8  # requests that may wait for each other
LIMITS: dict[str, Any] = {"max_bytes": 1 << 20, "max_connections": 200}


class Trigger:
    """An ASGI app: POST starts a run."""

    def __init__(self, folder: Path, home: Path, about: dict[str, Any]) -> None:
        self._folder, self._home, self._about = folder, home, about
        self._started: list[subprocess.Popen[bytes]] = []
        self._thread = ThreadPoolExecutor(1)
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Start a run; answer with its name, in the words of both SDKs."""
        if scope["path"] in STATES:
            await body.respond(send, 200, b'{"status": "ok"}\n')
            return
        if scope["path"] != f"/pipelines/{self._about['name']}":
            raise body.Refusal(404, "there is nothing here")
        if scope["method"] != "POST":
            raise body.Refusal(405, "POST starts a run", {"allow": "POST"})
        if dict(scope["headers"]).get(b"content-encoding", b"identity") != b"identity":
            raise body.Refusal(415, "compressed bodies are not taken")
        raw = await body.read(receive, LIMITS["max_bytes"], Settings.read_timeout)
        if self._waiting >= WAITING:
            raise body.Refusal(503, "too many runs are being started", {"retry-after": "1"})
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            name = (await loop.run_in_executor(self._thread, self._start, raw)).id
        except Refusal as refusal:
            raise body.Refusal(refusal.status, str(refusal)) from None
        finally:
            self._waiting -= 1
        scope["concrete"] = {"run": name}
        answer = {"Id": name, "name": name, "status": "running"}
        await body.respond(send, 201, json.dumps(answer).encode() + b"\n")

    def _start(self, raw: bytes) -> Run:
        """Make a run with the parameters of a request; leave it to a process of its own."""
        given = given_in(raw)
        sums = self._about.get("files") or {}
        for name in sums:
            if digest.of_file(self._folder / name) != sums[name]:
                raise Damaged(f"{self._folder / name} has changed", help="publish it again")
        content = documents.raw(self._folder / "plan.json")
        whole = plan_json.from_bytes(content, str(self._folder / "plan.json"))
        plan = changed(whole, given, self._about["parameters"])
        text = (self._folder / "experiment.toml").read_text(encoding="utf-8")
        facts = {**self._about["facts"], "published": self._about["name"]}
        self._started = [one for one in self._started if one.poll() is None]
        run = Runs(self._home).create(plan, experiment=text, options=Options(), facts=facts)
        run.note(handle=run.id)
        self._started.append(detached.leave(run, self._home))
        return run


class _Server(Server):
    folder: Path

    def ready(self) -> None:
        """Say which process it is."""
        began = alive.identity(os.getpid())
        documents.write(self.folder / PROCESS, {"pid": os.getpid(), "began": began})

    def each_second(self) -> None:
        """Keep the log small."""
        super().each_second()
        self.log.put_aside()


def main(arguments: list[str]) -> None:
    """Listen until SIGTERM; runs that were started go on."""
    folder, home, number = Path(arguments[0]), Path(arguments[1]), int(arguments[2])
    about: dict[str, Any] = documents.read(folder / FACTS, formats.PUBLISHED)
    facts = {"name": about["name"], "model": "", "bundle": "", "created": time.time()}
    how = Settings(**facts, host=HOST, port=about["port"], workers=1, **LIMITS)
    counters, log = folder / board.name(os.getpid()), Log(folder)
    counted = Board(counters, how.workers + 1)
    counters.unlink()  # nobody else reads them
    slot = counted.slot(1)
    guard = Guard(Trigger(folder, home, about), how, Key(folder / KEY), slot, log)
    server = _Server(guard, how, socket.socket(fileno=number), counted, slot, log)
    server.folder = folder
    signal.signal(signal.SIGTERM, lambda *_: None)  # uvicorn raises it again at the end
    server.run(sockets=[])
    (folder / PROCESS).unlink(missing_ok=True)


if __name__ == "__main__":
    main(sys.argv[1:])
