"""Which values are paths, and making them absolute: they are relative to the file they stand in."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from concrete_cli.config.origin import Keys, Layer, holds

URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|(?:azureml|run|model):")


def resolve(data: dict[str, Any], layers: Sequence[Layer]) -> None:
    """Make every path in `data` absolute.

    A path given with --set is looked for from the current folder, then from the experiment's.
    """
    main = next(layer.folder for layer in reversed(layers) if layer.folder)
    _name_scripts(data, main)
    for keys in list(_paths(data)):
        holder: Any = data
        for key in keys[:-1]:
            holder = holder[key]
        text = holder[keys[-1]]
        if not isinstance(text, str) or not text.strip() or URI.match(text) or "\0" in text:
            continue
        layer = next((layer for layer in reversed(layers) if holds(layer.data, keys)), layers[-1])
        holder[keys[-1]] = str(_absolute(text, layer.folder, main))


def _name_scripts(data: dict[str, Any], folder: Path) -> None:
    """Say where the user's own scripts and classes are, where there are some: beside the file."""
    own = any(":" in model for model in _models(_table(data, "train", "candidates")))
    pipeline = data.setdefault("pipeline", {}) if own else data.get("pipeline")
    if isinstance(pipeline, dict):
        pipeline.setdefault("scripts", str(folder))


def _models(candidates: dict[str, Any]) -> Iterator[str]:
    for name in candidates:
        yield str(_table(candidates, name).get("model"))
        members = _table(candidates, name, "params").get("members")
        for member in members if isinstance(members, list) else ():
            yield str(member.get("model")) if isinstance(member, dict) else str(member)


def _table(data: dict[str, Any], *keys: str) -> dict[str, Any]:
    """Return an inner table, an empty one where there is something else."""
    for key in keys:
        inside = data.get(key)
        data = inside if isinstance(inside, dict) else {}
    return data


def _absolute(text: str, folder: Path | None, main: Path) -> Path:
    path = os.path.expanduser(text)  # noqa: PTH111  never raises
    if folder is None:
        folder = Path.cwd() if os.path.exists(path) else main  # noqa: PTH110  never raises
    # A link stays one: what it points to may be another file the next time.
    plain, real = os.path.abspath(folder / path), os.path.realpath(folder / path)  # noqa: PTH100
    return Path(plain if os.path.realpath(plain) == real else real)


def _paths(data: dict[str, Any]) -> Iterator[Keys]:
    if "source" in _table(data, "data"):
        yield ("data", "source")
    if "scripts" in _table(data, "pipeline"):
        yield ("pipeline", "scripts")
    steps = _table(data, "pipeline", "steps")
    for name in steps:
        for key, value in _table(steps, name, "inputs").items():
            above = ("pipeline", "steps", name, "inputs", key)
            several = value if isinstance(value, list) else [value]
            for number, item in enumerate(several):
                if isinstance(item, str) and item.partition(".")[0] not in steps:
                    yield (*above, number) if isinstance(value, list) else above
