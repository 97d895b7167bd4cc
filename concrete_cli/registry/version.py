"""One version of a model: its folder, what is in it, and whether it is as it was registered."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from concrete_cli import digest, disk
from concrete_cli.registry import file as model_file

RECORD = "version.json"


@dataclass(frozen=True)
class Version:
    """One version of a model; `path` is its folder, to be read only."""

    path: Path

    @property
    def name(self) -> str:
        """The name of the model."""
        return self.path.parent.name

    @property
    def number(self) -> int:
        """1, 2, 3 ..."""
        return int(self.path.name)

    @property
    def ref(self) -> str:
        """`name:number`."""
        return f"{self.name}:{self.number}"

    @property
    def record(self) -> dict[str, Any]:
        """What version.json says: format, name, number, created, content, added, files, facts."""
        return dict(disk.read_json(self.path / RECORD))

    @property
    def manifest(self) -> dict[str, Any]:
        """What the model is: candidate, model, params, signature, interval, versions ..."""
        return dict(disk.read_json(self.path / "manifest.json"))

    @property
    def metrics(self) -> dict[str, Any]:
        """Its scores on the test rows; empty for a model that has none."""
        with contextlib.suppress(FileNotFoundError):
            return dict(disk.read_json(self.path / "metrics.json"))
        return {}

    @property
    def lineage(self) -> dict[str, Any]:
        """Run, plan, experiment, digests of data and code, library versions."""
        with contextlib.suppress(FileNotFoundError):
            return dict(disk.read_json(self.path / "lineage.json"))
        return {}

    def damage(self) -> str:
        """Say what is not as it was registered, in a few words; nothing when all is well."""
        try:
            written = dict(self.record["files"])
            found = digest.of_files(self.path)
        except (OSError, ValueError, KeyError, TypeError) as error:
            return f"{RECORD} cannot be read ({type(error).__name__})"
        found.pop(RECORD, None)
        for file in sorted(written.keys() | found.keys()):
            if written.get(file) != found.get(file):
                word = "is missing" if file not in found else "has changed"
                return f"{file} {word if file in written else 'was added'}"
        strange = model_file.of_no_kind(found)
        return f"{strange[0]} is not a file that belongs to a model" if strange else ""
