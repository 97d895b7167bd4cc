"""Files of the user's own that an experiment names: scripts, inputs, modules of candidates."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from concrete_cli import code, payload
from concrete_cli.config.checks import python
from concrete_cli.config.experiment import Experiment
from concrete_cli.config.origin import Keys
from concrete_cli.config.paths import URI
from concrete_cli.config.read import shown
from concrete_cli.errors import Problem, nearest


def check(experiment: Experiment) -> Iterator[Problem]:
    """Yield what is named and is not there, then what is there and is not Python."""
    steps = experiment.pipeline.steps if experiment.pipeline else {}
    for name, step in steps.items():
        where: Keys = ("pipeline", "steps", name)
        yield from _script(experiment, (*where, "script"), step.script)
        owned = (experiment.scripts / step.script).is_file()
        yield from _files(experiment, (*where, "files"), step.files, owned=owned)
        for key, items in step.inputs.items():
            for number, item in enumerate(items):
                at = (*where, "inputs", key, number)
                place = at if experiment.origin.has(*at) else at[:-1]
                yield from _input(experiment, place, item)
    for name, candidate in experiment.train.candidates.items():
        yield from _module(experiment, ("train", "candidates", name, "model"), candidate.model)
        at = ("train", "candidates", name, "files")
        yield from _files(experiment, at, candidate.files, owned=":" in candidate.model)
        yield from _members(
            experiment, ("train", "candidates", name, "params", "members"), candidate.params
        )
    scripts = [experiment.scripts / step.script for step in steps.values()]
    modules = [_file_of(experiment, one.model) for one in experiment.train.candidates.values()]
    own = [path for path in dict.fromkeys([*scripts, *modules]) if path.suffix == ".py"]
    yield from python.check(path for path in own if os.path.isfile(path))  # noqa: PTH113


def _script(experiment: Experiment, where: Keys, name: str) -> Iterator[Problem]:
    path = experiment.scripts / name
    if os.path.isfile(path):  # noqa: PTH113  never raises
        if not name.endswith(".py"):
            yield experiment.origin.problem(where, f"{name!r} is no Python script: it ends in .py")
        return
    shipped = [path.name for path in payload.folder("steps").glob("[!_]*.py")]
    if name in shipped:
        return
    near = [other.name for other in _listed(experiment.scripts) if other.suffix == ".py"]
    hint = nearest(name, [*near, *shipped])
    hint = hint or (f"there are: {', '.join(sorted(near))}" if near else "")
    message = f"there is no script {name!r} in {shown(experiment.scripts)}"
    yield experiment.origin.problem(where, message, hint)


def _files(
    experiment: Experiment, where: Keys, texts: Sequence[str], *, owned: bool
) -> Iterator[Problem]:
    """Yield declared files that are not there, or that nothing of the user's own can read."""
    for number, text in enumerate(texts):
        place = (*where, number) if experiment.origin.has(*where, number) else where
        if not owned:
            message = f"files belong to a script or a class of your own, and {where[-2]!r} has none"
            yield experiment.origin.problem(place, message)
        elif not code.matching([code.pattern(experiment.scripts, text)]):
            near = nearest(text, [path.name for path in _listed(experiment.scripts)])
            message = f"no file matches {text!r} in {shown(experiment.scripts)}"
            yield experiment.origin.problem(place, message, near)


def _input(experiment: Experiment, where: Keys, item: str) -> Iterator[Problem]:
    steps = experiment.pipeline.steps if experiment.pipeline else {}
    if URI.match(item) or item.partition(".")[0] in steps or os.path.exists(item):  # noqa: PTH110
        return
    path = Path(item)
    made = [f"{name}.{output}" for name, step in steps.items() for output in step.outputs]
    near = nearest(path.name, [*made, *(other.name for other in _listed(path.parent))])
    message = f"there is no file {shown(path)}, and no step makes {path.name!r}"
    yield experiment.origin.problem(where, message, near)


def _members(experiment: Experiment, where: Keys, params: Mapping[str, Any]) -> Iterator[Problem]:
    members = params.get("members")
    for number, member in enumerate(members if isinstance(members, list) else ()):
        if isinstance(member, Mapping):
            yield from _module(experiment, (*where, number, "model"), str(member.get("model")))
        else:
            yield from _module(experiment, (*where, number), str(member))


def _module(experiment: Experiment, where: Keys, model: str) -> Iterator[Problem]:
    module, colon, name = model.partition(":")
    parts = module.split(".")
    if not colon or not all(map(str.isidentifier, [*parts, name])):
        return  # a family, or said to be wrong already
    if _file_of(experiment, model).is_file() or find_spec(parts[0]):
        return
    near = [other.stem for other in _listed(experiment.scripts) if other.suffix == ".py"]
    message = f"there is no module {module!r}: neither in {shown(experiment.scripts)} nor installed"
    yield experiment.origin.problem(where, message, nearest(module, near))


def _file_of(experiment: Experiment, model: str) -> Path:
    return experiment.scripts / f"{model.partition(':')[0]}.py"


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except (OSError, ValueError):
        return []
