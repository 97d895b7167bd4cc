"""Families and their parameters, where candidates, voting members and spaces name them."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from concrete_cli import payload
from concrete_cli.config.experiment import Experiment
from concrete_cli.config.origin import Keys
from concrete_cli.config.words import dotted, got
from concrete_cli.errors import Problem, nearest

ENUMERABLE = ("choice", "quniform", "randint")


def check(experiment: Experiment) -> Iterator[Problem]:
    """Yield unknown families and parameters, and spaces that cannot be searched."""
    for name, candidate in experiment.train.candidates.items():
        where: Keys = ("train", "candidates", name)
        yield from _family(experiment, (*where, "model"), candidate.model)
        params = (*where, "params")
        yield from not_plain(experiment, params, candidate.params)
        yield from _parameters(experiment, params, candidate.model, candidate.params)
        if candidate.model == "voting":
            yield from _members(experiment, (*params, "members"), candidate.params)
    yield from _space(experiment)
    yield from _early_stop(experiment)


def not_plain(experiment: Experiment, where: Keys, value: object) -> Iterator[Problem]:
    """Yield the dates and infinite numbers below `where`: a script could not be given them."""
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from not_plain(experiment, (*where, key), below)
    elif isinstance(value, list):
        for number, below in enumerate(value):
            yield from not_plain(experiment, (*where, number), below)
    elif isinstance(value, float) and not math.isfinite(value):
        message = f"{dotted(where)}: {got('expected a finite number', value)}"
        yield experiment.origin.problem(where, message)
    elif not isinstance(value, str | int | float):
        expected = "expected text, a number, true, false, a list or a table"
        message = f"{dotted(where)}: {got(expected, value)}"
        yield experiment.origin.problem(where, message, "write a date or a time in quotes")


def _family(
    experiment: Experiment, where: Keys, model: str, candidates: Collection[str] = ()
) -> Iterator[Problem]:
    """A voting member, written as one word, may also be a candidate."""
    families = payload.module("_families").FAMILIES
    if ":" in model:
        module, _, name = model.partition(":")
        if not name.isidentifier() or not all(map(str.isidentifier, module.split("."))):
            message = f"{model!r} is not a class: expected module:Class"
            yield experiment.origin.problem(where, message)
    elif model not in families and model not in candidates:
        hint = nearest(model, {*families, *candidates})
        hint = hint or f"there are: {', '.join(families)}; a class of your own: module:Class"
        yield experiment.origin.problem(where, f"there is no model family {model!r}", hint)


def _parameters(
    experiment: Experiment, where: Keys, model: str, names: Mapping[str, Any]
) -> Iterator[Problem]:
    families = payload.module("_families")
    known = families.known_parameters(model) if model in families.FAMILIES else None
    for name in names:
        if known is not None and name not in known:
            hint = nearest(name, known) or f"there are: {', '.join(known)}"
            message = f"{model} has no parameter {name!r}"
            yield experiment.origin.problem((*where, name), message, hint, at_key=True)


def _members(experiment: Experiment, where: Keys, params: Mapping[str, Any]) -> Iterator[Problem]:
    members = params.get("members", [])
    if not isinstance(members, list) or (not members and "members" in params):
        yield experiment.origin.problem(where, "members: expected a list of model families")
        return
    for number, member in enumerate(members):
        yield from _member(experiment, (*where, number), member)


def _member(experiment: Experiment, where: Keys, member: object) -> Iterator[Problem]:
    """One word is a family or a candidate, a table is a family with params of its own."""
    table: Mapping[str, Any] = member if isinstance(member, Mapping) else {"model": member}
    model, given, named = table.get("model"), table.get("params", {}), table.get("name", "")
    good = isinstance(model, str) and isinstance(given, Mapping) and isinstance(named, str)
    if not good or not {*table} <= {"name", "model", "params"}:
        message = 'expected a family, a candidate, or { model = "xgboost", params = { ... } }'
        yield experiment.origin.problem(where, message)
        return
    candidates = experiment.train.candidates
    single = not isinstance(member, Mapping)
    inner = candidates[str(model)].model if single and model in candidates else str(model)
    at_model = where if single else (*where, "model")
    if inner == "voting":
        yield experiment.origin.problem(at_model, "a voting candidate cannot be a member")
        return
    names = experiment.origin.names("train", "candidates") if single else []
    yield from _family(experiment, at_model, str(model), names)
    yield from _parameters(experiment, (*where, "params"), str(model), given)


def _space(experiment: Experiment) -> Iterator[Problem]:
    problem, finetune = experiment.origin.problem, experiment.finetune
    written = experiment.origin.names("train", "candidates")
    for name, space in finetune.space.items():
        where: Keys = ("finetune", "space", name)
        if name not in written:
            hint = nearest(name, written) or f"there are: {', '.join(written)}"
            yield problem(where, f"there is no candidate {name!r}", hint, at_key=True)
        elif name in experiment.train.candidates:
            yield from _searched(experiment, where, name, space)
        for parameter, search in space.items():
            if finetune.sampling == "grid" and search.type not in ENUMERABLE:
                message = f"grid sampling cannot list the values of {search.type}(...)"
                hint = "use choice(...), quniform(...) or randint(...), or another sampling"
                yield problem((*where, parameter), message, hint)


def _searched(
    experiment: Experiment, where: Keys, name: str, space: Mapping[str, Any]
) -> Iterator[Problem]:
    """Yield parameters that the candidate does not have; voting has those of its members."""
    candidate = experiment.train.candidates[name]
    own = {key: search for key, search in space.items() if "." not in key}
    yield from _parameters(experiment, where, candidate.model, own)
    known = _of_members(experiment, candidate.params) if candidate.model == "voting" else []
    for key in space:
        if "." in key and key not in known:
            hint = nearest(key, known)
            if known and not hint:
                hint = f"such as {known[0]!r}"
            message = f"{candidate.model} has no parameter {key!r}"
            yield experiment.origin.problem((*where, key), message, hint, at_key=True)


def _of_members(experiment: Experiment, params: Mapping[str, Any]) -> list[str]:
    """Return what may be searched of the members of a voting candidate: `xgboost.max_depth`."""
    families, candidates = payload.module("_families"), experiment.train.candidates
    given = params.get("members", families.MEMBERS)
    names = [
        str(one.get("model") if isinstance(one, Mapping) else one)
        for one in (given if isinstance(given, list | tuple) else ())
    ]
    models = [candidates[one].model if one in candidates else one for one in names]
    found: list[str] = []
    for name, model, _ in payload.module("_spaces").named_members({"members": models}):
        known = (families.known_parameters(model) or ()) if model in families.FAMILIES else ()
        found += [f"{name}.{key}" for key in (*known, "weight")]
    return found


def _early_stop(experiment: Experiment) -> Iterator[Problem]:
    stop, where = experiment.finetune.early_stop, ("finetune", "early_stop")
    slack = [name for name in ("slack_factor", "slack_amount") if getattr(stop, name) is not None]
    if stop.policy == "bandit" and len(slack) != 1:
        hint = 'such as { policy = "bandit", slack_factor = 0.1 }'
        message = "bandit needs one of slack_factor and slack_amount"
        yield experiment.origin.problem(where, message, hint)
    elif stop.policy != "bandit" and slack:
        message = f"{slack[0]} belongs to the policy bandit, not {stop.policy}"
        yield experiment.origin.problem((*where, slack[0]), message, at_key=True)
