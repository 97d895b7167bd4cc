"""One try at a step: its work folder, its command line, its environment, what is left of it."""

from __future__ import annotations

import contextlib
import functools
import json
import shlex
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from concrete_cli import cache, code, digest, disk, interpreter, payload
from concrete_cli.plan import Item, Output, Source, Step

from . import left, processes
from .limits import thread_limits
from .orders import Ended, Orders
from .recipe import Code

LOG_LIMIT = 64 << 20  # bytes
FAILURE = "failure"  # a file in `state` in which a step says why its result is one (_step.may_pass)
IMPORTED = "imported.json"  # a file in `work`
UNLISTED = "unlisted.jsonl"  # a file in `work`
LOG_KEPT = 1 << 20  # bytes of its end that stay when a log outgrows the limit


@dataclass
class Attempt:
    """A step that runs: `work` holds outputs/ and log.txt, in `cwd` the script runs."""

    step: Step
    number: int
    recipe: cache.Recipe
    code: Code
    find: Callable[[Item], Path]
    cold: bool
    imported: tuple[str, ...] = ()  # modules that the step has imported itself at earlier times
    work: Path = Path()
    cwd: Path = Path()
    places: dict[Item, Path] = field(default_factory=dict)
    ticket: int = 0
    started: float = 0
    stopping: float = 0
    disk_full: bool = False
    state: Path | None = None  # a folder that the step finds again when it is tried again

    @functools.cached_property
    def log(self) -> Path:
        """Where what the script prints goes."""
        return self.work / "log.txt"

    def prepare(self) -> None:
        """Make the work folder, empty, and in it an empty folder for each output."""
        try:
            self.work.mkdir(mode=0o700)
        except FileExistsError:  # of the try before
            disk.remove(self.work)
            self.work.mkdir(mode=0o700)
        for folder in (self.work / "outputs", *map(self._output, self.step.outputs)):
            folder.mkdir(mode=0o700)
        self.log.touch(mode=0o600)

    def orders(self, run_folder: Path) -> Orders:
        """Return what a process needs to become this step."""
        self.state = run_folder / "state" / f"{self.step.name}-{digest.of_json(self.recipe)[:16]}"
        (self.state / FAILURE).unlink(missing_ok=True)
        return Orders(
            script=str(self.code.script),
            argv=tuple(str(word) for word in self.step.argv(self._place)),
            cwd=str(self.cwd),
            env={
                **thread_limits(self.step.cpus),
                processes.MARK: str(self.work),
                "CONCRETE_RUN": str(run_folder),
                "CONCRETE_STATE": str(self.state),
            },
            log=str(self.log),
            files={name: str(path) for name, path in self.code.files.items()},
            modules=self._ahead(),
            path=_folders(self.step),
            threads=self.step.cpus,
            unlisted=str(self.work / UNLISTED),
            imported=str(self.work / IMPORTED),
            spared=(str(run_folder.parents[1]), str(payload.folder("steps")), *self._sources()),
        )

    def imports(self) -> list[str]:
        """Return the modules that this step has imported itself."""
        with contextlib.suppress(OSError, ValueError):
            return list(json.loads((self.work / IMPORTED).read_text(encoding="utf-8")))
        return []

    def unlisted(self) -> list[str]:
        """Return the files that it has used and that are not in its recipe."""
        with contextlib.suppress(FileNotFoundError):
            lines = (self.work / UNLISTED).read_text(encoding="utf-8").splitlines()
            return sorted({json.loads(line) for line in lines})
        return []

    def replay(self) -> str:
        """Return a line for a shell that runs the script in a debugger on the same inputs."""

        def place(item: Item) -> _ForShell:
            made_here = isinstance(item, Output) and item.step == self.step.name
            quoted = '"$(mktemp -d)"' if made_here else shlex.quote(str(self.places[item]))
            return _ForShell(quoted)

        arguments = [
            word if isinstance(word, _ForShell) else shlex.quote(word)
            for word in self.step.argv(place)
        ]
        return interpreter.debugging(self.code.script, arguments, _folders(self.step))

    def failure(self, ended: Ended) -> str:
        """Say why this is a failure, in a few words; nothing when it is none."""
        if self.stopping:
            return f"ran longer than {self.step.timeout:g} s"
        if ended.code < 0:
            name = _signal_name(-ended.code)
            return f"was killed by {name}" + (" (out of memory?)" if name == "SIGKILL" else "")
        if ended.code:
            return f"exited with {ended.code}"
        return left.wrong(self.work, [output.name for output in self.step.outputs])

    def store(self, into: cache.Cache, facts: dict[str, Any], *, replace: bool) -> cache.Entry:
        """Make a finished step of it; what it kept for another try is not needed any more."""
        left.settle_log(self.log)
        assert self.state  # the process had its orders
        with contextlib.suppress(FileNotFoundError):
            facts |= {"failure": (self.state / FAILURE).read_text(encoding="utf-8")}
        entry = into.store(self.work, self.recipe, facts, replace=replace)
        disk.remove(self.state)
        return entry

    def keep(self, folder: Path) -> None:
        """Move what a failed try leaves, its log and outputs of mode `mount`, to a folder."""
        self.work.mkdir(exist_ok=True)  # the script may have removed it
        left.settle_log(self.log)
        left.settle_folder(self.work / "outputs")
        for output in self.step.outputs:
            if output.mode == "upload":
                disk.remove(self._output(output))
        disk.remove(folder)
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        disk.failpoint("failed:keep")
        self.work.rename(folder)
        disk.failpoint("failed:kept")

    def trim_log(self) -> None:
        """Cut a log that has outgrown its limit down to its end; the script writes on."""
        with contextlib.suppress(FileNotFoundError):
            size = self.log.stat().st_size
            if size > LOG_LIMIT // 2:  # what floods it goes on between two looks
                with self.log.open("rb+") as file:
                    file.seek(size - LOG_KEPT)
                    end = file.read(LOG_KEPT)
                    file.truncate(0)
                    file.seek(0)
                    cut = size - LOG_KEPT
                    file.write(f"[concrete: {cut} bytes of log cut]\n".encode() + end)

    def _ahead(self) -> tuple[str, ...]:
        """Return what is imported before it starts: the rest it can do without, or does itself."""
        if not self.imported:
            return self.code.at_once
        return code.ahead(self.code.files, (*self.step.libraries, *self.imported), late=False)

    def _sources(self) -> Iterator[str]:
        return (str(path) for item, path in self.places.items() if isinstance(item, Source))

    def _output(self, output: Output) -> Path:
        return self.work / "outputs" / output.name

    def _place(self, item: Item) -> Path:
        if isinstance(item, Output) and item.step == self.step.name:
            self.places[item] = self._output(item)
        else:
            self.places[item] = self.find(item)
        return self.places[item]


class _ForShell(str):
    """A word that is quoted already."""

    __slots__ = ()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"


def _folders(step: Step) -> tuple[str, ...]:
    """Where modules of the user's own live, for sys.path."""
    return tuple(dict.fromkeys(str(Path(module).parent) for module in step.modules))
