"""What MLflow is told of a run: tags, parameters, metrics, series, candidates, files, model."""

from __future__ import annotations

import contextlib
import math
import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from concrete_cli import code, documents, formats, payload
from concrete_cli.errors import ConcreteError
from concrete_cli.registry.models import Models
from concrete_cli.report import gather, words, write
from concrete_cli.runs import Run
from concrete_cli.workspace import Workspace

STATES = {"done": "FINISHED", "failed": "FAILED", "cancelled": "KILLED"}
TABLES = ("experiment", "data", "features", "split", "train", "finetune", "register", "pipeline")
FILES = ("plan.json", "experiment.toml", "leaderboard/leaderboard.json", "leaderboard/tuning.json")
LONGEST = 500  # characters of a parameter
TEST = ("rows", "rmse", "mae", "r2", "coverage", "width")


def of_run(space: Workspace, run: Run, document: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return the facts; files that are made for the purpose go into `folder`."""
    record, looked = run.record, gather.seen(space, run)
    begin = datetime.fromisoformat(record["created"]).timestamp()
    tuning = documents.find(run.folder / "leaderboard" / "tuning.json", formats.TUNING)
    return {
        "experiment": record["experiment"],
        "run": run.id,
        "status": STATES.get(document["status"], "RUNNING"),
        "begin": int(begin * 1000),
        "end": int((begin + record.get("seconds", 0)) * 1000),
        "tags": {
            "concrete.run": run.id,
            "concrete.workflow": record["workflow"],
            "concrete.backend": record["backend"],
            "concrete.status": document["status"],
            "mlflow.source.name": Path(str(record.get("file", ""))).name,
            "mlflow.source.type": "LOCAL",
            "mlflow.note.content": _note(run, document),
        },
        "params": params(run.folder / "experiment.toml", document),
        "metrics": metrics(document, looked),
        "series": _series(tuning),
        "children": list(_children(document, looked)),
        "files": _files(run, space, folder),
        "model": _model(space, run, document),
    }


def params(file: Path, document: Mapping[str, Any]) -> dict[str, str]:
    """Return the experiment as flat names and texts, and what was selected."""
    with contextlib.suppress(OSError, ValueError):
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
        wanted = {name: tables[name] for name in TABLES if name in tables}
        wanted.get("train", {}).pop("candidates", None)  # they have runs of their own
        found = {name: words.given(value, LONGEST) for name, value in _flat(wanted)}
        if selected := document.get("selected"):
            found["selected"] = selected["candidate"]
        return found
    return {}


def metrics(document: Mapping[str, Any], looked: gather.Seen) -> dict[str, float]:
    """Return the numbers that a run came to."""
    found: dict[str, Any] = {"seconds": document["seconds"]}
    for name in TEST:
        found[f"test.{name}"] = (document["test"] or {}).get(name)
    for name, value in ((document["selected"] or {}).get("cv") or {}).items():
        found[f"cv.{name}"] = value
    for name in ("gain", "gain_se", "best", "trials"):
        found[f"tuning.{name}"] = (document.get("tuning") or {}).get(name)
    if document["workflow"] == "run":
        for one in gather.own(looked):
            found |= {f"{one['output']}.{name}": value for name, value in one["metrics"].items()}
    return {name: float(value) for name, value in found.items() if _is_number(value)}


def _children(document: Mapping[str, Any], looked: gather.Seen) -> Iterator[dict[str, Any]]:
    """Yield each candidate with its parameters, its scores and, as a series, those of the folds."""
    steps = {step.name for step in looked.plan.steps}
    for one in document["leaderboard"]:
        step = f"train_{one['candidate']}"
        facts = looked.read(step, "candidate", "candidate.json") if step in steps else None
        if not facts:
            continue
        cv = {f"cv.{name}": value for name, value in (one["cv"] or {}).items()}
        folds = facts.get("folds") or []
        given = {"model": facts["model"], **dict(_flat(facts["params"]))}
        yield {
            "name": one["candidate"],
            "status": "FINISHED" if one["status"] == "done" else "FAILED",
            "params": {name: words.given(value, LONGEST) for name, value in given.items()},
            "metrics": {name: value for name, value in cv.items() if _is_number(value)},
            "series": {
                f"fold.{name}": [
                    [number, fold[name]]
                    for number, fold in enumerate(folds)
                    if _is_number(fold.get(name))
                ]
                for name in ("rmse", "mae", "r2")
            },
        }


def _series(tuning: Mapping[str, Any] | None) -> dict[str, list[list[float]]]:
    """Return the score of each trial and the best so far."""
    if not tuning:
        return {}
    sign = -1 if tuning["metric"] == "r2" else 1
    scores: list[list[float]] = []
    best: list[list[float]] = []
    for line in sorted(tuning["history"], key=lambda one: one["number"]):
        if _is_number(line["value"]):
            scores.append([line["number"], line["value"]])
            lowest = min(sign * score for _, score in scores)
            best.append([line["number"], sign * lowest])
    metric = tuning["metric"]
    return {f"trial.{metric}": scores, f"trial.best_{metric}": best}


def _files(run: Run, space: Workspace, folder: Path) -> list[list[str]]:
    """Return pairs of a file and the folder in which MLflow shows it."""
    found = [[str(run.folder / name), ""] for name in FILES if (run.folder / name).is_file()]
    charts = sorted((run.folder / "report").glob("*.svg"))
    found += [[str(path), "plots"] for path in charts]
    with contextlib.suppress(ConcreteError):
        found.append([str(write.write(space, run, folder / "report.html")), ""])
    return found


def _model(space: Workspace, run: Run, document: Mapping[str, Any]) -> dict[str, Any] | None:
    registered = document.get("registered")
    if not registered or run.record.get("remote"):  # a version of the cloud's registry, not of ours
        return None
    name, number = registered["name"], registered["version"]
    models = Models(space.home)
    version = models.find(f"{name}:{number}")
    own = next((step.modules for step in run.plan.steps if step.name == "register"), ())
    closure = code.closure(payload.script("_mlflow_model.py"), own)
    return {
        "name": name,
        "version": number,
        "aliases": models.aliases_of(version),
        "folder": str(version.path),
        "code": [str(path) for path in closure.values()],
        "signature": version.manifest["signature"],
        "versions": version.manifest["versions"],
    }


def _note(run: Run, document: Mapping[str, Any]) -> str:
    chosen = (document["selected"] or {}).get("candidate")
    told = f", which selected **{chosen}**" if chosen else ""
    return f"`{document['workflow']}` run {run.id}{told}; see report.html among its files."


def _flat(value: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _flat(inner, f"{above}.{name}" if above else str(name))
    elif above:
        yield above, value


def _is_number(value: Any) -> bool:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return plain and math.isfinite(value)
