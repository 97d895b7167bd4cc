"""How one run in the cloud stands: when it ran, why it failed, what it printed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from concrete_cli.backend import State

from .. import exits
from ..scrubbing import scrub
from .errors import one_line

STATES = {
    "Running": State.RUNNING,
    "Finalizing": State.RUNNING,
    "Completed": State.DONE,
    "Failed": State.FAILED,
    "NotResponding": State.FAILED,
    "Canceled": State.FAILED,
}


@dataclass(frozen=True)
class Standing:
    """What run history says of a run; times are seconds since the epoch, 0 is unknown."""

    name: str
    started: float = 0
    ended: float = 0
    reason: str = ""


def state_of(run: Any) -> State:
    """Return the state of the step that a run of the cloud carries out."""
    state = STATES.get(run.status, State.WAITING)
    if state is State.DONE and (run.properties or {}).get("azureml.isreused") == "true":
        return State.REUSED
    return state


def step_of(run: Any) -> str:
    """Return the name of the step that a run of the cloud carries out."""
    return str(run.display_name or run.name)


def standing(ml: Any, name: str) -> Standing:
    """Ask for the times of a run and, in one line, for the reason of its failure."""
    details = ml.jobs._runs_operations.get_run_details(name)  # noqa: SLF001  no public way
    reason = exits.told(one_line(details.error.error)) if details.error else ""
    return Standing(name, _seconds(details.start_time_utc), _seconds(details.end_time_utc), reason)


def log(ml: Any, name: str) -> str:
    """Return what a step printed so far; `jobs.download` would refuse while it runs."""
    from azure.ai.ml.operations._job_ops_helper import download_text_from_url

    details = ml.jobs._runs_operations.get_run_details(name)  # noqa: SLF001  no public way
    files = details.log_files or {}
    wanted = [file for file in files if file.startswith("user_logs/")] or list(files)
    requests = ml.jobs._requests_pipeline  # noqa: SLF001
    return scrub("".join(download_text_from_url(files[file], requests) for file in wanted))


def _seconds(time: datetime | str | None) -> float:
    if not time:
        return 0
    return (datetime.fromisoformat(time) if isinstance(time, str) else time).timestamp()
