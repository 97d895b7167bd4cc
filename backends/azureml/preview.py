"""The dry run: what would be sent to Azure, without anybody to send it to."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from concrete_cli import destinations
from concrete_cli.plan import Item, Output, Plan, Source, Step

from ..shapes import Preview, SourcePreview, StepPreview
from . import graph, offline, sdk, snapshot, sources
from .compile import compile_plan
from .settings import Settings
from .snapshot import Snapshot


class GraphPreview(Preview):
    """The dry run of a pipeline of the SDK v1; `document` is the graph that would be posted."""

    def write(self, folder: Path) -> Path:
        """Write the graph to `folder/graph.json`."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "graph.json"
        file.write_text(json.dumps(self.document, indent=2, sort_keys=True) + "\n", "utf-8")
        return file


def preview(plan: Plan, settings: Settings, folder: Path) -> GraphPreview:
    """Compile a plan for nowhere; `folder` takes the snapshots, as they would be uploaded."""
    with sdk.quiet(), offline.nowhere():
        place = offline.place(settings)
        pipeline = compile_plan(plan, settings, place, folder)
        document = graph.document(pipeline, place.provider)
    staged = {step.name: snapshot.stage(step, folder) for step in plan.steps}
    steps = tuple(_step(step, settings, staged[step.name]) for step in plan.steps)
    found = {item.uri: item for step in plan.steps for _, item in step.items()
             if isinstance(item, Source)}  # fmt: skip
    folders = {name: one.folder for name, one in staged.items()}
    return GraphPreview(steps, tuple(map(_source, found.values())), document, folders)


def _step(step: Step, settings: Settings, staged: Snapshot) -> StepPreview:
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
