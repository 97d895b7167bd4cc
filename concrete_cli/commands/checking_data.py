"""What `concrete check` finds in the data: its first rows, or with --data all of them."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from concrete_cli import aside, disk
from concrete_cli.errors import ExperimentInvalid, Problem, UsageError
from concrete_cli.plan import Item, Output, Source, Step
from concrete_cli.sources import urls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from concrete_cli.config import Experiment
    from concrete_cli.config.origin import Keys


def look(experiment: Experiment) -> dict[str, Any]:
    """Return the notices that the first rows give rise to; what is certainly wrong is raised."""
    from concrete_cli.config.checks.columns import check_data_columns

    if lacking := list(_lacking(experiment)):
        raise ExperimentInvalid(lacking)
    step = _prepare(experiment)
    if step is None:
        return {"notices": []}
    facts = _made(experiment, "look.py", "data", _words(step)).get("facts.json")
    if facts is None:
        return {"notices": []}
    if wrong := check_data_columns(experiment, facts["columns"]):
        raise ExperimentInvalid(wrong)
    return {"notices": facts["notices"]}


def read(experiment: Experiment) -> dict[str, Any]:
    """Return rows, notices and warnings of all of the data, prepared and split as for training."""
    from concrete_cli.workflows import train

    step = _prepare(experiment)
    if step is None:
        raise UsageError(
            "check --data reads files of this machine", help="leave --data out, or download it"
        )
    with tempfile.TemporaryDirectory(prefix="concrete-") as scratch:
        data, test = Path(scratch, "data"), Path(scratch, "test")
        data.mkdir()
        test.mkdir()
        facts = _made(experiment, "prepare.py", "data", _words(step), data)["profile.json"]
        split = train.split(experiment)
        words = split.argv(lambda item: str(data if item == Output("prepare", "data") else test))
        _made(experiment, "split.py", "train", [*words[:-4], "--test", str(test)])
    return {name: facts[name] for name in ("rows", "notices", "warnings")}


def _prepare(experiment: Experiment) -> Step | None:
    """Return the step that reads the data, if there is some on this machine."""
    from concrete_cli.workflows import train

    source = experiment.data.source
    if not source or urls.is_url(source) or urls.is_named(source):
        return None
    return train.prepare(experiment)


def _lacking(experiment: Experiment) -> Iterator[Problem]:
    """Yield the sources in stores that cannot be read with what is installed."""
    from concrete_cli.sources import web

    data = experiment.data.source
    steps = experiment.pipeline.steps if experiment.pipeline else {}
    named: list[tuple[Keys, str]] = [(("data", "source"), data)]
    for name, step in steps.items():
        for key, items in step.inputs.items():
            named += [(("pipeline", "steps", name, "inputs", key), item) for item in items]
    for where, uri in named:
        if urls.is_url(uri) and (missing := web.lacking(uri)):
            yield experiment.origin.problem(where, *missing)


def _words(step: Step) -> list[str]:
    def place(item: Item) -> str:
        return item.uri if isinstance(item, Source) else ""

    return step.argv(place)[:-2]  # without the output


def _made(
    experiment: Experiment, script: str, output: str, words: list[str], into: Path | None = None
) -> dict[str, Any]:
    """Return the JSON files that a script has made; all of its files are moved to `into`."""
    try:
        with aside.made_by(script, output, words) as made:
            found = {path.name: disk.read_json(path) for path in made.glob("*.json")}
            if into:
                for path in made.iterdir():
                    shutil.move(path, into)
            return found
    except ExperimentInvalid as refused:
        message = f"data.source: {refused.problems[0].message}"
        problem = experiment.origin.problem(("data", "source"), message)
        raise ExperimentInvalid([problem]) from refused
