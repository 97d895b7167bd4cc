"""Carrying things between this machine and a backend: outputs of runs, models."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from concrete_cli import permissions
from concrete_cli.backend import Backend
from concrete_cli.cloud import remote
from concrete_cli.cloud.remote import Target
from concrete_cli.errors import BackendUnavailable, NotFound, UsageError
from concrete_cli.plan import Output
from concrete_cli.registry import archive as model_archive
from concrete_cli.registry import lineage
from concrete_cli.registry.models import RECORD, Models, parse
from concrete_cli.runs import Run, Runs

LINEAGE = "lineage.json"


def fetch(target: Target, wanted: str, into: Path) -> dict[str, Any]:
    """Copy the output STEP.OUTPUT of a run to a folder that is not there, or empty."""
    if into.exists() and not (into.is_dir() and not any(into.iterdir())):
        raise UsageError(f"{into} is not empty", help="choose a new folder")
    step, dot, name = wanted.partition(".")
    if not (step and dot and name):
        raise UsageError(f"{wanted!r} names no output", help="STEP.OUTPUT, such as select.model")
    output = Output(step, name)
    if target.run:
        remote.refresh(target.run, target.backend)
        output = target.run.plan.step(step).output(name)
    with permissions.of_user():
        into.parent.mkdir(parents=True, exist_ok=True)
        target.backend.fetch(target.handle, output, into)
    sizes = [file.lstat().st_size for file in into.rglob("*") if not file.is_dir()]
    return {
        "run": target.run.id if target.run else target.handle,
        "output": wanted,
        "path": str(into.absolute()),
        "files": len(sizes),
        "bytes": sum(sizes),
    }


def pull(models: Models, backend: Backend, ref: str, *, trust: bool = False) -> dict[str, Any]:
    """Bring a model of a backend here; the same content is the version that is here already."""
    there = _registry(backend)
    name, number, alias = parse(ref)
    wanted = f"{name}@{number or alias}" if number or alias else name
    with tempfile.TemporaryDirectory(dir=models.home / "tmp", prefix="pull-") as scratch:
        folder = Path(scratch) / "model"
        found = there.pull(wanted, folder)
        for file in ("manifest.json", "model.skops"):
            if not (folder / file).is_file():
                message = f"{found.name}:{found.version} on {backend.name} is no model of concrete"
                raise NotFound("model", wanted, help=message)
        model_archive.check_model(Path(wanted), folder, trust=trust)
        # What a version is remembered by is no part of what makes it the same or another one.
        (folder / RECORD).unlink(missing_ok=True)
        texts = _taken(folder, [LINEAGE, *str(found.tags.get("added", "")).split()])
        run = found.tags.get("concrete_run") or found.tags.get("run")
        facts = {"run": run, "pulled": backend.name}
        if LINEAGE not in texts and run and (made_by := _run(models, run)):
            texts |= lineage.texts(made_by, models.home)
        made = models.publish(name, folder, facts, texts)
    here = {"name": made.name, "version": made.number}
    return _carried("pulled", here, {"name": found.name, "version": found.version}, backend)


def push(models: Models, backend: Backend, ref: str) -> dict[str, Any]:
    """Register a version of this machine on a backend, as the next version of its name."""
    there = _registry(backend)
    version = models.load(ref)
    record = version.record
    card = {
        "content": record.get("content", ""),
        "run": record.get("run") or "",
        "added": " ".join(record.get("added", ())),
        "concrete": version.ref,
        **{name: value for name, value in version.metrics.items() if name in ("rmse", "mae", "r2")},
    }
    with tempfile.TemporaryDirectory(dir=models.home / "tmp", prefix="push-") as scratch:
        folder = Path(scratch) / "model"
        ignore = shutil.ignore_patterns(RECORD)
        shutil.copytree(version.path, folder, copy_function=shutil.copyfile, ignore=ignore)
        number = there.push(folder, version.name, card)
    here = {"name": version.name, "version": version.number}
    return _carried("pushed", here, {"name": version.name, "version": number}, backend)


def _registry(backend: Backend) -> Any:
    found = getattr(backend, "models", None)
    if not hasattr(found, "pull"):
        message = f"backend {backend.name} has no registry of its own"
        raise BackendUnavailable(message, help="--backend azureml or azureml-v2")
    return found


def _run(models: Models, name: str) -> Run | None:
    """Return the run of this home that a version comes from, if it is here."""
    for run in Runs(models.home).all():
        if name in (run.id, run.record.get("handle")):
            return run
    return None


def _taken(folder: Path, names: list[str]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for name in dict.fromkeys(names):
        file = folder / name
        if Path(name).name == name and file.is_file():
            texts[name] = file.read_text(encoding="utf-8")
            file.unlink()
    return texts


def _carried(
    way: str, here: dict[str, Any], there: dict[str, Any], backend: Backend
) -> dict[str, Any]:
    return {"way": way, "here": here, "there": there, "backend": backend.name}
