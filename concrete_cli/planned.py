"""An experiment as a run needs it: its plan, and what is written down of it.

Reading an experiment takes longer than finding out that nothing has changed. So what it came to is
kept in the home, and good for as long as all that it was made of is the same: the bytes of its
files, --set, the workflow, our own code, and the files that it names (by size and times, since the
plan depends on what they are called and not on what is in them).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeGuard

from concrete_cli import __version__, code, digest, disk, documents, payload, plan_json
from concrete_cli.errors import ConcreteError
from concrete_cli.plan import Item, Plan, Source

FOLDER = "plans"
HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Planned:
    """A plan with the facts of its experiment; `files` are what the experiment was read from."""

    workflow: str
    name: str
    file: str
    text: str
    sets: tuple[str, ...]
    settings: Mapping[str, Any]
    mlflow: str
    files: tuple[str, ...]
    plan: Plan

    def facts(self, backend: str) -> dict[str, Any]:
        """Return what the record of a run on `backend` says of its experiment."""
        return {
            "workflow": self.workflow,
            "experiment": self.name,
            "file": self.file,
            "backend": backend,
            "settings": self.settings,
            "sets": list(self.sets),
            "tracker": self.mlflow,
        }


def key(file: Path, workflow: str, sets: Sequence[str]) -> str:
    """Return the name under which the plan of an experiment is kept."""
    home = os.environ.get("HOME", "")  # paths may begin with ~
    here = [*sets, os.getcwd()] if sets else []  # noqa: PTH109  where --set looks for files
    return digest.of_json([str(file), workflow, here, home, sys.version, _code()])


def find(home: Path, name: str) -> Planned | None:
    """Return what is kept under `name`, if all that it was made of is still as it was."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, ConcreteError):
        sum_, _, content = documents.raw(home / FOLDER / name).partition(b"\n")
        if sum_.decode() != hashlib.sha256(content).hexdigest():
            return None  # it is made again
        kept = json.loads(content)
        facts = kept["planned"]
        for field in ("sets", "files"):
            facts[field] = tuple(facts[field])
        planned = Planned(**facts | {"plan": plan_json.from_document(facts["plan"])})
        if kept["made_of"] == _made_of(planned):
            code.recall(kept["imports"])
            return planned
    return None


def keep(home: Path, name: str, planned: Planned) -> None:
    """Keep it for the next time; a disk that takes nothing is no reason to stop."""
    facts = {field.name: getattr(planned, field.name) for field in fields(planned)}
    with contextlib.suppress(OSError, TypeError, ValueError):
        for step in planned.plan.steps:  # so that `imports` knows them
            code.made_of(step)
        document = {
            "planned": facts | {"plan": plan_json.document(planned.plan)},
            "made_of": _made_of(planned),
            "imports": code.known(),
        }
        (home / FOLDER).mkdir(mode=0o700, exist_ok=True)
        text = json.dumps(document)
        sum_ = hashlib.sha256(text.encode()).hexdigest()
        disk.write(home / FOLDER / name, f"{sum_}\n{text}")


def old(home: Path, horizon: float) -> list[Path]:
    """Return the files of what was kept before `horizon`, in seconds since the epoch."""
    kept = [path for folder in (FOLDER, "imports") for path in (home / folder).glob("*")]
    return [path for path in kept if path.stat().st_mtime < horizon]


def _made_of(planned: Planned) -> list[Any]:
    """Return the bytes of the experiment's files, and the size and times of what it names."""
    named = {item.uri for step in planned.plan.steps for _, item in step.items() if _is_file(item)}
    own = {
        path
        for step in planned.plan.steps
        for path in (step.script, *step.modules, *code.matching(step.files))
    }
    return [
        [digest.of_file(path) for path in planned.files],
        [_looks(path) for path in sorted(named | own)],
    ]


def _is_file(item: Item) -> TypeGuard[Source]:
    return isinstance(item, Source) and ":" not in item.uri


def _looks(path: str) -> list[int] | None:
    try:
        facts = os.stat(path)  # noqa: PTH116  a Path costs more than the call
    except OSError:
        return None
    return [facts.st_ino, facts.st_size, facts.st_mtime_ns]


def _code() -> str:
    """Return what tells one state of our own code from another, without reading it."""
    places = [path for path, _, _ in os.walk(HERE) if "__pycache__" not in path]
    looks = [
        [entry.path, entry.stat().st_size, entry.stat().st_mtime_ns]
        for place in {*places, str(payload.folder("steps"))}
        for entry in os.scandir(place)
        if entry.name.endswith(".py")
    ]
    return digest.of_json([__version__, sorted(looks)])
