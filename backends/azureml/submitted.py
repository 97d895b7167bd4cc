"""A run that was submitted: read back from the services, as anybody can on any machine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from azureml.core import Workspace
from azureml.pipeline.core._aeva_provider import _AevaWorkflowProvider

from concrete_cli.backend import State
from concrete_cli.errors import NotFound
from concrete_cli.plan import Output

from .compile import output_name
from .errors import clear, status_of

ENDS = ("Finished", "Failed", "Canceled")
# The service answers with a word, or with its number in this list.
CODES = (
    "NotStarted", "Queued", "Running", "Failed", "Finished", "Canceled", "PartiallyExecuted",
    "Bypassed",
)  # fmt: skip
RUN_CODES = ("NotStarted", "Running", "Failed", "Finished", "Canceled", "Queued")
STATES = {
    "NotStarted": State.WAITING,
    "Queued": State.WAITING,
    "Running": State.RUNNING,
    "Failed": State.FAILED,
    "Finished": State.DONE,
    "Canceled": State.FAILED,
    "PartiallyExecuted": State.FAILED,
    "Bypassed": State.SKIPPED,
}


@dataclass(frozen=True)
class Standing:
    """How a step stands. `run` is the run whose outputs count: an older one when reused."""

    state: State
    code: str
    run: str = ""
    own_run: str = ""
    detail: str = ""
    started: float = 0
    ended: float = 0


class Submitted:
    """A run in a workspace, by its id."""

    def __init__(self, workspace: Any, run: str) -> None:
        self.workspace, self.id = workspace, run
        self._service = _AevaWorkflowProvider.create_service_caller(workspace, "concrete")

    def entity(self) -> Any:
        """Return what the pipeline service says about the run as a whole."""
        try:
            return self._service.get_pipeline_run_async(self.id)
        except Exception as error:
            if status_of(error) == 404:
                raise NotFound("run in Azure ML", self.id) from error
            raise

    def tags(self) -> dict[str, str]:
        """Return the tags of the run as a whole."""
        return dict(Workspace.get_run(self.workspace, self.id).get_tags())

    def code(self) -> str:
        """Return how the run as a whole stands, in the service's word."""
        status = self.entity().status
        return "NotStarted" if status is None else _word(status.status_code, RUN_CODES)

    def reason(self) -> str:
        """Return what the service says about why the run as a whole failed."""
        return " ".join((self.entity().status.status_detail or "").split())

    @cached_property
    def graph(self) -> Any:
        """The graph that was submitted."""
        return self._service.get_graph_async(self.entity().graph_id)

    @cached_property
    def modules(self) -> dict[str, Any]:
        """What each part of the graph runs, by id."""
        keys = {node.module_id for node in self.graph.module_nodes}
        return {key: self._service.get_module_async(key).data for key in keys}

    @cached_property
    def nodes(self) -> dict[str, Any]:
        """Each step, by name, as the graph has it."""
        return {self.modules[node.module_id].name: node for node in self.graph.module_nodes}

    def standings(self) -> dict[str, Standing]:
        """Return how every step stands now."""
        found = self._service.get_all_nodes_in_level_status_async(self.id)
        none = Standing(State.WAITING, "NotStarted")
        return {
            name: _standing(found[node.id]) if node.id in found else none
            for name, node in self.nodes.items()
        }

    def step_run(self, step: str) -> Any:
        """Return the run of a step, with its metrics; of a reused one, the run that it was."""
        return Workspace.get_run(self.workspace, self._begun(step).run)

    def log(self, step: str) -> str:
        """Return all that a step has written."""
        run = Workspace.get_run(self.workspace, self._begun(step).run)
        files = run.get_details().get("logFiles") or {}
        names = sorted(files, key=lambda name: ("std_log" not in name, "driver" not in name, name))
        return _download(files[names[0]]) if names else ""

    def problem(self, step: str) -> str:
        """Return what the service says about why a step failed."""
        run = Workspace.get_run(self.workspace, self._begun(step).own_run)
        error = (run.get_details().get("error") or {}).get("error") or {}
        return " ".join(str(error.get("message") or "").split())

    def limit(self, step: str) -> float:
        """Return how many seconds a step may take; 0 is no limit."""
        config = json.loads(self.nodes[step].runconfig or "{}")
        return float(config.get("maxRunDurationSeconds") or 0)

    def location(self, output: Output) -> tuple[str, str]:
        """Return the datastore and the path of a finished output.

        What a failed step left in an output of mode `mount` counts as well.
        """
        standing = self._begun(output.step)
        wanted = output_name(output)
        for setting in self.nodes[output.step].module_output_settings or []:
            left = standing.state is State.FAILED and setting.data_store_mode == "mount"
            if setting.name == wanted and not (standing.state.good or left):
                raise NotFound("finished output", str(output), help="its step is not done")
            if setting.name == wanted:
                options = setting.dataset_output_options
                pattern = options.path_on_datastore if options else "azureml/{run-id}/{output-name}"
                path = pattern.replace("{run-id}", standing.run).replace("{output-name}", wanted)
                return setting.data_store_name, path.strip("/")
        raise NotFound("output", str(output))

    def cancel(self) -> None:
        """Stop what runs, unless the run has ended."""
        if self.code() not in ENDS:
            self._service.cancel_pipeline_run_async(self.id)

    def _begun(self, step: str) -> Standing:
        if step not in self.nodes:
            raise NotFound("step", step, self.nodes)
        standing = self.standings()[step]
        if not standing.run:
            raise NotFound("log", step, help="the step has not begun")
        return standing


def _standing(status: Any) -> Standing:
    code = _word(status.status_code, CODES)
    older = status.reuse_info.run_id if status.reuse_info else None
    state = STATES.get(code, State.WAITING)
    return Standing(
        State.REUSED if older and state is State.DONE else state,
        code,
        run=older or status.run_id or "",
        own_run=status.run_id or older or "",
        detail=" ".join((status.status_detail or "").split()),
        started=status.start_time.timestamp() if status.start_time else 0,
        ended=status.end_time.timestamp() if status.end_time else 0,
    )


def _word(code: Any, words: tuple[str, ...]) -> str:
    text = str(code)
    return words[int(text)] if text.isdecimal() and int(text) < len(words) else text


def _download(url: str) -> str:
    import requests

    with clear("reading a log"):
        answer = requests.get(url, timeout=60)
        answer.raise_for_status()
        return answer.content.decode("utf-8", errors="replace")
