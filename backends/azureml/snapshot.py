"""The folders that travel: for each script just what it imports, and nothing else.

Steps of the same script share a folder, so that it is uploaded once. The SDK's own fingerprint of
a step covers every file of its folder; a change to one script leaves the other steps reusable.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from concrete_cli import code
from concrete_cli.plan import Step

LAUNCHER = "_attempts.py"


@dataclass(frozen=True)
class Snapshot:
    """A folder that holds a script's import closure."""

    folder: Path
    files: tuple[str, ...]
    bytes: int


def files_of(step: Step) -> dict[str, Path]:
    """Return all that must travel for a step, by its name in the folder."""
    files = code.made_of(step)
    if step.retries:
        files |= {LAUNCHER: Path(__file__).with_name("attempts.py")}
    return files


def stage(step: Step, root: Path, extra: Mapping[str, Path] = MappingProxyType({})) -> Snapshot:
    """Copy a step's files to a folder under `root`; equal files are the same folder."""
    files = files_of(step) | dict(extra)
    whole = hashlib.sha256()
    for name, path in sorted(files.items()):
        whole.update(f"{name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    folder = root / f"{Path(step.script).stem}-{whole.hexdigest()[:12]}"
    if not folder.exists():
        aside = folder.with_suffix(".new")
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        code.stage(files, aside)
        aside.rename(folder)
    size = sum(path.stat().st_size for path in files.values())
    return Snapshot(folder, tuple(sorted(files)), size)
