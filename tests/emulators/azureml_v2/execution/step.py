"""One step: the uploaded snapshot, read-only inputs, outputs by their mode, a real process."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

from ..cloud import Cloud, Run, now
from ..names import GROUP, SUBSCRIPTION, WORKSPACE
from ..routing import Json
from .process import Process
from .values import Value, fill, seconds


@dataclass
class Order:
    """What has to be carried out: a component's spec and the values it is given."""

    run: Run
    root: str
    spec: Json
    inputs: dict[str, Value]
    environment: dict[str, str] = field(default_factory=dict)
    limit: str | float | None = None
    outputs: Json = field(default_factory=dict)
    reuse: bool = True

    @property
    def key(self) -> str:
        """What makes two steps the same one; names, computes and limits do not."""
        inputs = {name: str(value) for name, value in self.inputs.items()}
        recipe = [self.spec, inputs, self.environment]
        return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()

    @property
    def reusable(self) -> bool:
        """Whether an earlier result will do."""
        return self.reuse and self.spec.get("is_deterministic") is not False


def carry_out(cloud: Cloud, order: Order) -> bool:
    """Execute or reuse a step; its run tells the story. Return whether it succeeded."""
    run, key = order.run, order.key
    if order.reusable and (old := cloud.reused.get(key)):
        run.properties |= {"azureml.isreused": "true", "azureml.reusedrunid": old.name}
        run.outputs = dict(old.outputs)
        run.start = run.end = now()
        run.status = "Completed"
        return True
    workplace = _Workplace(cloud, order)
    workplace.prepare()
    with cloud.services["slots"]:
        run.start = now()
        if not run.canceled.is_set():
            run.status = "Running"
        code = workplace.execute()
    run.end = now()
    if run.canceled.is_set():
        run.status = "Canceled"
    elif complaint := workplace.complaint(code):
        run.fail(complaint)
        run.status = "Failed"
    else:
        workplace.deliver()
        run.status = "Completed"
        cloud.reused[key] = run
    return run.status == "Completed"


class _Workplace:
    """The folders of one step."""

    def __init__(self, cloud: Cloud, order: Order) -> None:
        self.cloud, self.order, self.run = cloud, order, order.run
        self.folder = cloud.work / order.run.name
        self.logs = cloud.container / "ExperimentRun" / f"dcid.{order.run.name}" / "user_logs"
        self.staged: dict[str, Value] = {}
        self.outputs: dict[str, Path] = {}
        self.targets: dict[str, Path] = {}
        self.timed_out = False

    def prepare(self) -> None:
        """Lay out what the script will see."""
        code = self.cloud.asset(self.order.spec["code"])["properties"]["codeUri"]
        shutil.copytree(self.cloud.local(code), self.folder / "wd")
        (self.folder / "home").mkdir()
        self.logs.mkdir(parents=True)
        log = self.logs / "std_log.txt"
        log.touch()
        self.run.logs["user_logs/std_log.txt"] = str(log.relative_to(self.cloud.container))
        for name, value in self.order.inputs.items():
            self.staged[name] = self._stage(name, value) if isinstance(value, Path) else value
        for name, spec in (self.order.spec.get("outputs") or {}).items():
            self._lay(name, {**spec, **(self.order.outputs.get(name) or {})})

    def _stage(self, name: str, source: Path) -> Path:
        """Return a private copy: the store cannot be damaged, and a change can be noticed."""
        target = self.folder / "inputs" / name / source.name
        target.parent.mkdir(parents=True)
        if source.is_dir():
            shutil.copytree(source, target)
        elif source.is_file():
            shutil.copy2(source, target)
        else:
            where = source.relative_to(self.cloud.blobs)
            self.run.fail(f"ScriptExecution.StreamAccess.NotFound: {where} does not exist")
        for path in (target, *target.rglob("*")):
            if path.exists():
                path.chmod(0o555 if path.is_dir() else 0o444)
        return target

    def _lay(self, name: str, spec: Json) -> None:
        where = (spec.get("uri") or spec.get("path") or "").replace("${{name}}", self.run.name)
        target = (
            self.cloud.local(where)
            if where
            else self.cloud.container / "azureml" / self.run.name / name
        )
        mounted = "mount" in str(spec.get("mode") or "").lower()
        self.targets[name] = target
        self.outputs[name] = target if mounted else self.folder / "outputs" / name
        self.outputs[name].mkdir(parents=True, exist_ok=True)
        if mounted:
            self.run.outputs[name] = self.cloud.address(target)

    def execute(self) -> int:
        """Run the command line; return its exit code."""
        if self.run.failure:
            return 1
        self.seals = _seal(self.folder / "inputs")
        command = fill(_command(self.order.spec), self.staged, self.outputs)
        process = Process(command, self.folder, self.logs / "std_log.txt", self._environment())
        deadline = seconds(self.order.limit)
        began = time.monotonic()
        while (code := process.poll()) is None:
            self.timed_out = bool(deadline) and time.monotonic() - began > deadline
            if self.run.canceled.is_set() or self.timed_out:
                process.stop()
            time.sleep(0.02)
        return code

    def _environment(self) -> dict[str, str]:
        store = self.folder / "mlruns"
        threads = max(1, 2 // self.cloud.parallel)
        return {
            "PATH": f"{Path(self.cloud.python).parent}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.folder / "home"),
            # a step has a machine of its own in the cloud; here it has its share of this one
            "OMP_NUM_THREADS": str(threads),
            "AZUREML_RUN_ID": self.run.name,
            "AZUREML_ROOT_RUN_ID": self.order.root,
            "AZUREML_ARM_SUBSCRIPTION": SUBSCRIPTION,
            "AZUREML_ARM_RESOURCEGROUP": GROUP,
            "AZUREML_ARM_WORKSPACE_NAME": WORKSPACE,
            "MLFLOW_RUN_ID": self.run.name,
            "MLFLOW_TRACKING_URI": store.as_uri(),
            "MLFLOW_ALLOW_FILE_STORE": "true",
            **{name: os.environ[name] for name in self.cloud.passes if name in os.environ},
            **self.order.environment,
        }

    def complaint(self, code: int) -> str:
        """Return why the step failed, in the words of the service, or nothing."""
        if self.run.failure:
            return "inputs are missing"
        if self.timed_out:
            return f"Run timed out: it took longer than {self.order.limit}."
        if _seal(self.folder / "inputs") != self.seals:
            return "Execution failed: Read-only file system: an input was written to."
        if not code:
            return ""
        tail = (self.logs / "std_log.txt").read_text(errors="replace")[-500:]
        return (
            f"Execution failed. User process 'python' exited with status code {code}. "
            f"Please check log file 'user_logs/std_log.txt' for error details. Error: {tail}"
        )

    def deliver(self) -> None:
        """Make the uploaded outputs appear."""
        for name, target in self.targets.items():
            if self.outputs[name] != target:
                shutil.copytree(self.outputs[name], target, dirs_exist_ok=True)
            self.run.outputs[name] = self.cloud.address(target)


def _command(spec: Json) -> str:
    """Return a component's command line; one for Spark has an entry file and arguments."""
    if "command" in spec:
        return str(spec["command"])
    return f"python {spec['entry']['file']} {spec.get('args') or ''}"


def _seal(folder: Path) -> list[tuple[str, int, int]]:
    """Return what changes when somebody writes below a folder; root ignores permissions."""
    found = [(path, path.stat()) for path in sorted(folder.rglob("*"))]
    return [(str(path), stat.st_size, stat.st_mtime_ns) for path, stat in found]
