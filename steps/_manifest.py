"""The manifest of a model folder: what the model is, and the sha256 of every file beside it.

It is under a sum of its own, which goes over all the rest of it: a digit of an interval that has
changed is found, not served.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from _step import Refused, plain, read_json, write_json

FORMAT = 2
FIRST = 1  # the format that had no sum of its own
SUM = "sha256"
MODEL = "model.skops"
MANIFEST = "manifest.json"
CODE = "code"
PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write the manifest of a model folder, with its sum."""
    facts = plain({**manifest, "format": FORMAT})
    write_json(folder / MANIFEST, {**facts, SUM: sum_of(facts)})


def sum_of(manifest: Mapping[str, Any]) -> str:
    """Return the sum of a manifest: that of all but its sum."""
    rest = {name: value for name, value in manifest.items() if name != SUM}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def check_sums(folder: Path) -> dict[str, Any]:
    """Return the manifest of a model folder whose files are as they were written."""
    try:
        manifest: Any = read_json(folder / MANIFEST)
    except (OSError, ValueError) as error:
        raise Refused(f"{folder} holds no model: {error}") from error
    if not isinstance(manifest, dict) or manifest.get("format") not in (FIRST, FORMAT):
        raise Refused(f"{folder / MANIFEST} is not a manifest of format {FORMAT}")
    needed = manifest["format"] == FORMAT or SUM in manifest
    if needed and manifest.get(SUM) != sum_of(manifest):
        raise Refused(f"{folder / MANIFEST} is not as it was written: its sha256 differs")
    for name, expected in {MODEL: "", **manifest["files"]}.items():
        if name != Path(name).name:
            raise Refused(f"{folder / MANIFEST} names {name!r}, which is not a file beside it")
        path = folder / name
        if not path.is_file() or digest(path) != expected:
            raise Refused(f"{path} is not the file that was saved: its sha256 differs")
    _check_code(folder / CODE, dict(manifest.get("code") or {}))
    return manifest


def _check_code(folder: Path, listed: dict[str, str]) -> None:
    """Refuse code that is not what is listed, all of it and nothing else."""
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    for name in sorted(there | listed.keys()):
        if not is_plain(name):
            raise Refused(f"{folder} holds {name!r}, which is no plain name")
        if name not in there or digest(folder / name) != listed.get(name):
            raise Refused(f"{folder / name} is not the code that the model was made of")


def is_plain(name: str) -> bool:
    """Whether a name, with slashes, is one that the code of a model may have."""
    return all(map(PART.fullmatch, name.split("/")))


def digest(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
