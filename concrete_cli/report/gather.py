"""The facts of a report, read from the files of a run and of the finished steps it came to."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from concrete_cli import aside, disk, documents, formats, results
from concrete_cli.backend import Backend, Event, State
from concrete_cli.errors import ConcreteError
from concrete_cli.plan import Output, Plan, Source
from concrete_cli.report import lineage, timing
from concrete_cli.runs import Run
from concrete_cli.shape import ANY
from concrete_cli.workspace import Workspace

Facts = dict[str, Any]
LOG = logging.getLogger("concrete")
PROFILED = Output("prepare", "data")


@dataclass(frozen=True)
class Seen:
    """A run as it is on disk, and the way to its outputs."""

    space: Workspace
    run: Run
    backend: Backend
    plan: Plan
    last: dict[str, Event]

    @cached_property
    def _record(self) -> Facts:
        return self.run.record

    @cached_property
    def _at_hand(self) -> dict[str, Path]:
        if self._record["workflow"] == "run":
            return {}
        return results.at_hand(self.run, self.backend, self.last)

    def folder(self, step: str, output: str) -> Path | None:
        """Return the folder of an output, if it is on this machine."""
        text = f"{step}.{output}"
        name = next((name for name, one in results.KEPT.items() if one == text), "")
        if name in self._at_hand:
            return self._at_hand[name]
        path = getattr(self.backend, "path", None)
        if step not in self.last:
            return None
        if path is None:
            return self._brought(Output(step, output))
        with contextlib.suppress(ConcreteError):
            return Path(path(self._record.get("handle", self.run.id), Output(step, output)))
        return None

    def _brought(self, output: Output) -> Path | None:
        """Return what was copied from elsewhere; what describes the data is copied now."""
        folder, event = self.run.folder / "outputs" / str(output), self.last[output.step]
        if output == PROFILED and event.state.good:
            try:
                return results.brought(self.run, self.backend, output, event)
            except ConcreteError as error:
                LOG.warning("the report lacks the profile of the data: %s", error)
        return folder if folder.is_dir() else None

    def read(self, step: str, output: str, name: str) -> Any:
        """Return the JSON data of a file in an output; None if it is not there."""
        folder = self.folder(step, output)
        return _read(folder / name) if folder else None


def seen(space: Workspace, run: Run) -> Seen:
    """Look at a run."""
    return Seen(space, run, space.backend_of(run), run.plan, run.last_events())


def facts(looked: Seen) -> Facts:
    """Return all that the report of a run shows; what has not come about is None or empty."""
    run, record = looked.run, looked.run.record
    document = results.document(run, looked.backend)
    origin = _origin(looked)
    own_steps = record["workflow"] == "run"
    manifest = (None if own_steps else looked.read("select", "model", "manifest.json")) or {}
    signature = manifest.get("signature") or {}
    profile = origin.read("prepare", "data", "profile.json") if origin else None
    report = looked.folder("evaluate", "report") if record["workflow"] != "run" else None
    data = origin.folder("prepare", "data") if origin and profile else None
    target = signature.get("target") or (profile or {}).get("target", "")
    units = {one["name"]: one.get("unit") or "" for one in (profile or {}).get("columns", [])}
    return {
        **document,
        "experiment": record["experiment"],
        "created": record["created"],
        "sets": record.get("sets", []),
        "file": record.get("file", ""),
        "timing": timing.of(looked.plan, run.events(), document["steps"]),
        "failure": _failure(run),
        "target": target,
        "unit": signature.get("target_unit") or units.get(target, ""),
        **_board(None if own_steps else looked, manifest),
        "test": _read(report / "metrics.json") if report else None,
        "tuning": None if own_steps else looked.read("select", "leaderboard", "tuning.json"),
        "importance": _read(report / "importance.json") if report else None,
        "interval": manifest.get("interval"),
        "profile": profile,
        "points": points(report, data),
        "own": own(looked) if record["workflow"] == "run" else [],
        "lineage": lineage.of(looked.plan, looked.last, record, manifest, looked.space.home),
        "text": run.text,
    }


def points(report: Path | None, data: Path | None) -> Facts:
    """Return what steps/points.py reads of the predictions and the data."""
    words: list[str | Path] = []
    words += ["--report", report] if report and (report / "predictions.parquet").is_file() else []
    words += ["--data", data] if data and (data / "data.parquet").is_file() else []
    if words:
        with (
            contextlib.suppress(ConcreteError),
            aside.made_by("points.py", "points", words) as made,
        ):
            return dict(disk.read_json(made / "points.json"))
    return {"dots": [], "residuals": None, "coverage": [], "histograms": {}}


def _origin(looked: Seen) -> Seen | None:
    """Return the run that prepared the data: this one, or the one that it starts from."""
    if any(step.name == "prepare" for step in looked.plan.steps):
        return looked if looked.run.record["workflow"] != "run" else None
    items = [item for step in looked.plan.steps for _, item in step.items()]
    uris = [item.uri for item in items if isinstance(item, Source)]
    for uri in uris:
        if uri.startswith("run:") and uri.count("/"):
            with contextlib.suppress(ConcreteError, OSError, ValueError, KeyError):
                name = uri.removeprefix("run:").partition("/")[0]
                return seen(looked.space, looked.space.runs.find(name))
    return None


def _board(looked: Seen | None, manifest: Facts) -> Facts:
    """Return the leaderboard as it was written, with the metric by which it is ordered."""
    board = (looked and looked.read("select", "leaderboard", "leaderboard.json")) or {}
    metric = board.get("metric") or manifest.get("metric") or "rmse"
    return {"leaderboard": board.get("candidates", []), "metric": metric}


def _failure(run: Run) -> Facts | None:
    """Return the failures that ended the run, and those of candidates that did not."""
    failed = results.failure(run)
    if failed is None:
        return None
    facts = {name: getattr(failed, name) for name in ("step", "reason", "tail", "log", "replay")}
    return facts | {"resume": run.line("resume")}


def own(looked: Seen) -> list[Facts]:
    """Return, of each output of an own pipeline, its metrics and how much is in it."""
    found = []
    for step in looked.plan.steps:
        for output in step.outputs:
            state = looked.last.get(step.name, Event(step.name, State.WAITING)).state
            folder = looked.folder(step.name, output.name) if state.ended else None
            files = [path for path in folder.rglob("*") if path.is_file()] if folder else []
            found.append(
                {
                    "output": str(output),
                    "mode": output.mode,
                    "folder": str(folder) if folder else "",
                    "files": len(files),
                    "bytes": sum(path.stat().st_size for path in files),
                    "metrics": _numbers(_given(folder / "metrics.json") if folder else None),
                }
            )
    return found


def _numbers(metrics: Any) -> Facts:
    if not isinstance(metrics, dict):
        return {}
    return {
        str(name): value
        for name, value in metrics.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _read(path: Path) -> Any:
    return documents.find(path, formats.OF_OUTPUTS.get(path.name, ANY))


def _given(path: Path) -> Any:
    """Return what a script of the user's own has written, whatever it is."""
    with contextlib.suppress(OSError, ValueError, RecursionError):
        return disk.read_json(path)
    return None
