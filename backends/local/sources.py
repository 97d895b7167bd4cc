"""What a source stands for on this machine: a path, a URL, another run's output, a model."""

from __future__ import annotations

import functools
from pathlib import Path

from concrete_cli import cache, digest, lines
from concrete_cli.cache import Cache, Entry
from concrete_cli.errors import NotFound
from concrete_cli.plan import Source
from concrete_cli.registry.models import Models
from concrete_cli.runs import Run, Runs
from concrete_cli.sources import fetching, urls

MODEL = "model:"


def find(source: Source, home: Path) -> Path:
    """Return the file or folder of a source."""
    if source.uri.startswith(MODEL):
        return Models(home).load(source.uri.removeprefix(MODEL)).path
    if source.uri.startswith("run:"):
        entry, output = _of_run(source.uri, home)
        return entry.output(output)
    if urls.is_url(source.uri):
        return fetching.bring(source.uri, home)
    path = Path(source.uri)
    if not (path.is_file() or path.is_dir()):  # a pipe, say, can be read only once
        raise NotFound("file", source.uri, help="[data] source is relative to the experiment")
    return path


def content(source: Source, home: Path) -> str:
    """Return the digest of what a source holds."""
    if source.uri.startswith(MODEL):
        return str(Models(home).load(source.uri.removeprefix(MODEL)).record["content"])
    if source.uri.startswith("run:"):
        return cache.content(*_of_run(source.uri, home))
    if urls.is_url(source.uri):
        return urls.split(source.uri)[1]  # that of the file, fetched or not
    return digest.of_path(find(source, home))


def _of_run(uri: str, home: Path) -> tuple[Entry, str]:
    """Return the entry and the name of the output that `run:ID/step.output` stands for.

    `run:latest/...` is the newest run in which that step is done, and never one that reads this.
    """
    name, _, output = uri.removeprefix("run:").partition("/")
    step, _, output = output.partition(".")

    def fits(run: Run) -> bool:
        event = run.last_events().get(step)
        return event is not None and event.state.good and Source(uri) not in _sources(run)

    run = _known(Runs(home).find(name, fits).folder)
    last = run.last_events()
    if step not in last or not last[step].state.good:
        raise NotFound("finished step", f"{name}/{step}", [s for s in last if last[s].state.good])
    entry = Cache(home).entry(last[step].entry)
    if damage := entry.damage() if entry.path.is_dir() else "it was removed":
        again = lines.line("resume", run.id, home=home)
        raise NotFound("output", uri, help=f"{damage}; make it again: {again}")
    return entry, output


@functools.lru_cache(maxsize=16)
def _known(folder: Path) -> Run:
    """Return a run that remembers what it has read of its journal: many steps may read of it."""
    return Run(folder)


def _sources(run: Run) -> set[Source]:
    items = (item for step in run.plan.steps for _, item in step.items())
    return {item for item in items if isinstance(item, Source)}
