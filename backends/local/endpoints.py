"""Endpoints on this machine: made from a bundle, found again, stopped, started, forgotten.

    endpoints/<name>/settings.json      how it is served
    endpoints/<name>/key                its key, for its owner alone
    endpoints/<name>/process.json       its supervisor: pid, and when that process began
    endpoints/<name>/bundle-<digest>/   a copy of its own, whatever becomes of the model
    endpoints/<name>/log, log.1         what happened, a line of JSON each
    endpoints/<name>/lock               held by a command that changes the endpoint

A change is written aside and renamed; a command that is killed leaves an endpoint that is as it
was before or as it should be, running or not.
"""

from __future__ import annotations

import builtins
import contextlib
import json
import os
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from concrete_cli import disk, documents, formats, lines, locks
from concrete_cli.errors import BackendUnavailable, Busy, Damaged, NotFound, UsageError

from .serving import alive, answers, board, bundles, key, listening, log, settings
from .serving.daemon import Daemon
from .serving.settings import Settings

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


class Endpoints:
    """All endpoints below a home."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "endpoints"

    def deploy(self, bundle: Path, name: str, settings_: Mapping[str, Any]) -> dict[str, Any]:
        """Serve a bundle; return what `show` returns of the endpoint, once it answers.

        `settings_` may hold host, port, workers and the rest of serving/settings.py, and
        `replace`: an endpoint that runs gets the new bundle without a gap, and stays as it was
        if that one does not come up.
        """
        folder = self._place(name)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._locked(name):
            self.check(name, settings_)
            before = self._settings(name)
            copy = bundles.copy(bundle, folder)
            if not (folder / key.FILE).is_file():
                key.write(folder / key.FILE)
            model = str(documents.read(copy / "bundle.json", formats.BUNDLE)["model"])
            facts = {"name": name, "model": model, "bundle": copy.name, "created": time.time()}
            chosen = settings.choose(settings_, before, **facts)
            daemon = Daemon(folder)
            try:
                if daemon.process():
                    daemon.hand_over(chosen)
                else:
                    daemon.start(chosen, any_port=not settings_.get("port"))
            finally:
                bundles.clean(folder, self._settings(name))
        found = self.show(name)
        if before and not settings_.get("port") and self._known(name).port != before.port:
            found["moved_from"] = before.url
        return found

    def check(self, name: str, settings_: Mapping[str, Any]) -> None:
        """Raise what `deploy` would, as far as that can be known without a bundle."""
        before = self._settings(name)
        if not before or not Daemon(self._place(name)).process():
            host = settings_.get("host") or (before.host if before else settings.HOST)
            self._try(host, settings_.get("port") or 0)
            return
        if not settings_.get("replace"):
            raise Busy(
                f"endpoint {name} is in use: it serves {before.model} at {before.url}",
                help=f"--replace, another --name, or: {self._line('stop', name)}",
            )
        self._keep_address(before, settings_)

    def _keep_address(self, before: Settings, asked: Mapping[str, Any]) -> None:
        for one in ("host", "port"):
            if asked.get(one) not in (None, getattr(before, one)):
                hint = f"first: {self._line('stop', before.name)}"
                message = f"endpoint {before.name} keeps its address while it runs"
                raise UsageError(message, help=hint)

    def _try(self, host: str, port: int) -> None:
        try:
            listening.listen(host, port, patience=listening.LEFTOVERS).close()
        except Busy as busy:
            busy.help = f"--port {listening.free_port(host)} is free; or leave it out"
            raise

    def list(self) -> list[dict[str, Any]]:
        """Return what there is, by name."""
        if not self._folder.is_dir():
            return []
        self.sweep()
        return [self._row(name) for name in self._names()]

    def show(self, name: str) -> dict[str, Any]:
        """Return endpoint, url, key_file, model, pid (None: it is stopped), status and more."""
        how, folder = self._known(name), self._place(name)
        process = Daemon(folder).process()
        return {
            "endpoint": name,
            "url": how.url,
            "key_file": str(folder / key.FILE),
            "model": how.model,
            "pid": process[0] if process else None,
            "status": "running" if process else "stopped",
            "workers": how.workers,
            "loopback": how.loopback,
            "hosts": list(how.hosts),
            "origins": list(how.origins),
            "root_path": how.root_path,
            "created": how.created,
            "log": str(folder / log.FILE),
        }

    def logs(self, name: str, *, follow: bool = False) -> Iterator[str]:
        """Yield the lines of the log; with `follow` for as long as the endpoint runs."""
        self._known(name)
        daemon = Daemon(self._place(name))
        path = daemon.folder / log.FILE
        yield from log.lines(path.with_name(f"{log.FILE}.1"))
        yield from log.lines(path, lambda: follow and daemon.process() is not None)

    def invoke(
        self, name: str, request: bytes, *, intervals: bool = True
    ) -> tuple[int, dict[str, Any]]:
        """Send a request; return the status and the JSON answer."""
        how = self._known(name)
        if not Daemon(self._place(name)).process():
            message = f"endpoint {name} is stopped"
            raise BackendUnavailable(message, help=self._line("restart", name))
        secret = (self._place(name) / key.FILE).read_text(encoding="utf-8").strip()
        path = "/score" if intervals else "/score?intervals=false"
        return answers.post(how, path, request, secret, self._line("logs", name))

    def stop(self, name: str) -> dict[str, Any]:
        """Let it answer what it has accepted, then end it; one that is stopped is fine."""
        self._known(name)
        with self._locked(name):
            Daemon(self._place(name)).end()
        return self.show(name)

    def restart(self, name: str, port: int | None = None) -> dict[str, Any]:
        """Start it again: one that runs without a gap, one that is stopped where it was.

        One that is stopped can get another port.
        """
        how = self._known(name)
        with self._locked(name):
            daemon = Daemon(self._place(name))
            if daemon.process():
                self._keep_address(how, {"port": port})
                daemon.hand_over(how)
            else:
                self._start_again(daemon, replace(how, port=port or how.port))
        return self.show(name)

    def _start_again(self, daemon: Daemon, how: Settings) -> None:
        try:
            daemon.start(how)
        except Busy as busy:
            free = listening.free_port(how.host)
            busy.help = self._line("restart", how.name, "--port", str(free))
            raise

    def rotate_key(self, name: str) -> Path:
        """Make a new key; from the next request on the old one is worth nothing."""
        self._known(name)
        path = self._place(name) / key.FILE
        key.write(path)
        return path

    def remove(self, name: str) -> None:
        """Stop it and forget it."""
        self.stop(name)
        with self._locked(name):
            aside = self._folder / f".{name}.{os.getpid()}"
            self._place(name).rename(aside)
        disk.remove(aside)

    def sample(self, name: str) -> bytes:
        """Return the request that the bundle of an endpoint was tried with."""
        about = documents.read(
            self._place(name) / self._known(name).bundle / "bundle.json", formats.BUNDLE
        )
        return json.dumps(about["sample"]["request"]).encode()

    def _line(self, command: str, name: str, *words: str) -> str:
        return lines.line("endpoints", command, name, *words, home=self._folder.parent)

    # --- files

    def _place(self, name: str) -> Path:
        if not NAME.fullmatch(name):
            rule = "letters, digits, - and _, at most 100, beginning with a letter or digit"
            raise UsageError(
                f"an endpoint cannot be called {name[:60]!r}", help=f"a name is {rule}"
            )
        return self._folder / name

    def _settings(self, name: str) -> Settings | None:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            return settings.read(self._place(name) / settings.FILE)
        return None

    def _names(self) -> builtins.list[str]:
        places = self._folder.glob(f"*/{settings.FILE}")
        return sorted(path.parent.name for path in places if NAME.fullmatch(path.parent.name))

    def _row(self, name: str) -> dict[str, Any]:
        """Return what the list says of an endpoint; a damaged one hides no other."""
        try:
            return self.show(name)
        except Damaged as error:
            nothing = {"url": "", "model": "", "pid": None, "created": None}
            return {"endpoint": name, **nothing, "status": "damaged", "damage": str(error)}

    def sweep(self) -> None:
        """Remove what commands and supervisors left that were killed."""
        for path in self._folder.glob("*"):
            pid = path.name.rpartition(".")[2]
            with contextlib.suppress(OSError):  # a home that cannot be written can be looked at
                if path.name.startswith(".") and not (pid.isdigit() and alive.identity(int(pid))):
                    disk.remove(path)
                else:
                    board.sweep(path)

    def _known(self, name: str) -> Settings:
        self.sweep()
        found = self._settings(name)
        if found is None:
            known = self._names()
            first = lines.first("deploy", self._folder.parent)
            advice = "" if known else f"nothing has been deployed yet: {first}"
            raise NotFound("endpoint", name, known, help=advice)
        return found

    @contextlib.contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        with locks.hold(self._place(name) / "lock") as held:
            if not held:
                raise Busy(f"another command is changing endpoint {name}", help="try again")
            yield
