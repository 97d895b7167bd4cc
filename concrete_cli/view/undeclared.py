"""What a run has used and nobody has declared: a warning with the lines to paste."""

from __future__ import annotations

import json
import logging
import os
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from concrete_cli.backend import Event
from concrete_cli.runs import Run
from concrete_cli.view import style

LOG = logging.getLogger("concrete")
SHOWN = 5  # steps
TRIES = "train_"  # begins the name of a step that tries a candidate


def warn(run: Run, events: Iterable[Event]) -> None:
    """Warn of the files that steps have used without having them in their recipes."""
    used = {event.step: event.facts["unlisted"] for event in events if "unlisted" in event.facts}
    if not used:
        return
    experiment = tomllib.loads((run.folder / "experiment.toml").read_text(encoding="utf-8"))
    file = run.record["file"]
    folder = experiment.get("pipeline", {}).get("scripts") or os.path.dirname(file)  # noqa: PTH120
    lines = ["files that are not in a recipe were used: their steps run again the next time"]
    for step, paths in [*used.items()][:SHOWN]:
        table, said = _table(run.record["workflow"], step, experiment)
        said += [
            name for name in (os.path.relpath(path, folder) for path in paths) if name not in said
        ]
        lines += [f"    {table}", f"    files = {json.dumps(said, ensure_ascii=False)}"]
    if len(used) > SHOWN:
        lines.append(f"    and {len(used) - SHOWN} more steps: concrete show {run.id}")
    lines.append(f"help: declare them in {style.path(file)}, and an edit to one is noticed")
    LOG.warning("\n".join(lines))


def _table(workflow: str, step: str, experiment: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Return the header of the table that declares the files of a step, and what it says so far."""
    if workflow == "run":
        table = experiment.get("pipeline", {}).get("steps", {}).get(step, {})
        header = f"[pipeline.steps.{step}]"
    else:
        name = step.removeprefix(TRIES) if step.startswith(TRIES) else "NAME"
        table = experiment.get("train", {}).get("candidates", {}).get(name, {})
        header = f"[train.candidates.{name}]"
    files = table.get("files", [])
    return header, [files] if isinstance(files, str) else [*files]
