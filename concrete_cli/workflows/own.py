"""run: the `[pipeline.steps.NAME]` tables of an experiment, with scripts of the user's own."""

from __future__ import annotations

import contextlib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from concrete_cli import code, payload
from concrete_cli.errors import ExperimentInvalid
from concrete_cli.plan import Item, Output, Plan, Source, Step
from concrete_cli.workflows.settings import settled

if TYPE_CHECKING:
    from concrete_cli.config import Experiment
    from concrete_cli.config.pipeline import PipelineStep

LARGE = 1 << 20  # bytes of a file


def first(file: Path) -> list[str]:
    """Return the scripts that an experiment file seems to name; it is read and checked later."""
    with contextlib.suppress(OSError, ValueError, LookupError, TypeError, AttributeError):
        if file.stat().st_size < LARGE and file.is_file():
            pipeline = tomllib.loads(file.read_text(encoding="utf-8"))["pipeline"]
            folder = file.parent / pipeline.get("scripts", "")
            scripts = {folder / step["script"]: None for step in pipeline["steps"].values()}
            return [str(path) for path in scripts if path.is_file()]
    return []


def own(experiment: Experiment, pinned: Mapping[str, str] = MappingProxyType({})) -> Plan:
    """Return the plan that the `[pipeline.steps.NAME]` tables describe.

    `pinned` says what inputs such as `run:latest/STEP.OUTPUT` stand for.
    """
    tables = experiment.pipeline.steps if experiment.pipeline else {}
    if not tables:
        hint = "write a table [pipeline.steps.NAME] for each step"
        message = "there is nothing to run: the experiment has no [pipeline.steps.NAME]"
        raise ExperimentInvalid([experiment.origin.problem(("pipeline",), message, hint)])
    steps = (_step(experiment, name, table, pinned) for name, table in tables.items())
    return Plan("run", tuple(settled(experiment, step) for step in steps))


def script(experiment: Experiment, name: str) -> Path:
    """Return the script of the user's own called `name`, else the shipped one, else the former."""
    own_one = experiment.scripts / name
    shipped = payload.folder("steps") / name
    plain = Path(name).name == name and not name.startswith("_")
    return shipped if plain and not own_one.is_file() and shipped.is_file() else own_one


def _step(
    experiment: Experiment, name: str, table: PipelineStep, pinned: Mapping[str, str]
) -> Step:
    found = script(experiment, table.script)
    return Step(
        name,
        found.name if found.parent == payload.folder("steps") else str(found),
        inputs={key: _given(experiment, items, pinned) for key, items in table.inputs.items()},
        outputs=tuple(Output(name, key, mode) for key, mode in table.outputs.items()),
        params=dict(table.params),
        after=tuple(table.after),
        files=tuple(code.pattern(experiment.scripts, text) for text in table.files),
    )


def _given(
    experiment: Experiment, items: list[str], pinned: Mapping[str, str]
) -> Item | tuple[Item, ...]:
    found = tuple(_item(experiment, pinned.get(text, text)) for text in items)
    return found[0] if len(found) == 1 else found


def _item(experiment: Experiment, text: str) -> Item:
    step, _, output = text.partition(".")
    steps = experiment.pipeline.steps if experiment.pipeline else {}
    return Output(step, output) if step in steps else Source(text)
