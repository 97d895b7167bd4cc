"""A submitted graph, carried out: each step as soon as those before it have ended."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import datasets, history
from .process import Process
from .state import Document, now, uid

if TYPE_CHECKING:
    from .server import Emulator

# The pipeline service and the run history have words of their own for the same end.
IN_HISTORY = {"Finished": "Completed"}
ORDER = "_run_after"  # a port that carries no data, only "not before"


class Driver:
    """One run of a pipeline. `drive` blocks until every step has ended or cannot begin."""

    def __init__(self, emulator: Emulator, run: Document) -> None:
        self.emulator, self.run = emulator, run
        graph = emulator.state.graphs[run["GraphId"]]
        self.nodes: dict[str, Document] = {node["Id"]: node for node in graph["ModuleNodes"]}
        self.data: dict[str, Document] = {node["Id"]: node for node in graph["DatasetNodes"]}
        # (node, port) that reads -> (node, port) that is read
        self.edges = {_end(edge, "Destination", "In"): _end(edge, "Source", "Out")
                      for edge in graph["Edges"]}  # fmt: skip
        self.steps: dict[str, Document] = {
            name: {"StatusCode": "NotStarted"} for name in self.nodes
        }
        self.processes: dict[str, Process] = {}
        self.cancelled = threading.Event()

    def drive(self) -> None:
        """Run what is ready, again and again."""
        going: dict[Future[None], str] = {}
        with ThreadPoolExecutor(max_workers=max(2, os.cpu_count() or 2)) as pool:
            while True:
                for name in self._ready(set(going.values())):
                    going[pool.submit(self._step, name)] = name
                if not going:
                    break
                done, _ = wait(going, return_when=FIRST_COMPLETED)
                for future in done:
                    name = going.pop(future)
                    problem = future.exception()
                    if problem:
                        self._ends(name, "Failed", f"emulator: {problem!r}")
        self._finish()

    def cancel(self) -> None:
        """Stop what runs, and begin nothing more."""
        self.cancelled.set()
        for process in list(self.processes.values()):
            process.stop()

    def statuses(self) -> dict[str, Document]:
        """Return how every step stands, by its id in the graph."""
        return {name: dict(facts) for name, facts in self.steps.items()}

    def _ready(self, going: set[str]) -> list[str]:
        codes = {name: facts["StatusCode"] for name, facts in self.steps.items()}
        stop = "Failed" in codes.values() and not self.run["_goes_on"]
        if self.cancelled.is_set() or stop:
            return []
        return [
            name
            for name, code in codes.items()
            if code == "NotStarted" and name not in going
            and all(codes[one] == "Finished" for one in self._before(name))
        ]  # fmt: skip

    def _before(self, name: str) -> set[str]:
        return {source for (node, _), (source, _) in self.edges.items()
                if node == name and source in self.nodes}  # fmt: skip

    def _step(self, name: str) -> None:
        node = self.nodes[name]
        module = self.emulator.state.modules[node["ModuleId"]]
        target = next(p["Value"] for p in node["ModuleParameters"] if p["Name"] == "Target")
        run = uid()
        with self.emulator.lock:
            facts = history.new_run(
                self.emulator, self.run["RunHistoryExperimentName"], run,
                parentRunId=self.run["Id"], name=module["Name"], runType="azureml.StepRun",
                target=target, status="Running", startTimeUtc=now(),
                tags={"azureml.nodeid": name, "azureml.pipeline": self.run["Id"]},
                properties={
                    "azureml.runsource": "azureml.StepRun", "azureml.nodeid": name,
                    "azureml.pipelinerunid": self.run["Id"], "StepType": module["StepType"],
                },
            )  # fmt: skip
            self.steps[name] = {"StatusCode": "Running", "RunId": run, "StartTime": now(),
                                "CreationTime": now()}  # fmt: skip
        process = Process(self.emulator, run, node, module, self._inputs(name), self._values())
        key = self._key(module, node, process)
        old = self.emulator.state.finished.get(key)
        fresh = node.get("RegenerateOutput") or not module["IsDeterministic"]
        if old and not fresh:
            facts["properties"] |= {"azureml.isreused": "true", "azureml.reusedrunid": old}
            self.steps[name]["ReuseInfo"] = {"RunId": old}
            self._ends(name, "Finished")
            return
        self.processes[name] = process
        problem = self.emulator.state.unlucky.get(module["Name"]) or ""
        if not problem and not self.cancelled.is_set():
            problem = process.run()
        if self.cancelled.is_set():
            self._ends(name, "Canceled")
        elif problem:
            self._ends(name, "Failed", problem)
        else:
            self.emulator.state.finished[key] = run
            self._ends(name, "Finished")

    def _inputs(self, name: str) -> dict[str, list[Path] | Path]:
        found: dict[str, list[Path] | Path] = {}
        for (node, port), (source, output) in self.edges.items():
            if node != name or port.startswith(ORDER):
                continue
            if source in self.data:
                value = self.data[source]["DataSetDefinition"]["Value"]
                # a dataset that nobody has given a name is referred to in the other way
                given = value.get("DataSetReference") or value["SavedDataSetReference"]
                found[port] = datasets.files(self.emulator, datasets.saved_id(self.emulator, given))
            else:
                maker = self.emulator.state.runs[self._made_by(source)]
                found[port] = self.emulator.folder / maker["_outputs"][output]
        return found

    def _made_by(self, node: str) -> str:
        facts = self.steps[node]
        return (facts.get("ReuseInfo") or facts)["RunId"]  # type: ignore[no-any-return]

    def _values(self) -> dict[str, str]:
        return dict(self.run["ParameterAssignments"])

    def _key(self, module: Document, node: Document, process: Process) -> str:
        """Name what decides reuse: the module, the words of its command line, what it reads."""
        content = [module["IdentifierHash"], process.script, process.words(placed=False),
                   {name: str(place) for name, place in process.inputs.items()},
                   json.loads(node.get("Runconfig") or "{}").get("environment")]  # fmt: skip
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def _ends(self, name: str, code: str, problem: str = "") -> None:
        with self.emulator.lock:
            facts = self.steps[name]
            facts |= {"StatusCode": code, "EndTime": now(), "StatusDetail": problem or None}
            run = self.emulator.state.runs[facts["RunId"]]
            run |= {"status": IN_HISTORY.get(code, code), "endTimeUtc": now()}
            if problem:
                run["_error"] = {"error": {"code": "UserError", "message": problem, "details": []}}

    def _finish(self) -> None:
        codes = {facts["StatusCode"] for facts in self.steps.values()}
        code = "Failed" if codes != {"Finished"} else "Finished"
        code = "Canceled" if self.cancelled.is_set() and code != "Finished" else code
        with self.emulator.lock:
            self.run["Status"] |= {"StatusCode": code, "EndTime": now()}
            run = self.emulator.state.runs[self.run["Id"]]
            run |= {"status": IN_HISTORY.get(code, code), "endTimeUtc": now()}


def _end(edge: Document, side: str, way: str) -> tuple[str, str]:
    port: Any = edge[f"{side}{way}putPort"]
    return port["NodeId"], port["PortName"]
