"""Reading an experiment: the file, what it extends, --set, and every problem at once."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from concrete_cli.config import overrides
from concrete_cli.config.checks import checked
from concrete_cli.config.experiment import Experiment
from concrete_cli.config.extends import chain
from concrete_cli.config.origin import MOST, Layer, Origin
from concrete_cli.config.paths import resolve
from concrete_cli.errors import ExperimentInvalid, Problem


def load(path: str | Path, sets: Iterable[str] = (), *, files: bool = False) -> Experiment:
    """Read the experiment at `path`, changed by `sets` ("a.b=1").

    With `files`, look also at what it names: the header of the data, scripts, modules. What a run
    has recorded can be read without, when those are long gone.

    ExperimentInvalid holds every problem; NotFound says that there is no such file.
    """
    sets = tuple(sets)
    file = Path(path).absolute()
    data, layers = chain(file)
    problems = _override(data, layers, sets)
    resolve(data, layers)
    origin = Origin(file, tuple(layers), data, sets)
    try:
        experiment = Experiment.model_validate(data)
    except ValidationError as error:
        from concrete_cli.config.problems import partial, problems_of

        problems += problems_of(error, origin)
        experiment = partial(data)
    experiment._origin = origin  # noqa: SLF001  it is not a value of the experiment
    problems += checked(experiment)
    if files:
        problems += check_files(experiment)
    if problems:
        raise ExperimentInvalid(_first(problems, layers))
    return experiment


def schema() -> dict[str, Any]:
    """Return the JSON Schema of an experiment, for editors: `#:schema PATH` in the file."""
    from concrete_cli.config import outline

    return outline.schema()


def check_files(experiment: Experiment) -> list[Problem]:
    """Return what is wrong with the files that it names, as far as a quick look tells."""
    from concrete_cli.config import header
    from concrete_cli.config.checks import scripts

    return [*header.check_data(experiment), *islice(scripts.check(experiment), MOST)]


def _override(data: dict[str, Any], layers: list[Layer], sets: Iterable[str]) -> list[Problem]:
    problems: list[Problem] = []
    for argument in sets:
        try:
            layer = overrides.read(argument)
        except ExperimentInvalid as error:
            problems += error.problems
        else:
            overrides.assign(data, layer)
            layers.append(layer)
    return problems


def _first(problems: Iterable[Problem], layers: list[Layer]) -> list[Problem]:
    """The experiment's own first, then what it extends, then --set; the same problem once."""
    files = [layer.name for layer in reversed(layers) if layer.folder]
    order = {name: number for number, name in enumerate(files)}
    ordered = sorted(
        dict.fromkeys(problems),
        key=lambda one: (order.get(one.file, len(order)), one.line, one.column),
    )
    more = [Problem(f"these are {MOST} problems; there are more")] if ordered[MOST:] else []
    return [*ordered[:MOST], *more]
