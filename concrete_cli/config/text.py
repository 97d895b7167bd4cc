"""The effective experiment as TOML: what a run records, so that it can be read again anywhere."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

import tomli_w

if TYPE_CHECKING:
    from concrete_cli.config.origin import Origin


def written(origin: Origin) -> str:
    """Return the merged data as TOML under a comment that names what it was made of."""
    made_of = [PurePath(layer.name).name for layer in origin.layers if layer.folder]
    notes = [f"What concrete read from {' and '.join(reversed(made_of))}", *_sets(origin)]
    comment = "".join(f"# {_one_line(note)}\n" for note in notes)
    return f"{comment}\n{tomli_w.dumps(origin.data)}"


def _sets(origin: Origin) -> list[str]:
    return [f"with --set {argument}" for argument in origin.sets]


def _one_line(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)
