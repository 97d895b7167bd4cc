"""The dry run: what would be sent to Azure, without anybody to send it to."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from concrete_cli import destinations
from concrete_cli.plan import Item, Output, Plan, Source, Step

from . import graph, offline, sdk, snapshot, sources
from .compile import compile_plan
from .settings import Settings


@dataclass(frozen=True)
class StepPreview:
    """One step as it would be carried out."""

    name: str
    compute: str
    command: str
    files: tuple[str, ...]
    bytes: int
    reads: tuple[str, ...]
    writes: tuple[str, ...]


@dataclass(frozen=True)
class SourcePreview:
    """One source, and what of it would be uploaded; `bytes` is 0 for what is in Azure already."""

    uri: str
    destination: str
    bytes: int


@dataclass(frozen=True)
class Preview:
    """The whole dry run; `document` is the graph that would be posted."""

    steps: tuple[StepPreview, ...]
    sources: tuple[SourcePreview, ...]
    document: Mapping[str, Any]

    @property
    def bytes(self) -> int:
        """How much would be uploaded at most, each script once."""
        scripts = {step.files: step.bytes for step in self.steps}
        return sum(scripts.values()) + sum(source.bytes for source in self.sources)

    def write(self, folder: Path) -> Path:
        """Write the graph to `folder/graph.json`."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "graph.json"
        file.write_text(json.dumps(self.document, indent=2, sort_keys=True) + "\n", "utf-8")
        return file

    def summary(self) -> dict[str, Any]:
        """Return all but the graph as JSON data."""
        return {
            "steps": [asdict(step) for step in self.steps],
            "sources": [asdict(source) for source in self.sources],
            "bytes": self.bytes,
        }


def preview(plan: Plan, settings: Settings, folder: Path) -> Preview:
    """Compile a plan for nowhere; `folder` takes the snapshots, as they would be uploaded."""
    with sdk.quiet(), offline.nowhere():
        place = offline.place(settings)
        pipeline = compile_plan(plan, settings, place, folder)
        document = graph.document(pipeline, place.provider)
    steps = tuple(_step(step, settings, folder) for step in plan.steps)
    found = {item.uri: item for step in plan.steps for _, item in step.items()
             if isinstance(item, Source)}  # fmt: skip
    return Preview(steps, tuple(map(_source, found.values())), document)


def _step(step: Step, settings: Settings, folder: Path) -> StepPreview:
    staged = snapshot.stage(step, folder)
    compute = settings.compute_of(step.compute or settings.default_compute)
    words = ["python", Path(step.script).name, *step.argv(_word)]
    return StepPreview(
        step.name,
        f"{compute.name} ({compute.kind})",
        shlex.join(words),
        staged.files,
        staged.bytes,
        tuple(str(item) for _, item in step.items()),
        tuple(destinations.written(settings.destinations, output) for output in step.outputs),
    )


def _word(item: Item) -> str:
    return f"{{{item}}}" if isinstance(item, Output) else f"{{{Path(item.uri).name}}}"


def _source(source: Source) -> SourcePreview:
    known = sources.known(source)
    if known is None:
        return SourcePreview(source.uri, source.uri, 0)
    return SourcePreview(source.uri, known.path, known.bytes)
