"""What an experiment may hold: the keys, choices and descriptions of each table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from concrete_cli.config.experiment import Experiment
from concrete_cli.config.extends import SCHEMA as EXTENDS
from concrete_cli.config.origin import Keys

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Part = Mapping[str, Any]


@cache
def schema() -> dict[str, Any]:
    """Return the JSON Schema of an experiment, for editors: `#:schema PATH` in the file."""
    made: dict[str, Any] = _tidy(Experiment.model_json_schema(by_alias=True))
    made["properties"] = {"extends": EXTENDS, **made["properties"]}
    del made["required"]
    made["anyOf"] = [
        {"required": ["extends"]},
        {"required": ["experiment", "data", "train"]},
        {"required": ["experiment", "pipeline"]},
    ]
    return {"$schema": DIALECT, **made}


def keys(above: Keys) -> list[str]:
    """Return the known keys of the table at `above`."""
    return list(_at(above).get("properties", ()))


def description(at: Keys) -> str:
    """Return what the key at `at` is for, as its model says."""
    own = _at(at[:-1]).get("properties", {}).get(at[-1], {}) if at else {}
    return str(own.get("description", ""))


@cache
def paths() -> tuple[Keys, ...]:
    """Return every path of keys that is fixed: those below a name of the user's own are not."""
    return tuple(_paths(schema(), ()))


def knows(path: Keys) -> bool:
    """Whether an experiment may have a value there."""
    return all(_inside(_at(path[:length]), key) is not None for length, key in enumerate(path))


def _paths(part: Part, above: Keys) -> Iterator[Keys]:
    for name, below in part.get("properties", {}).items():
        yield (*above, name)
        yield from _paths(_resolved(below), (*above, name))


def _at(at: Keys) -> Part:
    found: Part = schema()
    for key in at:
        found = _inside(found, key) or {}
    return found


def _inside(part: Part, key: str | int) -> Part | None:
    """Return what `part` says of one key or item; None where it cannot be."""
    if isinstance(key, int):
        return _resolved(part.get("items", {}))
    free = [*part.get("patternProperties", {}).values(), part.get("additionalProperties", {})]
    inside = part.get("properties", {}).get(key, free[0])
    if isinstance(inside, bool):
        return {} if inside else None
    return _resolved(inside)


def _resolved(part: Part) -> Part:
    """Follow a reference, also where it is one of two ways of writing."""
    for option in (part, *part.get("anyOf", ())):
        if "$ref" in option:
            found: Part = schema()["$defs"][option["$ref"].rpartition("/")[2]]
            return found
    return part


def _tidy(part: Any, *, names: bool = False) -> Any:
    """Leave out what TOML does not have (null) and the titles that only repeat names."""
    if isinstance(part, list):
        return [_tidy(below) for below in part]
    if not isinstance(part, dict):
        return part
    if names:  # its keys are names of properties or definitions, not words of JSON Schema
        return {name: _tidy(below) for name, below in part.items()}
    inner = ("properties", "patternProperties", "$defs")
    noise = {"title"} if "$defs" not in part else set()
    if part.get("default", 0) is None:
        noise.add("default")
    made = {
        word: _tidy(below, names=word in inner) for word, below in part.items() if word not in noise
    }
    if "patternProperties" in made:
        made["additionalProperties"] = False
    options = made.get("anyOf", [])
    if {"type": "null"} in options:
        options.remove({"type": "null"})
        if len(options) == 1:
            del made["anyOf"]
            made = {**options[0], **made}
    return made
