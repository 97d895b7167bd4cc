"""What a call of a published plan may give: read from a request, put into the plan."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from concrete_cli.errors import ExperimentInvalid, Problem
from concrete_cli.plan import Plan, Step

SHOWN = 60  # characters of a value
LARGEST = 1e300  # of a number


class Refusal(Exception):
    """A request that is not carried out: a status, and a line for whoever sent it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def open_parameters(plan: Plan, wanted: Iterable[str]) -> dict[str, tuple[str, str, str]]:
    """Return step, parameter and default of what a call may give, by the name that it gives.

    `wanted` are names, NAME or STEP.NAME; a call says STEP_NAME for the latter, as in the cloud.
    """
    found: dict[str, tuple[str, str, str]] = {}
    for text in wanted:
        before = len(found)
        for step in plan.steps:
            for name, value in step.params.items():
                if text in (name, f"{step.name}.{name}"):
                    known = f"{step.name}_{name}"
                    shown = value if isinstance(value, str) else json.dumps(value)
                    found[known] = (step.name, name, shown)
        if len(found) == before:
            known_names = sorted({name for step in plan.steps for name in step.params})
            raise ExperimentInvalid(
                [
                    Problem(
                        f"[backend.local] parameters: no step has a parameter {text!r}",
                        help=f"there are: {', '.join(known_names)}",
                    )
                ]
            )
    return found


def given_in(raw: bytes) -> dict[str, str]:
    """Return the parameters in the body of a request, in the words of the SDK v1 or of v2."""
    document = _parsed(raw) if raw.strip() else {}
    if not isinstance(document, dict):
        raise Refusal(400, 'the body is no object: {"ParameterAssignments": {"NAME": "VALUE"}}')
    found = document.get("ParameterAssignments") or {}
    properties = document.get("properties") or {}
    data = properties.get("InputData") if isinstance(properties, dict) else None
    if not isinstance(found, dict) or not isinstance(data or {}, dict):
        raise Refusal(400, "parameters are an object: name and value")
    given = dict(found)
    for name, entry in (data or {}).items():
        if not isinstance(entry, dict) or "Value" not in entry:
            raise Refusal(400, f"{name}: only a value can be given here, no data")
        given[name] = entry["Value"]
    texts = {name: value if isinstance(value, str) else json.dumps(value)
             for name, value in given.items()}  # fmt: skip
    for name, text in texts.items():
        if not _can_be_an_argument(text):
            raise Refusal(400, f"{name!r}: a text with characters that no argument can hold")
    return texts


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise Refusal(400, "the body is not JSON") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):  # which one would count?
        raise Refusal(400, "the body holds a key twice")
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _can_be_an_argument(text: str) -> bool:
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def changed(whole: Plan, given: Mapping[str, str], wanted: list[str]) -> Plan:
    """Return the plan with other parameters."""
    known = open_parameters(whole, wanted)
    changes: dict[str, dict[str, Any]] = {}
    for name, text in given.items():
        places = [place for key, place in known.items() if name in (key, f"{place[0]}.{place[1]}")]
        places = places or [place for place in known.values() if name == place[1]]
        if not places:
            there = ", ".join(known) or "none; see [backend.local] parameters"
            raise Refusal(400, f"no parameter {name!r} can be given; there are: {there}")
        for step, parameter, _ in places:
            before = whole.step(step).params[parameter]
            changes.setdefault(step, {})[parameter] = _like(before, text, name)
    steps = tuple(_step(step, changes.get(step.name, {})) for step in whole.steps)
    return Plan(whole.name, steps, whole.publishes)


def _step(step: Step, params: Mapping[str, Any]) -> Step:
    return replace(step, params={**step.params, **params})


def _like(before: Any, text: str, name: str) -> Any:
    """Return a value of the same kind as the one that it takes the place of."""
    if isinstance(before, str):
        return text
    message = f"{name}: {text[:SHOWN]!r} is not of the kind of {json.dumps(before)}"
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise Refusal(400, message) from None
    numbers = all(
        isinstance(one, int | float) and not isinstance(one, bool) for one in (before, value)
    )
    if not numbers and type(value) is not type(before):
        raise Refusal(400, message)
    if numbers and abs(value) > LARGEST:  # 1e999 is read as infinite
        raise Refusal(400, message)
    return value
