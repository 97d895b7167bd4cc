"""The manifest of a model folder: what the model is, and the sha256 of every file beside it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from _step import Refused, read_json

FORMAT = 1
MODEL = "model.skops"
MANIFEST = "manifest.json"


def check_sums(folder: Path) -> dict[str, Any]:
    """Return the manifest of a model folder whose files are as they were written."""
    try:
        manifest: Any = read_json(folder / MANIFEST)
    except (OSError, ValueError) as error:
        raise Refused(f"{folder} holds no model: {error}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise Refused(f"{folder / MANIFEST} is not a manifest of format {FORMAT}")
    for name, expected in {MODEL: "", **manifest["files"]}.items():
        if name != Path(name).name:
            raise Refused(f"{folder / MANIFEST} names {name!r}, which is not a file beside it")
        path = folder / name
        if not path.is_file() or digest(path) != expected:
            raise Refused(f"{path} is not the file that was saved: its sha256 differs")
    return manifest


def digest(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
