"""Rehearsing: a plan runs on the local backend and on an emulated one, and all is compared.

Equal means: every step came to the same end, and every file of every output holds the same, but
for timings (keys that end in `seconds` or `elapsed`) and the dates inside zip files. A step that
fails here and there has left nothing to compare: it is not equal, unless it is one that may fail.
"""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from concrete_cli.backend import Backend, Event, Options, State, load
from concrete_cli.errors import NotFound
from concrete_cli.plan import Output, Plan, Step
from concrete_cli.runs import Runs

Show = Callable[[str, Event], None]
TIMING = ("seconds", "elapsed")
SHOWN = 200  # characters of a value in a difference


def rehearse(
    plan: Plan,
    home: Path,
    emulated: Backend,
    *,
    options: Options | None = None,
    facts: Mapping[str, Any] | None = None,
    show: Show | None = None,
) -> dict[str, Any]:
    """Run a plan here and there and compare; `show` gets the backend's name with each event.

    The local run is kept like any other, `facts` say in its record what it was for. Returns
    {equal, backend, run, steps: [{name, equal, differences}]}.
    """
    options = options or Options()
    record = {
        "workflow": plan.name,
        "experiment": plan.name,
        "file": str(home.parent / plan.name),
        "backend": "local",
        "rehearses": emulated.name,
        **(facts or {}),
    }
    run = Runs(home).create(plan, experiment="", options=options, facts=record)
    here = _Side(load("local", home), plan, run.folder, options, show or _ignore)
    with tempfile.TemporaryDirectory(dir=home / "tmp", prefix="rehearsal-") as scratch:
        there = _Side(emulated, plan, Path(scratch) / run.id, options, show or _ignore)
        steps = [_step(step, here, there, Path(scratch)) for step in plan.steps]
    return {
        "equal": all(step["equal"] for step in steps),
        "backend": emulated.name,
        "run": run.id,
        "steps": steps,
    }


class _Side:
    """A plan that has been carried out by one backend."""

    def __init__(
        self, backend: Backend, plan: Plan, folder: Path, options: Options, show: Show
    ) -> None:
        self.backend = backend
        self.handle = backend.submit(plan, folder, options)
        self.last: dict[str, Event] = {}
        for event in backend.watch(self.handle):
            self.last[event.step] = event
            show(backend.name, event)

    def end(self, step: str) -> str:
        """Return done, failed or skipped."""
        event = self.last.get(step)
        state = event.state if event else State.SKIPPED
        return State.DONE.value if state.good else state.value

    def fetch(self, output: Output, into: Path) -> Path | None:
        """Return a copy of an output, or nothing where there is none."""
        try:
            self.backend.fetch(self.handle, output, into)
        except NotFound:
            return None
        return into


def _step(step: Step, here: _Side, there: _Side, scratch: Path) -> dict[str, Any]:
    found: list[str] = []
    ends = here.end(step.name), there.end(step.name)
    event = there.last.get(step.name)
    why = f": {event.detail}" if event and event.detail else ""
    if ends[0] != ends[1]:
        found.append(f"{ends[0]} on local, {ends[1]} on {there.backend.name}{why}")
    elif ends[0] != State.DONE.value and not step.optional:
        found.append(f"{ends[0]} on both, so that nothing can be compared{why}")
    for output in step.outputs:
        ours = here.fetch(output, scratch / "local" / str(output))
        theirs = there.fetch(output, scratch / "emulated" / str(output))
        found += [f"{output.name}/{text}" for text in differences(ours, theirs)]
    return {"name": step.name, "equal": not found, "differences": found}


def differences(ours: Path | None, theirs: Path | None) -> Iterator[str]:
    """Yield how the files of two folders differ, each in a line that begins with its name."""
    left, right = _files(ours), _files(theirs)
    for name in sorted({*left, *right}):
        if name not in right:
            yield f"{name} is only on local"
        elif name not in left:
            yield f"{name} is not on local"
        else:
            yield from (f"{name}{text}" for text in _file(left[name], right[name]))


def _files(folder: Path | None) -> dict[str, Path]:
    if folder is None:
        return {}
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path for path in found}


def _file(ours: Path, theirs: Path) -> Iterator[str]:
    left, right = ours.read_bytes(), theirs.read_bytes()
    if left == right:
        return
    if ours.suffix in (".json", ".jsonl"):
        read = json.loads if ours.suffix == ".json" else _lines
        try:
            yield from _values("", read(left), read(right))
        except ValueError:
            yield ": not JSON on both sides"
    elif zipfile.is_zipfile(ours) and zipfile.is_zipfile(theirs):
        yield from _members(ours, theirs)
    else:
        yield f": {len(left)} bytes on local, {len(right)} other bytes there"


def _lines(text: bytes) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def _members(ours: Path, theirs: Path) -> Iterator[str]:
    """Compare what is in two zip files: they hold dates, which are never equal."""
    with zipfile.ZipFile(ours) as left, zipfile.ZipFile(theirs) as right:
        names = {*left.namelist(), *right.namelist()}
        for name in sorted(names):
            both = name in left.namelist() and name in right.namelist()
            if not both or left.read(name) != right.read(name):
                yield f" ({name} in it) differs"


def _values(where: str, ours: Any, theirs: Any) -> Iterator[str]:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted({*ours, *theirs}):
            if not key.endswith(TIMING):
                here, there = ours.get(key, _NOTHING), theirs.get(key, _NOTHING)
                yield from _values(f"{where}.{key}" if where else f": {key}", here, there)
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, (here, there) in enumerate(zip(ours, theirs, strict=True)):
            yield from _values(f"{where}[{number}]" if where else f": [{number}]", here, there)
    elif type(ours) is not type(theirs) or not (ours == theirs or (_nan(ours) and _nan(theirs))):
        yield f"{where or ':'} is {_short(ours)} on local, {_short(theirs)} there"


def _nan(value: Any) -> bool:
    """Whether a number is none: it equals nothing, not even itself."""
    return bool(value != value)  # noqa: PLR0124


def _ignore(where: str, event: Event) -> None:
    del where, event


class _Nothing:
    def __repr__(self) -> str:
        return "missing"


_NOTHING = _Nothing()


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."
