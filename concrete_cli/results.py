"""What a run came to, as one JSON document: for `--json`, for the summary, for scripts."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from concrete_cli import digest, disk, documents, formats, runs
from concrete_cli import results_finetune as tuned
from concrete_cli.backend import Backend, Event, State, were_stopped
from concrete_cli.cache import Cache
from concrete_cli.errors import ConcreteError, NotFound, StaysThere, StepFailed
from concrete_cli.plan import Output, Plan, Source
from concrete_cli.runs import Run, Runs

SCHEMA_VERSION = 1
LOG = logging.getLogger("concrete")
# The outputs that a person wants to have at hand: they are copied beside the run.
KEPT = {
    "leaderboard": "select.leaderboard",
    "model": "select.model",
    "report": "evaluate.report",
}


def document(run: Run, backend: Backend) -> dict[str, Any]:
    """Return the document of a run; what has not come about yet is null."""
    run.check()
    record, plan, last = run.record, run.plan, run.last_events()
    own = record["workflow"] == "run"
    paths = {} if own else at_hand(run, backend, last)
    board = _read(paths.get("leaderboard"), "leaderboard.json")
    now = status(run, plan, last)
    said = warnings(run, last)
    return {
        "schema_version": SCHEMA_VERSION,
        "run": run.id,
        "workflow": record["workflow"],
        "backend": record["backend"],
        "status": now,
        "seconds": record.get("seconds", 0),
        "steps": steps(plan, last, going=now == "running"),
        "failure": failed.document() if (failed := _failure(run, now)) else None,
        "notices": said["notices"],
        "warnings": said["warnings"],
        "leaderboard": _leaderboard(board),
        "selected": _selected(board),
        "test": _test(_read(paths.get("report"), "metrics.json")),
        "paths": {"run": str(run.folder)}
        | {name: str(paths[name]) if name in paths else None for name in KEPT},
        **({"outputs": outputs(run, backend, plan, last)} if own else {}),
        **(
            tuned.document(run, backend, last, paths.get("leaderboard"))
            if record["workflow"] == "finetune"
            else {}
        ),
    }


def outputs(
    run: Run, backend: Backend, plan: Plan, last: dict[str, Event]
) -> dict[str, str | None]:
    """Return where the outputs are that no other step reads; null: not there yet.

    What a backend elsewhere has made is copied into the run's folder, once, or stays at a URI.
    """
    read = {item for step in plan.steps for _, item in step.items()}
    handle = run.record.get("handle", run.id)
    path = getattr(backend, "path", None)  # a backend on this machine knows the folder itself
    found: dict[str, str | None] = {}
    for output in (one for step in plan.steps for one in step.outputs if one not in read):
        event = last.get(output.step)
        found[str(output)] = None
        if event and event.state.good:
            with contextlib.suppress(NotFound):
                try:
                    folder = path(handle, output) if path else brought(run, backend, output, event)
                    found[str(output)] = str(folder)
                except StaysThere:
                    there: Any = backend  # who keeps it there can say where
                    found[str(output)] = there.location(handle, output)
    return found


def steps(plan: Plan, last: dict[str, Event], *, going: bool) -> list[dict[str, Any]]:
    """Return name, state, seconds and attempt of each step.

    A runner that was killed could not say so of its steps: unless the run is `going`, none runs.
    """
    found = []
    for step in plan.steps:
        event = last.get(step.name, Event(step.name, State.WAITING))
        state = State.WAITING if event.state is State.RUNNING and not going else event.state
        facts = {"seconds": event.seconds, "attempt": event.attempt}
        found.append({"name": step.name, "state": state.value, **facts})
    return found


def warnings(run: Run, last: dict[str, Event]) -> dict[str, list[str]]:
    """Return what a run of this machine has to say of the data.

    `notices` change what its scores mean; `warnings` are oddities of single rows and columns.
    """
    home, profile = run.folder.parents[1], dict[str, Any]()
    event = last.get("prepare") or _prepared_before(run)
    if event and event.entry:
        entry = Cache(home).entry(event.entry)
        with contextlib.suppress(FileNotFoundError):  # it was removed
            content = entry.file("data", "profile.json")
            profile = documents.checked(content, formats.PROFILE, f"{entry.path}: profile.json")
    return {name: list(profile.get(name) or []) for name in ("notices", "warnings")}


def _prepared_before(run: Run) -> Event | None:
    """Return the end of the step that prepared the data of a run which goes on from another."""
    items = (item for step in run.plan.steps for _, item in step.items())
    uris = {item.uri for item in items if isinstance(item, Source)}
    for name in {uri.removeprefix("run:").partition("/")[0] for uri in uris if "run:" in uri}:
        with contextlib.suppress(ConcreteError):
            return Runs(run.folder.parents[1]).find(name).last_events().get("prepare")
    return None


def status(run: Run, plan: Plan | None = None, last: dict[str, Event] | None = None) -> str:
    """Return running, done, failed, cancelled or interrupted."""
    last = run.last_events() if last is None else last
    plan, cancelled = plan or run.plan, run.cancelled
    if not run.record.get("remote"):
        return runs.status(plan, last, driven=run.driven, cancelled=cancelled)
    # It goes on by itself: what was seen of it last counts, also that others have stopped it.
    cancelled = cancelled or were_stopped(last.values())
    said = runs.status(plan, last, driven=not cancelled, cancelled=cancelled)
    return "cancelled" if cancelled and said == "failed" else said


def failure(run: Run) -> StepFailed | None:
    """Return the first failure that made a run fail, with all that helps to mend it."""
    plan = run.plan
    resume = f"{run.line('resume')}; an edited experiment needs a new run"
    last = sorted(run.last_events().values(), key=lambda event: event.time)
    for event in last:
        if event.state is State.FAILED and not plan.step(event.step).optional:
            log = str(event.facts.get("log", ""))
            return StepFailed(
                event.step,
                event.detail,
                run=run.id,
                tail=str(event.facts.get("tail", "")) or disk.tail(Path(log)),
                log=log,
                replay=str(event.facts.get("replay", "")),
                help=f"correct the cause, then: {resume}",
            )
    for event in last:
        if event.state is State.SKIPPED and run.record.get("remote"):  # no step could even fail
            why = f"did not run: {event.detail}"
            return StepFailed(event.step, why, run=run.id, help=f"continue it: {resume}")
    return None


def _failure(run: Run, status: str) -> StepFailed | None:
    return failure(run) if status == "failed" else None


def keep(run: Run, backend: Backend, last: dict[str, Event]) -> dict[str, Path]:
    """Copy the outputs that people want to have at hand into the run's folder; return where."""
    paths: dict[str, Path] = {}
    for name, text in KEPT.items():
        step, _, output = text.partition(".")
        event, folder = last.get(step), run.folder / name
        if event is None or not event.state.good:
            disk.remove(folder)  # it may be from before the run was resumed
            continue
        with contextlib.suppress(NotFound, StaysThere):
            _copy(run, backend, Output(step, output), event, folder)
        if folder.is_dir():
            paths[name] = folder
    return paths


def at_hand(run: Run, backend: Backend, last: dict[str, Event]) -> dict[str, Path]:
    """Return where the outputs are that people want to have at hand; where they can be, unmoved.

    Looking at a run of this machine writes nothing. Of one elsewhere what was not brought yet is
    brought now, if this home takes it.
    """
    path = getattr(backend, "path", None)
    if path is None:
        try:
            return keep(run, backend, last)
        except OSError as error:
            LOG.warning("what the run has made stays where it is: %s", error)
    paths: dict[str, Path] = {}
    for name, text in KEPT.items():
        step, _, output = text.partition(".")
        event, folder = last.get(step), run.folder / name
        if event and event.state.good:
            if _is_copy(run, folder, event):
                paths[name] = folder
            elif path:
                with contextlib.suppress(NotFound):
                    paths[name] = path(run.record.get("handle", run.id), Output(step, output))
    return paths


def test_scores(run: Run, backend: Backend) -> dict[str, float]:
    """Return what the registry of a cloud is told of a model: its scores on the test rows."""
    found = _test(_read(keep(run, backend, run.last_events()).get("report"), "metrics.json"))
    return {name: found[name] for name in ("rmse", "mae", "r2")} if found else {}


def brought(run: Run, backend: Backend, output: Output, event: Event) -> Path:
    """Copy an output that is elsewhere into the run's folder; return where it is.

    `event` is the end of its step.
    """
    folder = run.folder / "outputs" / str(output)
    folder.parent.mkdir(exist_ok=True)
    _copy(run, backend, output, event, folder)
    return folder


def _copy(run: Run, backend: Backend, output: Output, event: Event, folder: Path) -> None:
    """Copy an output into a folder, once for each time that its step has come to an end.

    A step of a run that is resumed runs again when what it is made of has changed meanwhile.
    """
    mark, scratch = (folder.with_name(f".{folder.name}{end}") for end in ("-of", ""))
    made_by = f"{event.entry} {event.time}"
    if (
        folder.is_dir()
        and mark.is_file()
        and mark.read_bytes().decode() == _marked(made_by, folder)
    ):
        return
    disk.remove(scratch)
    backend.fetch(run.record.get("handle", run.id), output, scratch)
    disk.remove(folder)
    scratch.rename(folder)
    disk.write(mark, _marked(made_by, folder))


def _marked(made_by: str, folder: Path) -> str:
    """Return what is noted of a copy: what it is of and what is in it; a changed one is no copy."""
    return f"{made_by} {digest.of_json(digest.of_files(folder))}"


def _is_copy(run: Run, folder: Path, event: Event) -> bool:
    """Whether a folder beside the run is what was copied when its step had come to this end."""
    made_by = f"{event.entry} {event.time}"
    with contextlib.suppress(OSError):
        mark = folder.with_name(f".{folder.name}-of").read_bytes()
        if not folder.is_dir() or mark == _marked(made_by, folder).encode():
            return folder.is_dir()
        if mark.startswith(f"{made_by} ".encode()):
            again = f"to write it again: {run.line('resume')}"
            LOG.warning("%s has changed, the cache is shown; %s", folder, again)
    return False


def _read(folder: Path | None, name: str) -> dict[str, Any] | None:
    return documents.find(folder / name, formats.OF_OUTPUTS[name]) if folder else None


def _leaderboard(board: dict[str, Any] | None) -> list[dict[str, Any]]:
    candidates: Iterable[dict[str, Any]] = board["candidates"] if board else []
    wanted = ("candidate", "status", "error", "cv", "difference", "seconds")
    return [{name: one.get(name) for name in wanted} for one in candidates]


def _selected(board: dict[str, Any] | None) -> dict[str, Any] | None:
    if not board:
        return None
    for one in board["candidates"]:
        if one["candidate"] == board["selected"]:
            return {"candidate": one["candidate"], "cv": one["cv"]}
    return None


def _test(metrics: dict[str, Any] | None) -> dict[str, Any] | None:
    if not metrics:
        return None
    wanted = ("rows", "rmse", "mae", "r2", "rmse_ci", "coverage", "width")
    return {name: metrics.get(name) for name in wanted}
