"""The process that listens for a published plan: `python -m ....trigger_server FOLDER HOME FD`."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from concrete_cli import detached, disk, plan_json
from concrete_cli.backend import Options
from concrete_cli.runs import Run, Runs

from .serving import alive
from .serving.key import FILE as KEY
from .serving.key import Key
from .serving.start import PROCESS
from .trigger_parameters import Refusal, changed, given_in
from .trigger_process import FACTS

MOST_BYTES = 1 << 20
HERE = ("127.0.0.1", "localhost")
SLOW = 30  # seconds in which a request has to be there


class Server(ThreadingHTTPServer):
    """Listens on a socket that the command has made, and starts runs."""

    daemon_threads = True

    def __init__(self, folder: Path, home: Path, listener: socket.socket) -> None:
        super().__init__(listener.getsockname()[:2], Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.folder, self.home = folder, home
        self.key = Key(folder / KEY)
        self.about: dict[str, Any] = disk.read_json(folder / FACTS)
        self.started: list[subprocess.Popen[bytes]] = []
        self.lock = threading.Lock()

    def start(self, given: Mapping[str, str]) -> Run:
        """Make a run with these parameters and leave it to a process of its own."""
        whole = plan_json.from_document(disk.read_json(self.folder / "plan.json"))
        plan = changed(whole, given, self.about["parameters"])
        text = (self.folder / "experiment.toml").read_text(encoding="utf-8")
        facts = {**self.about["facts"], "published": self.about["name"]}
        with self.lock:
            self.started = [one for one in self.started if one.poll() is None]
            run = Runs(self.home).create(plan, experiment=text, options=Options(), facts=facts)
            run.note(handle=run.id)
            self.started.append(detached.leave(run, self.home))
        return run


class Handler(BaseHTTPRequestHandler):
    """POST starts a run; whatever else is refused."""

    server: Server
    timeout = SLOW
    server_version, sys_version = "concrete", ""

    def do_POST(self) -> None:
        """Start a run; answer with its name, in the words of both SDKs."""
        begin, status, name = time.perf_counter(), 201, ""
        try:
            given = self._parameters()
            name = self.server.start(given).id
            answer = {"Id": name, "name": name, "status": "running"}
        except Refusal as refusal:
            status, answer = refusal.status, {"error": str(refusal)}
        except Exception as error:  # noqa: BLE001  whoever calls gets an answer in any case
            status, answer = 500, {"error": f"the run was not started: {type(error).__name__}"}
            print(json.dumps({"error": f"{type(error).__name__}: {error}"}), flush=True)
        body = json.dumps(answer).encode() + b"\n"
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(body)
        took = round((time.perf_counter() - begin) * 1e3, 3)
        print(
            json.dumps({"time": time.time(), "status": status, "run": name, "ms": took}), flush=True
        )

    def log_message(self, *_: object) -> None:
        """Keep the base class from writing paths and addresses down."""

    def _parameters(self) -> dict[str, str]:
        """Check a request; return what it gives."""
        host = self.headers.get("host", "").rpartition(":")[0]
        if host not in HERE:  # no page of another site can send that
            raise Refusal(421, "the Host header names another site")
        if self.path != f"/pipelines/{self.server.about['name']}":
            raise Refusal(404, "there is nothing here")
        scheme, _, key = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not self.server.key.admits(key.strip().encode()):
            raise Refusal(401, "send the key as `Authorization: Bearer KEY`")
        length = self.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MOST_BYTES:
            raise Refusal(413, f"the body is larger than {MOST_BYTES} bytes")
        raw = self.rfile.read(int(length))
        try:
            document = json.loads(raw) if raw.strip() else {}
        except (ValueError, RecursionError):
            raise Refusal(400, "the body is not JSON") from None
        return given_in(document)


def main(arguments: list[str]) -> None:
    """Listen until SIGTERM; runs that were started go on."""
    folder, home = Path(arguments[0]), Path(arguments[1])
    server = Server(folder, home, socket.socket(fileno=int(arguments[2])))
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    began = alive.identity(os.getpid())
    disk.write_json(folder / PROCESS, {"pid": os.getpid(), "began": began})
    server.serve_forever(poll_interval=0.1)
    (folder / PROCESS).unlink(missing_ok=True)


if __name__ == "__main__":
    main(sys.argv[1:])
