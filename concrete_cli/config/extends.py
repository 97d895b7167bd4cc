"""`extends = "base.toml"`: an experiment that says only what differs from another one.

Tables are merged, everything else is replaced. What the base has too much is named by
`extends = { file = "base.toml", without = ["train.candidates"] }`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

from concrete_cli.config.origin import Layer, holds
from concrete_cli.config.overrides import dotted
from concrete_cli.config.read import read
from concrete_cli.errors import ExperimentInvalid, NotFound, nearest

EXPECTED = 'extends: expected a file, or { file = "base.toml", without = ["train.candidates"] }'
SCHEMA = {
    "description": "An experiment that this one is like; only what differs is written here.",
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "properties": {
                "file": {"type": "string", "description": "Relative to this file."},
                "without": {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": "Tables and keys of the base that are left out.",
                },
            },
            "required": ["file"],
            "additionalProperties": False,
        },
    ],
}


def chain(path: Path) -> tuple[dict[str, Any], list[Layer]]:
    """Return the merged data and the files it came from, the base first."""
    data: dict[str, Any] = {}
    layers: list[Layer] = []
    for layer, without in reversed(_files(path)):
        for number, keys in enumerate(without):
            if not holds(data, keys):
                place = ("extends", "without", number)
                known = [".".join(above) for above in _tables(data)]
                help_ = nearest(".".join(keys), known) or f"there are: {', '.join(known[:12])}"
                problem = layer.problem(place, f"the base has no {'.'.join(keys)}", help_)
                raise ExperimentInvalid([problem])
            _remove(data, keys)
            layers = [_without(base, keys) for base in layers]
        layers.append(layer)
        merge(data, deepcopy(dict(layer.data)))
    data.pop("extends", None)
    return data, layers


def merge(below: dict[str, Any], above: dict[str, Any]) -> None:
    """Lay `above` over `below`: tables are merged, anything else is replaced."""
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(below.get(key), dict):
            merge(below[key], value)
        else:
            below[key] = value


def _files(path: Path) -> list[tuple[Layer, list[tuple[str, ...]]]]:
    """Return each file and what it leaves out of its base; the given file first."""
    files: list[tuple[Layer, list[tuple[str, ...]]]] = []
    seen: list[str] = []
    while True:
        try:
            layer = read(path)
        except NotFound as error:
            if not files:
                raise
            problem = files[-1][0].problem(("extends",), f"extends: {error}", error.help)
            raise ExperimentInvalid([problem]) from None
        seen.append(os.path.realpath(path))
        base, without = _extends(layer)
        files.append((layer, without))
        if not base:
            return files
        path = path.parent / os.path.expanduser(base)  # noqa: PTH111  never raises
        if os.path.realpath(path) in seen:
            cycle = " -> ".join([*(Path(one).name for one in seen), path.name])
            raise ExperimentInvalid([layer.problem(("extends",), f"extends in a circle: {cycle}")])


def _extends(layer: Layer) -> tuple[str, list[tuple[str, ...]]]:
    given = layer.data.get("extends", "")
    table: dict[str, Any] = given if isinstance(given, dict) else {"file": given}
    if "extends" not in layer.data:
        return "", []
    file, without = table.get("file"), table.get("without", [])
    problems = [
        layer.problem(("extends", key), f"unknown key {key!r} in extends", EXPECTED, at_key=True)
        for key in table
        if key not in ("file", "without")
    ]
    if not isinstance(file, str) or not file.strip() or "\0" in file:
        problems.append(layer.problem(("extends",), EXPECTED))
    keys: list[tuple[str, ...]] = []
    for number, text in enumerate(without if isinstance(without, list) else [without]):
        keys.append(dotted(text) if isinstance(text, str) else ())
        if not keys[-1]:
            place = ("extends", "without", number)
            problems.append(layer.problem(place, "expected a dotted key", "such as train.folds"))
    if problems:
        raise ExperimentInvalid(problems)
    return str(file), keys


def _tables(data: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in data.items():
        yield (*above, key)
        if isinstance(value, dict):
            yield from _tables(value, (*above, key))


def _without(layer: Layer, keys: tuple[str, ...]) -> Layer:
    data = deepcopy(dict(layer.data))
    if holds(data, keys):
        _remove(data, keys)
    return replace(layer, data=data)


def _remove(data: dict[str, Any], keys: tuple[str, ...]) -> None:
    for key in keys[:-1]:
        data = data[key]
    del data[keys[-1]]
