"""finetune: tune_<i> -> select -> evaluate -> register, from what a train run has selected."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from concrete_cli import payload
from concrete_cli.errors import ExperimentInvalid
from concrete_cli.plan import Output, Plan, Source, Step
from concrete_cli.workflows.settings import settled
from concrete_cli.workflows.train import COVERAGE, carried, evaluate, own_files, own_modules

if TYPE_CHECKING:
    from concrete_cli.config import Experiment


@dataclass(frozen=True)
class Start:
    """What finetune starts from: a train run, and the model that it selected.

    `slots` is how many steps run at once, 0 if nobody knows. `rival` says that the alias of
    `[register] better_than` stands for a version. `shares` are the numbers of trials that shards
    came to in a run that is to be repeated; without it they go on to the end of the budget.
    """

    run: str
    candidate: str
    model: str
    params: Mapping[str, Any] = field(default_factory=dict)
    slots: int = 0
    rival: bool = False
    shares: tuple[int, ...] = ()


def finetune(experiment: Experiment, start: Start) -> Plan:
    """Return the plan that tunes a model, tests it and registers it."""
    families = payload.module("_families")
    modules = own_modules(experiment) if _is_own(start) else ()
    libraries = families.modules(start.model, start.params)
    files = own_files(experiment, start.candidate)
    shards = [*_shards(experiment, start, modules, libraries)]
    select = Step(
        "select",
        "adopt.py",
        inputs={
            "train": _of(start, "split.train"),
            "untuned": _of(start, "select.model"),
            "board": _of(start, "select.leaderboard"),
            "tried": tuple(Output(shard.name, "tried") for shard in shards),
        },
        outputs=(Output("select", "model"), Output("select", "leaderboard")),
        params={
            "metric": experiment.train.metric,
            "seed": experiment.experiment.seed,
            "coverage": COVERAGE,
            "average": experiment.finetune.average or 1,
            **carried(experiment, files),
        },
        modules=modules,
        libraries=libraries,
        files=files,
    )
    tested = evaluate(experiment, _of(start, "split.test"), modules, libraries)
    steps = [*shards, select, tested]
    publishes = {}
    if experiment.register_:
        steps.append(_register(experiment, start, modules, libraries))
        publishes = {experiment.register_.name: Output("register", "model")}
    return Plan("finetune", tuple(settled(experiment, step) for step in steps), publishes)


def _shards(
    experiment: Experiment, start: Start, modules: tuple[str, ...], libraries: tuple[str, ...]
) -> Iterator[Step]:
    """Yield the steps that share the trials."""
    tuning = experiment.finetune
    count = min(tuning.workers or start.slots or 1, tuning.trials)
    if start.shares:
        count = len(start.shares)
    stop = tuning.early_stop
    slack = {"slack_factor": stop.slack_factor, "slack_amount": stop.slack_amount}
    needed = {"bayesian": "optuna", "sobol": "scipy.stats.qmc"}.get(tuning.sampling)
    # Shards that have to wait for each other share the time as well.
    rounds = math.ceil(count / start.slots) if start.slots else 1
    for number in range(count):
        limit: dict[str, Any] = {"trials": tuning.trials}
        if start.shares:
            limit["trials"] = number + count * start.shares[number]
        elif tuning.budget is not None:
            limit["budget"] = tuning.budget / rounds
        yield Step(
            f"tune_{number}",
            "tune.py",
            inputs={"train": _of(start, "split.train"), "untuned": _of(start, "select.model")},
            outputs=(Output(f"tune_{number}", "tried"),),
            params={
                "space": _space(experiment, start),
                "sampling": tuning.sampling,
                "early_stop": {"policy": stop.policy}
                | {name: value for name, value in slack.items() if value is not None},
                "metric": experiment.train.metric,
                "seed": experiment.experiment.seed,
                "shard": number,
                "shards": count,
                **limit,
            },
            modules=modules,
            files=own_files(experiment, start.candidate),
            libraries=(*libraries, needed) if needed else libraries,
        )


def _space(experiment: Experiment, start: Start) -> dict[str, Any]:
    """Return what the experiment says is searched, else what suits the family."""
    said = experiment.finetune.space.get(start.candidate)
    if said:
        return {name: search.document() for name, search in said.items()}
    found: dict[str, Any] = payload.module("_spaces").space(start.model, start.params)
    if not found:
        message = f"nobody knows what to search of {start.model}, the candidate {start.candidate}"
        where = ("finetune", "space", start.candidate)
        hint = f"say it in [finetune.space.{start.candidate}]"
        raise ExperimentInvalid([experiment.origin.problem(where, message, hint)])
    return found


def _register(
    experiment: Experiment, start: Start, modules: tuple[str, ...], libraries: tuple[str, ...]
) -> Step:
    """Return the step that asks the gates and leaves the bundle."""
    said = experiment.register_
    assert said  # the caller has looked
    rules = {metric: f"{rule.operator} {rule.value!r}" for metric, rule in said.require.items()}
    rival = f"model:{said.name}@{said.better_than}"
    return Step(
        "register",
        "register.py",
        inputs={
            "candidate": Output("select", "model"),
            "report": Output("evaluate", "report"),
            "train": _of(start, "split.train"),
            "test": _of(start, "split.test"),
            **({"rival": Source(rival)} if start.rival and said.better_than else {}),
        },
        outputs=(Output("register", "model"), Output("register", "gates", mode="mount")),
        params={
            "name": said.name,
            "require": rules,
            "better_than": said.better_than or "",
            "metric": experiment.train.metric,
            "about": {
                "experiment": experiment.experiment.name,
                "group_by": list(experiment.split.group_by),
            },
        },
        modules=modules,
        libraries=libraries,
    )


def _of(start: Start, output: str) -> Source:
    return Source(f"run:{start.run}/{output}")


def _is_own(start: Start) -> bool:
    members = start.params.get("members", [])
    models = [start.model, *(member["model"] for member in members if not isinstance(member, str))]
    return any(":" in model for model in models)
