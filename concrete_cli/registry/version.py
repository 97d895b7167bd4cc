"""One version of a model: its folder, what is in it, and whether it is as it was registered."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from concrete_cli import digest, documents, formats
from concrete_cli.errors import Damaged
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
        try:
            found = documents.read(self.path / RECORD, formats.VERSION, name=self._named(RECORD))
        except (FileNotFoundError, NotADirectoryError):
            raise Damaged(f"{self._named(RECORD)}: is missing") from None
        if (found["name"], found["number"]) != (self.name, self.number):
            told = f"is the record of {found['name']}:{found['number']}"
            raise Damaged(f"{self._named(RECORD)}: {told}")
        return found

    @property
    def manifest(self) -> dict[str, Any]:
        """What the model is: candidate, model, params, signature, interval, versions ..."""
        return self._document("manifest.json", formats.MANIFEST)

    @property
    def metrics(self) -> dict[str, Any]:
        """Its scores on the test rows; empty for a model that has none."""
        with contextlib.suppress(FileNotFoundError):
            return self._document("metrics.json", formats.METRICS)
        return {}

    @property
    def lineage(self) -> dict[str, Any]:
        """Run, plan, experiment, digests of data and code, library versions."""
        with contextlib.suppress(FileNotFoundError):
            return self._document("lineage.json", formats.LINEAGE)
        return {}

    @property
    def card(self) -> str | None:
        """What card.md says of it to people."""
        with contextlib.suppress(FileNotFoundError):
            return self._content("card.md").decode("utf-8", errors="backslashreplace")
        return None

    def damage(self) -> str:
        """Say what is not as it was registered, in a few words; nothing when all is well."""
        try:
            written = self.record["files"]
        except Damaged as error:
            return str(error).removeprefix(f"{self.ref}: ")
        found = digest.of_files(self.path)
        found.pop(RECORD, None)
        for file in sorted(written.keys() | found.keys()):
            if written.get(file) != found.get(file):
                word = "is missing" if file not in found else "has changed"
                return f"{file} {word if file in written else 'was added'}"
        strange = model_file.of_no_kind(found)
        return f"{strange[0]} is not a file that belongs to a model" if strange else ""

    def _document(self, name: str, expected: Any) -> dict[str, Any]:
        return documents.checked(self._content(name), expected, self._named(name))

    def _content(self, name: str) -> bytes:
        """Return the bytes of a file if they are those that were registered."""
        found = documents.raw(self.path / name)
        if hashlib.sha256(found).hexdigest() != self.record["files"].get(name):
            raise Damaged(f"{self._named(name)}: has changed")
        return found

    def _named(self, name: str) -> str:
        return f"{self.ref}: {name}"
