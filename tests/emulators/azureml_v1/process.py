"""One step, carried out as a compute target would: a process that sees its snapshot and inputs.

Outputs that are mounted are written where they stay; outputs that are uploaded are copied there
when the script has succeeded, and not at all when it failed.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from . import artifacts, blobs, datasets, snapshots
from .environment import variables
from .state import CONTAINER, Document

if TYPE_CHECKING:
    from .server import Emulator

Inputs = dict[str, "list[Path] | Path"]
INPUT, OUTPUT = "DatasetConsumptionConfig:", "DatasetOutputConfig:"


class Process:
    """The work of one step; `run` returns what went wrong, or nothing."""

    def __init__(
        self,
        emulator: Emulator,
        run: str,
        node: Document,
        module: Document,
        inputs: Inputs,
        values: dict[str, str],
    ) -> None:
        self.emulator, self.name = emulator, run
        self.node, self.module, self.inputs = node, module, inputs
        self.folder = emulator.folder / "work" / run
        given = {one["Name"]: one for one in node["ModuleParameters"]}
        defaults = module["StructuredInterface"]["Parameters"]
        self.parameters = {one["Name"]: one.get("DefaultValue") for one in defaults}
        for name, one in given.items():
            if str(one["ValueType"]) == "1":  # the name of a parameter of the whole pipeline
                self.parameters[name] = values.get(one["Value"], self.parameters.get(name))
            elif one.get("Value") is not None:
                self.parameters[name] = one["Value"]
        self.script = self.parameters["Script"] or ""
        self.places: dict[str, Path] = {}
        self._child: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def run(self) -> str:
        """Carry the step out; the answer is one line that says why it failed."""
        for name in ("code", "in", "out", "home"):
            (self.folder / name).mkdir(parents=True)
        snapshots.restore(self.emulator, self.module["_snapshot"], self.folder / "code")
        before = self._bring_inputs()
        self._make_outputs()
        code = self._execute()
        self._keep_log()
        if code is None:
            return "the step took longer than its maximum duration and was stopped"
        if code:
            return f"Execution failed. User process exited with status code {code}."
        if _stamp(self.folder / "in") != before:
            return "the script wrote to an input, which is read-only"
        self._deliver()
        return ""

    def stop(self) -> None:
        """Kill the script and all that it started."""
        self._stopped = True
        if self._child and self._child.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)

    def words(self, *, placed: bool = True) -> list[str]:
        """Return the command line; when it is not `placed` it holds names instead of paths."""
        found = []
        for one in self.module["StructuredInterface"]["Arguments"]:
            value = one["Value"]
            if one["ValueType"] == "Parameter":
                value = self.parameters[value]
            elif placed and value.startswith((INPUT, OUTPUT)):
                value = str(self.places[value.partition(":")[2]])
            found.append(str(value))
        return found

    def _bring_inputs(self) -> dict[str, tuple[int, int]]:
        for name, source in self.inputs.items():
            place = self.folder / "in" / name
            if isinstance(source, Path):
                shutil.copytree(source, place)
            elif len(source) == 1:  # a data set of one file is that file, not a folder
                place.mkdir()
                place = Path(shutil.copy2(source[0], place / source[0].name))
            else:
                shared = Path(os.path.commonpath([path.parent for path in source]))
                for path in source:
                    target = place / path.relative_to(shared)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(path, target)
            self.places[name] = place
        for path in (self.folder / "in").rglob("*"):
            path.chmod(0o555 if path.is_dir() else 0o444)
        return _stamp(self.folder / "in")

    def _make_outputs(self) -> None:
        kept = self.emulator.state.runs[self.name].setdefault("_outputs", {})
        for setting in self.node["ModuleOutputSettings"]:
            name = setting["Name"]
            pattern = setting["DatasetOutputOptions"]["PathOnDatastore"]
            path = pattern.replace("{run-id}", self.name).replace("{output-name}", name)
            final = blobs.path_of(self.emulator, CONTAINER, path)
            mounted = setting["DataStoreMode"].lower() == "mount"
            self.places[name] = final if mounted else self.folder / "out" / name
            self.places[name].mkdir(parents=True, exist_ok=True)
            kept[name] = final.relative_to(self.emulator.folder.resolve()).as_posix()

    def _execute(self) -> int | None:
        limit = json.loads(self.node.get("Runconfig") or "{}").get("maxRunDurationSeconds")
        given = self.parameters.get("MaxRunDurationSeconds") or limit
        command = [self.emulator.python, self.script, *self.words()]
        if self._stopped:
            return -signal.SIGKILL
        with (self.folder / "log.txt").open("wb") as log:
            self._child = subprocess.Popen(
                command, cwd=self.folder / "code", env=variables(self), stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
            try:
                return self._child.wait(float(given) if given else None)
            except subprocess.TimeoutExpired:
                self.stop()
                self._child.wait()
                return None

    def _keep_log(self) -> None:
        prefix = artifacts.run_prefix(self.name)
        root = blobs.path_of(self.emulator, artifacts.HOME, prefix)
        target = root / artifacts.LOG
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.folder / "log.txt", target)
        left = self.folder / "code" / "outputs"
        if left.is_dir():
            shutil.copytree(left, root / "outputs", dirs_exist_ok=True)

    def _deliver(self) -> None:
        state = self.emulator.state
        for setting in self.node["ModuleOutputSettings"]:
            name = setting["Name"]
            final = self.emulator.folder / state.runs[self.name]["_outputs"][name]
            if self.places[name] != final:
                shutil.copytree(self.places[name], final, dirs_exist_ok=True)
            registered = (setting.get("DatasetRegistration") or {}).get("Name")
            if registered:
                with self.emulator.lock:
                    datasets.register_folder(self.emulator, registered, final)


def _stamp(folder: Path) -> dict[str, tuple[int, int]]:
    """Return the size and time of change of every file, since root may write to all of them."""
    facts = {path: path.stat() for path in folder.rglob("*")}
    return {str(path): (one.st_size, one.st_mtime_ns) for path, one in facts.items()}
