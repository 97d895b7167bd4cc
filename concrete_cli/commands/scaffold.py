"""`concrete init`: a folder with an experiment, written from what is in a data file."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

from concrete_cli import aside, disk, payload, permissions
from concrete_cli.commands import scaffold_text
from concrete_cli.errors import NotFound, UsageError, nearest, no_file

FILE = "concrete.toml"
EXAMPLE = "concrete.csv"
CLASSES = 10  # values of a target that are likely classes
FAR = os.path.join("..", "..", "..")  # noqa: PTH118  a relative path above that helps nobody


def init(folder: Path, data: Path | None, target: str | None) -> dict[str, Any]:
    """Write FOLDER/concrete.toml; return folder, experiment, rows, target, columns, left_out.

    Without data it is the shipped example, with its data beside it.
    """
    file = folder / FILE
    if file.exists():
        raise UsageError(f"{file} is there already", help="choose another folder, or remove it")
    if data is None:
        if target:
            raise UsageError("--target needs --data", help="name the data file: --data FILE")
        return _example(folder, file)
    if not data.exists():
        raise no_file(data)
    found = describe(data, target or "")
    _check_target(found, target, data)
    without = next(one["missing"] for one in found["columns"] if one["name"] == target)
    if without:
        found["notices"].append(
            f"{without} of {found['rows']} rows have no {target}: training leaves them out"
        )
    with permissions.of_user():
        folder.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", folder.absolute().name).strip("-_")[:60]
    source = _relative(data, folder)
    text = scaffold_text.experiment(found, name or "experiment", source, str(target))
    disk.write(file, text)
    permissions.give(file)
    return _facts(folder, file, str(target), found)


def describe(data: Path, target: str) -> dict[str, Any]:
    """Return what steps/describe.py finds in a data file."""
    words = ["--target", target] if target else []
    with aside.made_by("describe.py", "description", [*words, "--source", data.absolute()]) as made:
        return dict(disk.read_json(made / "description.json"))


def _example(folder: Path, file: Path) -> dict[str, Any]:
    text = (payload.folder("configs") / FILE).read_text(encoding="utf-8")
    text = text.partition("\n")[2] if text.startswith("#:schema") else text
    data = folder / EXAMPLE
    if data.exists():
        raise UsageError(
            f"{data} is there already", help=f"name it, --data {data}, or another folder"
        )
    with permissions.of_user():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(payload.folder("data") / EXAMPLE, data)
    text = text.replace("../data/", "").replace("concrete train configs/", "concrete train ")
    disk.write(file, text)
    permissions.give(file)
    target = "compressive_strength"
    return _facts(folder, file, target, describe(data, target))


def _check_target(found: dict[str, Any], target: str | None, data: Path) -> None:
    numbers = [one["name"] for one in found["columns"] if one["kind"] == "number"]
    usable = [name for name in numbers if name not in _left_out(found)]
    known = f"the numeric columns are: {', '.join(usable)}" if usable else "no column is numeric"
    if target is None:
        raise UsageError("--data needs --target, the column to predict", help=known)
    columns = {one["name"]: one for one in found["columns"]}
    if target not in columns:
        raise NotFound("column", target, help=nearest(target, columns) or known)
    if target not in numbers:
        kind, mixed = columns[target]["kind"], columns[target]["mixed"]
        why = f"holds {columns[target]['note']}" if mixed else f"is a {kind}, no number"
        if kind == "boolean" or (kind == "category" and columns[target]["distinct"] <= CLASSES):
            why += ", and classification is not supported yet"
        help_ = f"correct or remove them in {data}, or choose another; {known}" if mixed else known
        raise UsageError(f"{target!r} cannot be predicted: it {why}", help=help_)
    if columns[target]["distinct"] < 2:
        raise UsageError(f"{target!r} in {data} does not vary: there is nothing to predict")
    if not {*columns} - {target, *_left_out(found)}:
        raise UsageError(f"{data} has no other column that {target!r} could be predicted from")


def _left_out(found: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["leave_out"] for one in found["columns"] if one["leave_out"]}


def _facts(folder: Path, file: Path, target: str, found: dict[str, Any]) -> dict[str, Any]:
    left_out = {name: why for name, why in _left_out(found).items() if name != target}
    kept = [one["name"] for one in found["columns"] if one["name"] not in left_out]
    named = [one for one in found["columns"] if one["note"] and one["name"] in kept]
    notes = [f"{one['name']} is categorical: {one['note']}" for one in named]
    return {
        "folder": str(folder.absolute()),
        "experiment": str(file.absolute()),
        "rows": found["rows"],
        "target": target,
        "columns": [name for name in kept if name != target],
        "left_out": left_out,
        "notices": found["notices"],
        "notes": found["notes"] + notes,
    }


def _relative(data: Path, folder: Path) -> str:
    """Return the path from the experiment to its data, unless they are far apart."""
    path = os.path.relpath(data.absolute(), folder.absolute())
    return str(data.absolute()) if path.startswith(FAR) else Path(path).as_posix()
