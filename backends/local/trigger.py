"""Plans with an address on this machine: a POST with the key starts a run.

    published/<name>/plan.json         the plan, as it was published
    published/<name>/experiment.toml   its experiment
    published/<name>/published.json    what a run's record says, the open parameters, the port
    published/<name>/key               the key, for its owner alone
    published/<name>/process.json      the process that listens: pid, and when it began
    published/<name>/log               what it was asked, a line of JSON each

Requests and answers have the shape of the clouds', of either SDK: what calls a pipeline there can
be tried here. The process that listens is trigger_server.py; it outlives the command.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from concrete_cli import digest, disk, documents, formats, locks, plan_json
from concrete_cli.errors import NotFound
from concrete_cli.plan import Plan

from .. import curl
from ..shapes import Published
from . import trigger_process
from .serving import key
from .trigger_parameters import open_parameters
from .trigger_process import FACTS

FOLDER = "published"
FILES = ("plan.json", "experiment.toml")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


class Trigger:
    """The published plans of a home."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._folder = home / FOLDER

    def publish(
        self,
        name: str,
        plan: Plan,
        *,
        experiment: str,
        facts: Mapping[str, Any],
        parameters: Iterable[str] = (),
    ) -> Published:
        """Give a plan an address, or give the one that is called so to this plan.

        The key stays the same when a name is published again, and the port if it is still free.
        """
        opened = {text: value for text, (_, _, value) in open_parameters(plan, parameters).items()}
        folder = self._folder / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locks.hold(folder / "lock", wait=True):
            port = trigger_process.port(folder)
            trigger_process.end(folder)
            disk.write_json(folder / "plan.json", plan_json.document(plan))
            disk.write(folder / "experiment.toml", experiment)
            sums = {name: digest.of_file(folder / name) for name in FILES}
            if not (folder / key.FILE).is_file():
                key.write(folder / key.FILE)
            with trigger_process.listen(port) as listener:
                url = f"http://{trigger_process.HOST}:{listener.getsockname()[1]}/pipelines/{name}"
                about = {"name": name, "facts": dict(facts), "parameters": list(parameters)}
                about |= {"files": sums}
                port = listener.getsockname()[1]
                documents.write(folder / FACTS, {**about, "url": url, "port": port})
                process = trigger_process.start(folder, self._home, listener)
            trigger_process.wait(folder, process)
        line = curl.post(
            url,
            {"ParameterAssignments": opened},
            token=f"cat {shlex.quote(str(folder / key.FILE))}",
        )
        return Published(name, name, url, opened, line)

    def list(self) -> list[dict[str, Any]]:
        """Return name, url and status of each, by name."""
        if not self._folder.is_dir():
            return []
        found = sorted(path for path in self._folder.iterdir() if (path / FACTS).is_file())
        return [
            {
                "name": path.name,
                "url": documents.read(path / FACTS, formats.PUBLISHED)["url"],
                "status": "running" if trigger_process.process_of(path) else "stopped",
            }
            for path in found
        ]

    def withdraw(self, name: str) -> None:
        """Let the address start nothing any more, and forget it and its key."""
        folder = self._folder / name
        if not NAME.fullmatch(name) or not folder.is_dir():
            raise NotFound("published plan", name, [one["name"] for one in self.list()])
        trigger_process.end(folder)
        disk.put_aside(folder, self._home / "tmp")
