"""Where each effective value of an experiment comes from: `concrete check --origins`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from concrete_cli.config.experiment import Experiment
from concrete_cli.config.origin import Keys, Layer, Origin
from concrete_cli.config.words import dotted
from concrete_cli.sources import urls

DEFAULT, FILE, EXTENDS, SET, ENVIRONMENT = "default", "file", "extends", "--set", "environment"


def of(experiment: Experiment, by_variable: str = "") -> list[dict[str, Any]]:
    """Return key, value, origin and place (file:line) of each value, in the order of its tables.

    Secrets in URLs are hidden. The value of what is not set and has no default is None.
    `by_variable` is the environment variable that has given what --set would, if one has.
    """
    origin = experiment.origin
    rows = []
    for keys, value in _values(_effective(experiment, origin.data), ()):
        layer = origin.blamed(keys)
        kind = _kind(origin, layer)
        place = _place(layer, keys)
        if kind == SET and by_variable:
            kind, place = ENVIRONMENT, by_variable
        rows.append(
            {
                "key": dotted(keys),
                "value": urls.without_secrets(_plain(value)),
                "origin": kind,
                "place": place,
            }
        )
    return rows


def _effective(model: BaseModel, written: Any) -> dict[str, Any]:
    """Return the values of a table: as they were written, and the defaults of the others."""
    found: dict[str, Any] = {}
    given = written if isinstance(written, Mapping) else {}
    for name, field in type(model).model_fields.items():
        key = field.alias or name
        value = getattr(model, name)
        if isinstance(value, BaseModel) and (key in given or not isinstance(given.get(key), str)):
            as_text = key in given and not isinstance(given[key], Mapping)
            found[key] = given[key] if as_text else _effective(value, given.get(key))
        elif key in given and not _tables(value):
            found[key] = given[key]
        elif _tables(value):
            inner = given.get(key, {})
            found[key] = {one: _effective(part, inner.get(one)) for one, part in value.items()}
        else:
            found[key] = value
    return found


def _tables(value: Any) -> bool:
    return isinstance(value, Mapping) and any(isinstance(one, BaseModel) for one in value.values())


def _values(table: Mapping[str, Any], above: Keys) -> Iterator[tuple[Keys, Any]]:
    for key, value in table.items():
        if isinstance(value, Mapping) and value:
            yield from _values(value, (*above, key))
        else:
            yield (*above, key), value


def _kind(origin: Origin, layer: Layer | None) -> str:
    if layer is None:
        return DEFAULT
    if not layer.folder:
        return SET
    files = [one for one in origin.layers if one.folder]
    return FILE if layer is files[-1] else EXTENDS


def _place(layer: Layer | None, keys: Keys) -> str:
    if layer is None:
        return ""
    return layer.problem(keys, "").place if layer.folder else layer.name


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: dates are texts there."""
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value if isinstance(value, str | bool | int | float | dict | None) else str(value)
