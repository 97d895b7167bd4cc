"""The dry run: the pipeline as files that `az ml job create --file` takes; nobody logs in."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from concrete_cli import destinations
from concrete_cli.backend import Options
from concrete_cli.plan import Plan, Source, Step

from ..shapes import Preview, SourcePreview, StepPreview
from .commandline import command
from .compile import Compiled, compile_plan
from .sdk import silence
from .settings import Settings

SCHEMA = "https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json"


class JobPreview(Preview):
    """The dry run of a pipeline of the SDK v2; `document` is what `write` puts into job.yml."""

    def write(self, folder: Path) -> Path:
        """Write job.yml and beside it the scripts, to which its paths are relative."""
        import yaml  # comes with the SDK

        folder.mkdir(parents=True, exist_ok=True)
        for staged in set(self.staged.values()):
            shutil.copytree(staged, folder / "code" / staged.name, dirs_exist_ok=True)
        file = folder / "job.yml"
        text = yaml.safe_dump(dict(self.document), sort_keys=False, allow_unicode=True, width=100)
        file.write_text(text, encoding="utf-8")
        return file


def preview(
    plan: Plan, settings: Settings, folder: Path, options: Options | None = None
) -> JobPreview:
    """Compile a plan for nowhere; `folder`, an empty one, takes the scripts."""
    compiled = compile_plan(plan, settings, folder, options=options)
    steps = tuple(_step(step, settings, compiled.code[step.name]) for step in plan.steps)
    sources = {item for step in plan.steps for _, item in step.items() if isinstance(item, Source)}
    known = {str(path) for path in compiled.sources.values()}
    found = tuple(_source(one, known) for one in sorted(sources, key=str))
    return JobPreview(steps, found, _document(compiled), compiled.code)


def _step(step: Step, settings: Settings, staged: Path) -> StepPreview:
    compute = settings.compute_of(step)
    files = _files(staged)
    return StepPreview(
        step.name,
        f"{compute.address} ({compute.kind})",
        command(step, settings),
        tuple(file.relative_to(staged).as_posix() for file in files),
        _size(files),
        tuple(str(item) for _, item in step.items()),
        tuple(destinations.written(settings.destinations, output) for output in step.outputs),
    )


def _source(source: Source, known: set[str]) -> SourcePreview:
    if source.uri not in known:
        return SourcePreview(source.uri, source.uri, 0)
    size = _size(_files(Path(source.uri)))
    return SourcePreview(source.uri, "the workspace's default datastore", size)


def _document(compiled: Compiled) -> dict[str, Any]:
    with silence():
        text: dict[str, Any] = compiled.pipeline._to_dict()  # noqa: SLF001  `dump` writes a file
    for step, folder in compiled.code.items():
        text["jobs"][step]["component"]["code"] = f"./code/{folder.name}"
    for name, path in compiled.sources.items():
        # the SDK writes `azureml:/path` for an absolute path, which nothing can read
        text["inputs"][name]["path"] = str(path.resolve())
    plain: dict[str, Any] = _plain(text)
    return {"$schema": SCHEMA, **plain}


def _plain(value: Any) -> Any:
    """Return what YAML knows: the SDK puts classes of its own into its dictionaries."""
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items() if entry is not None}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value if isinstance(value, bool | int | float) else str(value)


def _files(place: Path) -> list[Path]:
    return [place] if place.is_file() else sorted(p for p in place.rglob("*") if p.is_file())


def _size(files: Iterable[Path]) -> int:
    return sum(file.stat().st_size for file in files)
