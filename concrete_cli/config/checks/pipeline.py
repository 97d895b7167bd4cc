"""`[pipeline.steps.NAME]`: what the steps take from each other."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from concrete_cli.config.checks.models import not_plain
from concrete_cli.config.experiment import Experiment
from concrete_cli.config.origin import Keys
from concrete_cli.config.pipeline import PipelineStep
from concrete_cli.errors import Problem, nearest


def check(experiment: Experiment) -> Iterator[Problem]:
    """Yield outputs that nobody makes, names used twice, and steps that wait in a circle."""
    if experiment.pipeline is None:
        return
    steps = experiment.pipeline.steps
    written = experiment.origin.names("pipeline", "steps")
    for name, step in steps.items():
        where: Keys = ("pipeline", "steps", name)
        yield from not_plain(experiment, (*where, "params"), step.params)
        yield from _twice(experiment, where, step)
        for number, other in enumerate(step.after):
            if other not in written:
                yield _no_step(experiment, (*where, "after", number), other, written)
    yield from _inputs(experiment)
    yield from _circle(experiment)


def needs(step: PipelineStep, names: list[str]) -> list[str]:
    """Return the steps among `names` that must be done before `step`."""
    items = [item for items in step.inputs.values() for item in items]
    before = [item.partition(".")[0] for item in items]
    return [name for name in (*before, *step.after) if name in names]


def _inputs(experiment: Experiment) -> Iterator[Problem]:
    steps = experiment.pipeline.steps if experiment.pipeline else {}
    for name, step in steps.items():
        for key, items in step.inputs.items():
            for number, item in enumerate(items):
                where: Keys = ("pipeline", "steps", name, "inputs", key)
                if experiment.origin.has(*where, number):
                    where = (*where, number)
                maker, _, output = item.partition(".")
                if maker in steps and output not in steps[maker].outputs:
                    known = [f"{maker}.{one}" for one in steps[maker].outputs]
                    hint = nearest(item, known) or f"it makes: {', '.join(known) or 'nothing'}"
                    message = f"step {maker!r} makes no output {output!r}"
                    yield experiment.origin.problem(where, message, hint)


def _twice(experiment: Experiment, where: Keys, step: PipelineStep) -> Iterator[Problem]:
    seen: set[str] = set()
    for table in ("params", "inputs", "outputs"):
        for name in getattr(step, table):
            if name in seen:
                message = f"{name!r} is a parameter, input or output already"
                yield experiment.origin.problem((*where, table, name), message, at_key=True)
            seen.add(name)


def _circle(experiment: Experiment) -> Iterator[Problem]:
    steps = experiment.pipeline.steps if experiment.pipeline else {}
    graph = {name: needs(step, list(steps)) for name, step in steps.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = [str(name) for name in error.args[1]]
        message = f"steps wait for each other: {' -> '.join(circle)}"
        yield experiment.origin.problem(("pipeline", "steps", circle[0]), message, at_key=True)


def _no_step(experiment: Experiment, where: Keys, name: str, known: list[str]) -> Problem:
    hint = nearest(name, known) or f"the steps are: {', '.join(known)}"
    return experiment.origin.problem(where, f"no step is called {name!r}", hint)
