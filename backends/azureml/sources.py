"""What a source stands for in Azure: a name for the data set, and a place in the datastore.

A file or folder of this machine is named by the digest of its content, so that it is uploaded
once, whoever runs it. No SDK in here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from concrete_cli import digest
from concrete_cli.errors import NotFound
from concrete_cli.plan import Source

FOLDER = "concrete/sources"
DATASTORE = re.compile(r"azureml://datastores/(?P<store>[^/]+)/paths/(?P<path>.+)")
REGISTERED = re.compile(r"azureml:(?P<name>[\w.-]+)(:(?P<version>\d+|latest))?")


@dataclass(frozen=True)
class Local:
    """A file or folder to upload. `path` is a pattern below the datastore."""

    file: Path
    name: str
    path: str

    @property
    def files(self) -> list[tuple[Path, str]]:
        """Each file with the blob that it becomes."""
        if self.file.is_file():
            return [(self.file, self.path)]
        root = self.path.removesuffix("/**")
        return [
            (path, f"{root}/{path.relative_to(self.file).as_posix()}")
            for path in sorted(self.file.rglob("*"))
            if path.is_file()
        ]

    @property
    def bytes(self) -> int:
        """How much there is to upload."""
        return sum(path.stat().st_size for path, _ in self.files)


def known(source: Source) -> Local | None:
    """Return a source that is on this machine; None is one that only Azure can find."""
    if "://" in source.uri or re.match(r"(run|model|azureml):", source.uri):
        return None
    path = Path(source.uri)
    if not path.exists():
        raise NotFound("file", source.uri, help="[data] source is relative to the experiment")
    return local(path)


def local(path: Path) -> Local:
    """Return where a file or folder of this machine goes."""
    content = digest.of_path(path)[:32]
    name = f"concrete-{content}"
    if path.is_file():
        return Local(path, name, f"{FOLDER}/{content}/{path.name}")
    return Local(path, name, f"{FOLDER}/{content}/**")
