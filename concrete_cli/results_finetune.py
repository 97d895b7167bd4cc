"""What finetune adds to the document of a run: tuning, gates, the registered version."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Any

from concrete_cli import documents, formats
from concrete_cli.backend import Backend, Event, State
from concrete_cli.errors import GateNotMet, NotFound, StaysThere
from concrete_cli.plan import Output
from concrete_cli.runs import Run

TUNING = (
    "trials",
    "seconds",
    "best",
    "gain",
    "gain_se",
    "kept",
    "untuned",
    "metric",
    "done",
    "stopped",
    "failed",
    "params",
)
GATES = Output("register", "gates", mode="mount")


def document(
    run: Run, backend: Backend, last: dict[str, Event], board: Path | None
) -> dict[str, Any]:
    """Return tuning, gates and registered; what has not come about yet is null or empty."""
    tuning = documents.find(board / "tuning.json", formats.TUNING) if board else None
    told = {name: tuning.get(name) for name in TUNING} if tuning else None
    return {
        "tuning": told | {"best_trial": _best_trial(tuning)} if told and tuning else None,
        "gates": _gates(run, backend, last),
        "registered": run.record.get("registered"),
        "unregistered": _unregistered(run),
    }


def _best_trial(tuning: dict[str, Any]) -> float | None:
    """Return the best score of a trial on the folds that chose it: it is optimistic."""
    scores = [one["value"] for one in tuning.get("history", ()) if one["value"] is not None]
    best = max if tuning["metric"] == "r2" else min
    return best(scores, default=None)


def _unregistered(run: Run) -> dict[str, Any] | None:
    """Return what to add to which experiment, where nothing says what the model is called."""
    record = run.record
    if any(step.name == GATES.step for step in run.plan.steps) or "file" not in record:
        return None
    return {"file": record["file"], "add": ["[register]", f'name = "{record["experiment"]}"']}


def unmet(found: dict[str, Any]) -> GateNotMet | None:
    """Return the error that says which gates were not met; None when all were, or none was."""
    gates = [gate for gate in found.get("gates") or () if not gate["met"]]
    if not gates:
        return None
    told = "; ".join(f"{gate['metric']} {_number(gate)}, wanted {gate['rule']}" for gate in gates)
    hint = "nothing was registered; the gates are in [register] of the experiment"
    return GateNotMet(f"gate not met: {told}", result=found, help=hint)


def _gates(run: Run, backend: Backend, last: dict[str, Event]) -> list[dict[str, Any]]:
    """Return what the gates said in this run, also when they ended it."""
    event = last.get(GATES.step)
    if event is None or not (event.state.good or event.state is State.FAILED):
        return []
    found, handle = None, run.record.get("handle", run.id)
    path = getattr(backend, "path", None)  # a backend on this machine knows the folder itself
    with (
        contextlib.suppress(NotFound, StaysThere),
        tempfile.TemporaryDirectory(prefix="concrete-") as scratch,
    ):
        folder = path(handle, GATES) if path else Path(scratch) / "gates"
        if not path:
            backend.fetch(handle, GATES, folder)
        found = documents.find(folder / "gates.json", formats.GATES)
    return list(found["gates"]) if found else []


def _number(gate: dict[str, Any]) -> str:
    return "unknown" if gate["value"] is None else f"{gate['value']:.6g}"
