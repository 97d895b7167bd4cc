"""The columns that an experiment names, against each other and against those of the data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from concrete_cli.config.checks import features
from concrete_cli.config.experiment import Experiment
from concrete_cli.config.origin import MOST, Keys
from concrete_cli.errors import Problem, nearest

NOT_THE_TARGET = {
    "drop": "it is needed",
    "categorical": "the target of a regression is a number",
    "group_by": "rows must not be grouped by what is to be predicted",
}


def check(experiment: Experiment) -> Iterator[Problem]:
    """Yield what contradicts itself, whatever the data."""
    yield from _lists(experiment)
    yield from _ranges(experiment)
    yield from _marks(experiment)
    yield from _derived(experiment)


def check_data_columns(experiment: Experiment, columns: Iterable[str]) -> list[Problem]:
    """Return a problem for each column that the experiment names and the data does not have."""
    found = islice(_against(experiment, list(columns)), MOST)
    return sorted(found, key=lambda one: (one.file, one.line, one.column))


def _against(experiment: Experiment, known: list[str]) -> Iterator[Problem]:
    problem, there = experiment.origin.problem, frozenset(known)
    for keys, name in _named(experiment):
        if name not in there and name not in experiment.features:
            hint = nearest(name, known) or f"the columns are: {', '.join(known)}"
            at_key = keys[-1] == name
            yield problem(keys, f"the data has no column {name!r}", hint, at_key=at_key)
    for name in experiment.features:
        if name in there:
            message, hint = f"the data has a column {name!r} already", "rename the feature"
            yield problem(("features", name), message, hint, at_key=True)
    yield from features.check(experiment, known)
    data = experiment.data
    if data.target and not {*known} - {data.target, *data.drop}:
        yield problem(("data", "drop"), f"no column is left to predict {data.target!r} from")


def _lists(experiment: Experiment) -> Iterator[Problem]:
    data, problem = experiment.data, experiment.origin.problem
    for keys, names in _listed(experiment):
        seen: set[str] = set()
        for number, name in enumerate(names):
            if name == data.target:
                why = NOT_THE_TARGET[str(keys[-1])]
                yield problem((*keys, number), f"{name!r} is the target", why)
            elif name in seen:
                yield problem((*keys, number), f"{name!r} is listed twice")
            seen.add(name)
    for number, name in enumerate(data.categorical):
        if name in data.drop and name != data.target:
            message = f"{name!r} is dropped and cannot be categorical, too"
            yield problem(("data", "categorical", number), message)


def _ranges(experiment: Experiment) -> Iterator[Problem]:
    for name, column in experiment.data.columns.items():
        if column.min is not None and column.max is not None and column.min > column.max:
            message = f"min {column.min:g} is above max {column.max:g}: no value of {name!r} fits"
            yield experiment.origin.problem(("data", "columns", name, "min"), message)


def _marks(experiment: Experiment) -> Iterator[Problem]:
    """Yield where one mark is to be both the decimal one and between thousands."""
    decimal, thousands = experiment.data.decimal, experiment.data.thousands
    named = {name for one in (decimal, thousands) if isinstance(one, dict) for name in one}
    for name in (*named, ""):
        mark = decimal.get(name) if isinstance(decimal, dict) else decimal
        other = thousands.get(name) if isinstance(thousands, dict) else thousands
        if mark and mark == other:
            keys: Keys = (
                ("data", "thousands", name)
                if name and isinstance(thousands, dict)
                else ("data", "thousands")
            )
            yield experiment.origin.problem(keys, f"{mark!r} is the decimal mark as well")
            return


def _derived(experiment: Experiment) -> Iterator[Problem]:
    """Features are made inside the model: neither the split nor a check of the data knows them."""
    problem, target = experiment.origin.problem, experiment.data.target
    if target in experiment.features:
        message = f"the feature {target!r} has the name of the target"
        yield problem(("features", target), message, at_key=True)
    for keys, name in _named(experiment):
        if name in experiment.features and name != target:
            message = f"{name!r} is a feature, expected a column of the data"
            yield problem(keys, message, at_key=keys[-1] == name)


def _named(experiment: Experiment) -> Iterator[tuple[Keys, str]]:
    data, stratify = experiment.data, experiment.split.stratify
    if data.target:
        yield ("data", "target"), data.target
    for keys, names in _listed(experiment):
        yield from (((*keys, number), name) for number, name in enumerate(names))
    yield from ((("data", "columns", name), name) for name in data.columns)
    for key in ("units", "decimal", "thousands"):
        named = getattr(data, key)
        if isinstance(named, dict):
            yield from ((("data", key, name), name) for name in named)
    if stratify:
        yield ("split", "stratify", "column"), stratify.column


def _listed(experiment: Experiment) -> Iterator[tuple[Keys, list[str]]]:
    yield ("data", "drop"), experiment.data.drop
    yield ("data", "categorical"), experiment.data.categorical
    yield ("split", "group_by"), experiment.split.group_by
