"""`[features]`: the expressions, with the character at fault."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from concrete_cli import payload
from concrete_cli.config.experiment import Experiment
from concrete_cli.config.words import dotted
from concrete_cli.errors import Problem


def check(experiment: Experiment, columns: Iterable[str] | None = None) -> Iterator[Problem]:
    """Yield what is wrong with each expression; with `columns`, only names that are none."""
    if not experiment.features:
        return
    expression = payload.module("_expression")
    known = None if columns is None else [*columns, *experiment.features]
    good: dict[str, str] = {}
    for name, text in experiment.features.items():
        try:
            parsed = expression.parse(text, known)
        except expression.ExpressionError as error:
            yield _problem(experiment, name, error)
            continue
        good[name] = text
        if known is None and not parsed.columns:
            message = f"{dotted(('features', name))} reads no column: it is constant"
            yield experiment.origin.problem(("features", name), message, "take it out")
        if known is None:
            yield from _forbidden(experiment, name, parsed.columns)
    if known is None:
        try:
            expression.parse_all(good)
        except expression.ExpressionError as error:  # features that wait for each other
            yield _problem(experiment, error.feature, error)


def _forbidden(experiment: Experiment, name: str, columns: Iterable[str]) -> Iterator[Problem]:
    data, where = experiment.data, ("features", name)
    for column in columns:
        inside = max(0, experiment.features[name].find(column))
        if column == data.target:
            message = f"{dotted(where)} reads the target {column!r}"
            why = "it would not be known for new rows"
        elif column in data.drop:
            message = f"{dotted(where)} reads {column!r}, which is dropped"
            why = "take it out of data.drop; a column of data.drop is not used at all"
        else:
            continue
        yield experiment.origin.problem(where, message, why, inside=inside)


def _problem(experiment: Experiment, name: str, error: Exception) -> Problem:
    where, said = ("features", name), vars(error)
    message = f"{dotted(where)}: {said['message']}"
    return experiment.origin.problem(where, message, said["help"], inside=said["offset"])
