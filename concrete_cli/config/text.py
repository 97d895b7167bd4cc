"""The effective experiment as TOML: what a run records, so that it can be read again anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

import tomli_w


def written(data: Mapping[str, Any], files: Sequence[str], sets: Sequence[str]) -> str:
    """Return `data` as TOML under a comment that names the files and the --set it was made of."""
    made_of = " and ".join(PurePath(name).name for name in reversed(files))
    notes = [f"What concrete read from {made_of}", *(f"with --set {one}" for one in sets)]
    comment = "".join(f"# {_one_line(note)}\n" for note in notes)
    return f"{comment}\n{tomli_w.dumps(data)}"


def _one_line(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)
