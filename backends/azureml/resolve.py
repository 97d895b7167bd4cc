"""Sources that only concrete knows: an output of another run, a registered model."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from concrete_cli import digest
from concrete_cli.cache import Cache
from concrete_cli.errors import NotFound
from concrete_cli.plan import Output, Source
from concrete_cli.runs import Runs


class Cloud(Protocol):
    """What a backend knows of its workspace that is asked for here."""

    name: str

    @property
    def models(self) -> Any:
        """The registry."""

    @property
    def client(self) -> Any:
        """The way to the workspace."""

    def location(self, handle: str, output: Output) -> str:
        """Return the URI of a finished output."""


class Resolver:
    """Turns `run:ID/step.output` and `model:NAME@ALIAS` into a path here or a place in Azure."""

    def __init__(self, home: Path, backend: Cloud) -> None:
        self._home, self._backend = home, backend

    def __call__(self, source: Source) -> Source:
        """Return a source that the datastore can be told of; most are so already."""
        if source.uri.startswith("run:"):
            return self._of_run(source.uri)
        if source.uri.startswith("model:"):
            return self._of_model(source.uri)
        return source

    def _of_run(self, uri: str) -> Source:
        name, _, rest = uri.removeprefix("run:").partition("/")
        step, _, output = rest.partition(".")
        run = Runs(self._home).find(name)
        record = run.record
        if record["backend"] == self._backend.name:
            made = Output(step, output)
            return Source(self._backend.location(record["handle"], made))
        last = run.last_events()
        if step not in last or not last[step].state.good:
            raise NotFound("finished step", f"{name}/{step}", last)
        return Source(str(Cache(self._home).entry(last[step].entry).output(output)))

    def _of_model(self, uri: str) -> Source:
        found = self._backend.models.find(uri)
        place = self._backend.client.workspace  # another one has other models of these names
        where = digest.of_json([place.subscription_id, place.resource_group, place.name])[:12]
        folder = self._home / "tmp" / "models" / f"{where}-{found.name}-{found.version}"
        if not folder.is_dir():
            self._backend.models.pull(f"{found.name}@{found.version}", folder)
        return Source(str(folder))
