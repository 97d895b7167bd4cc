"""What pydantic found, in the words of the person who wrote the file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from datetime import date, time
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from concrete_cli.config import outline, suggest
from concrete_cli.config.experiment import Experiment
from concrete_cli.config.origin import MOST, Keys, Origin, holds
from concrete_cli.config.words import dotted, got
from concrete_cli.errors import Problem, nearest

EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "list_type": "a list",
    "finite_number": "a finite number",
    "literal_error": "{expected}",
    "greater_than": "a number above {gt:.12g}",
    "greater_than_equal": "a number of at least {ge:.12g}",
    "less_than": "a number below {lt:.12g}",
    "less_than_equal": "a number of at most {le:.12g}",
    "too_short": "at least {min_length}",
}
STUB = {"name": "unknown"}
ROUNDS = 5


def problems_of(error: ValidationError, origin: Origin) -> list[Problem]:
    """Return each of pydantic's errors with its place, what was expected and what was got."""
    details = error.errors(include_url=False)[:MOST]
    misspelt = {
        (*keys[:-1], meant)
        for keys in (_keys(detail) for detail in details if detail["type"] == "extra_forbidden")
        for meant in suggest.meant(keys)
    }
    return [
        problem
        for detail in details
        if detail["type"] != "missing" or _keys(detail) not in misspelt
        for problem in _problems(detail, origin)
    ]


def partial(data: dict[str, Any]) -> Experiment:
    """Return an experiment of what is valid in `data`, so that the rest can be checked, too."""
    data = deepcopy(data)
    for _ in range(ROUNDS):
        try:
            return Experiment.model_validate(data)
        except ValidationError as error:
            places = {_keys(detail) for detail in error.errors(include_url=False)}
        for keys in sorted(places, key=_backwards, reverse=True):
            _prune(data, keys)
        if not isinstance(data.get("experiment"), dict) or "name" not in data["experiment"]:
            data["experiment"] = STUB
    return Experiment.model_validate({"experiment": STUB})


def _keys(detail: ErrorDetails) -> Keys:
    return tuple(key for key in detail["loc"] if key != "[key]")


def _problems(detail: ErrorDetails, origin: Origin) -> Iterator[Problem]:
    keys, kind = _keys(detail), detail["type"]
    if kind == "missing":
        yield _missing(keys, origin)
    elif kind == "extra_forbidden":
        yield from _unknown(keys, origin)
    else:
        yield _wrong(detail, origin)


def _wrong(detail: ErrorDetails, origin: Origin) -> Problem:
    keys, kind = _keys(detail), detail["type"]
    context = detail.get("ctx", {})
    wrong = context.get("error")
    expected = EXPECTED.get(kind, "something else").format(**context)
    message = str(wrong) if wrong else f"expected {expected}"
    help_ = getattr(wrong, "help", "") or _advice(detail, keys)
    if "[key]" in detail["loc"]:
        return origin.problem(keys, f"{dotted(keys)}: {message}", help_, at_key=True)
    return origin.problem(keys, f"{dotted(keys)}: {got(message, detail['input'])}", help_)


def _advice(detail: ErrorDetails, keys: Keys) -> str:
    value, kind = detail["input"], detail["type"]
    advice = ""
    if kind == "literal_error":
        advice = nearest(str(value), re.findall(r"'([^']*)'", detail["ctx"]["expected"]))
    elif isinstance(value, str) and kind == "list_type":
        advice = f"write [{json.dumps(value, ensure_ascii=False)}]"
    elif isinstance(value, str) and _plain(value, kind):
        advice = f"write {value.strip().lower()}, without quotes"
    elif kind == "string_type" and isinstance(value, int | float | date | time):
        advice = "text needs quotes"
    return advice or outline.description(keys)


def _plain(text: str, kind: str) -> bool:
    """Whether a text would be right without its quotes."""
    text = text.strip().lower()
    if kind == "bool_type":
        return text in ("true", "false")
    try:
        return bool({"int_type": int, "float_type": float}[kind](text) or True)
    except (KeyError, ValueError):
        return False


def _missing(keys: Keys, origin: Origin) -> Problem:
    *above, name = keys
    what = outline.description(keys)
    if not above:
        return origin.problem(keys, f"the table [{name}] is missing", "with a name and a seed")
    where = tuple(above)
    help_ = suggest.sibling(where, origin) or (f"{name}: {what}" if what else "")
    return origin.problem(keys, f"[{dotted(where)}] lacks {name!r}", help_)


def _unknown(keys: Keys, origin: Origin) -> Iterator[Problem]:
    *above, name = keys
    message = f"unknown key {name!r} {f'in [{dotted(tuple(above))}]' if above else 'at the top'}"
    for layer in origin.layers:
        if holds(layer.data, keys):
            if not above and isinstance(layer.data[str(name)], dict):
                message = f"unknown table [{dotted(keys)}]"
            help_ = suggest.key(keys, origin, layer)
            if keys == ("extends",):  # taken out of files when they are read
                message, help_ = "extends cannot be set", "write it into the experiment"
            yield layer.problem(keys, message, help_, at_key=True)


def _backwards(keys: Keys) -> list[tuple[int, str, int]]:
    """Sort deeper and later places first, so that removing one does not move another."""
    return [(1, "", key) if isinstance(key, int) else (0, key, 0) for key in keys]


def _prune(data: Any, keys: Keys) -> None:
    """Remove the value at `keys`, or the table that lacks it."""
    if not holds(data, keys):
        keys = keys[:-1]
    if not keys or not holds(data, keys):
        return
    for key in keys[:-1]:
        data = data[key]
    del data[keys[-1]]
