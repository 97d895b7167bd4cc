"""Driving a run from the terminal: progress, Ctrl-C, detaching, the result at the end."""

from __future__ import annotations

import contextlib
import logging
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

from concrete_cli import detached, disk, memory, results, results_finetune, tracking
from concrete_cli import execute as executor
from concrete_cli.backend import Backend, Event
from concrete_cli.cli import streams
from concrete_cli.cloud import remote, resuming
from concrete_cli.errors import ConcreteError, Interrupted, NotFound, UsageError
from concrete_cli.execute import Request
from concrete_cli.runs import Run
from concrete_cli.view import output, progress, undeclared
from concrete_cli.workspace import Workspace

LOG = logging.getLogger("concrete")
PIPE = Path("-")
REPORTED = ("train", "finetune")  # workflows whose result is worth a page


@dataclass(frozen=True)
class Manner:
    """How to show it."""

    detach: bool = False
    as_json: bool = False
    quiet: bool = False
    verbose: bool = False
    report: Path | None = None  # the file that takes the page of the run


def execute(request: Request, manner: Manner) -> int:
    """Make a run of an experiment and see it through, or leave it to a process of its own."""
    if manner.detach and manner.report:
        hint = "leave one of them out"
        raise UsageError("--report is written when a run ends, --detach does not wait", help=hint)
    if manner.as_json and manner.report == PIPE:
        raise UsageError("stdout cannot hold both the report and --json", help="--report FILE")
    prepared = executor.prepare(request, to_run=not manner.detach)
    run = executor.submit(prepared, None if manner.quiet else _tell)
    if manner.detach and remote.goes_on(prepared.backend):
        output.detached(run, as_json=manner.as_json)
        return 0
    if manner.detach:
        return _detach(run, prepared.workspace, manner)
    return follow(run, prepared.workspace, prepared.backend, manner)


def forecast(request: Request, *, as_json: bool, into: Path | None = None) -> int:
    """Say what would run, and start nothing; `into` takes what would be sent elsewhere."""
    from concrete_cli.commands import previews
    from concrete_cli.view import cloud

    prepared = executor.prepare(replace(request, dry=True))
    found = previews.of(prepared, into)
    if found is None:
        output.forecast(prepared, as_json=as_json)
    else:
        cloud.preview(found, as_json=as_json)
    return 0


def follow(run: Run, workspace: Workspace, backend: Backend, manner: Manner) -> int:
    """Watch a run until it has ended, and print what it came to."""
    try:
        watch(run, workspace, backend, manner)
        if manner.report:
            _write_report(run, workspace, manner.report)
        return conclude(run, backend, manner)
    except FileNotFoundError as error:
        if run.folder.exists():
            raise
        lost = "its folder was removed while it went on; start it again"
        raise NotFound("run", run.id, help=lost) from error


def resume(run: Run, workspace: Workspace, backend: Backend, manner: Manner) -> int:
    """Go on with a run, wherever it is, and see it through."""
    if remote.goes_on(backend):
        resuming.submit_again(run, backend, None if manner.quiet else _tell)
    return follow(run, workspace, backend, manner)


def watch(run: Run, workspace: Workspace, backend: Backend, manner: Manner) -> None:
    """Show how a run goes until it has ended."""
    expected = workspace.runs.durations(run.plan)
    begin = time.monotonic()
    if not manner.quiet:
        with contextlib.suppress(OSError):
            print(f"run {run.id}", file=sys.stderr, flush=True)
    goes_on = remote.goes_on(backend)
    driven = run.driven  # by another process here: this one only listens
    told = set() if goes_on or driven else _ended_badly(run)
    done = not goes_on and bool(run.events()) and results.status(run) == "done"
    events = backend.watch(run.record.get("handle", run.id))
    happened: list[Event] = []
    with (
        leaving(run) if goes_on or driven else _stopping(run),
        progress.progress(run.plan, expected, quiet=manner.quiet, verbose=manner.verbose) as shown,
    ):
        for event in run.noted(events) if goes_on else events:
            LOG.debug("step %s is %s %s", event.step, event.state, event.detail)
            if (event.step, event.time) in told:
                continue
            happened.append(event)
            with contextlib.suppress(OSError):  # nobody looks any more; the run goes on
                shown.show(event)
    undeclared.warn(run, happened)
    if driven or done:
        return
    if goes_on:
        remote.register(run, backend)
    run.note(seconds=round(time.monotonic() - begin, 3), memory=memory.peak())


def _ended_badly(run: Run) -> set[tuple[str, float]]:
    """Return the steps that did not end well before now, and when: they are tried again."""
    return {(event.step, event.time) for event in run.events() if not event.state.good}


def conclude(run: Run, backend: Backend, manner: Manner) -> int:
    """Print the result of a run that has ended, or raise what it failed of."""
    document = check(run, backend, manner)
    if document["workflow"] != "score":
        if manner.report == PIPE:
            return 0
        output.result(document, as_json=manner.as_json)
        if document["workflow"] in REPORTED and not (manner.as_json or manner.report):
            _tell(f"see it    {run.line('report', '--open')}")
        return 0
    from concrete_cli.commands import scoring
    from concrete_cli.view import score

    found = scoring.deliver(run, backend, None if manner.as_json else streams.answer())
    score.scored(found, run, as_json=manner.as_json)
    return 0


def check(run: Run, backend: Backend, manner: Manner) -> dict[str, Any]:
    """Return the document of a run that has ended well, or raise what it failed of."""
    if run.record["workflow"] != "run":
        try:
            results.keep(run, backend, run.last_events())
        except OSError as error:  # the result is there all the same
            LOG.warning("what the run has made is not copied beside it: %s", error)
    document = results.document(run, backend)
    if document["status"] in ("cancelled", "interrupted"):
        again = f"continue it: {run.line('resume')}"
        raise Interrupted(f"run {run.id} was stopped", help=again)
    tracking.tell(Workspace(run.folder.parents[1]), run, document)
    if unmet := results_finetune.unmet(document):
        if not manner.as_json:
            output.result(document, as_json=False)
        raise unmet
    if failure := results.failure(run):
        raise failure
    return document


def _write_report(run: Run, workspace: Workspace, file: Path) -> None:
    """Write the page of a run that has ended, also of one that has failed."""
    from concrete_cli.report import page, write

    if file == PIPE:
        streams.answer().write(page.of_run(workspace, run))
        return
    write.write(workspace, run, file)
    _tell(f"wrote {file}")


def _tell(text: str) -> None:
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def _detach(run: Run, workspace: Workspace, manner: Manner) -> int:
    """Leave the run to a process of its own that survives this terminal."""
    process = detached.leave(run, workspace.home)
    while not run.driven and not run.events():
        if process.poll():
            raise ConcreteError(
                f"run {run.id} could not be left to itself",
                help=disk.tail(run.folder / detached.LOG),
            )
        time.sleep(0.02)
    output.detached(run, as_json=manner.as_json)
    return 0


@contextlib.contextmanager
def leaving(run: Run) -> Iterator[None]:
    """Ctrl-C (or SIGTERM) ends the watching; the run goes on where it is."""

    def leave(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    except (KeyboardInterrupt, Interrupted):
        record = run.record
        where = afar = ""
        if record.get("remote"):
            where = f" in {record['backend']}"
            afar = (
                f" on another machine: concrete logs {record['handle']} --follow --backend"
                f" {record['backend']};"
            )
        raise Interrupted(
            f"run {run.id} goes on{where}",
            help=f"watch it again: {run.line('resume')};{afar} stop it: {run.line('cancel')}",
        ) from None
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def _stopping(run: Run) -> Iterator[None]:
    """The first Ctrl-C (or SIGTERM) asks the run to stop; the second one stops at once."""
    asked = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        run.cancel()
        with contextlib.suppress(OSError):  # the terminal may be gone
            print("\nstopping; again to stop at once", file=sys.stderr, flush=True)
        del number, frame

    heard = [signal.SIGINT, signal.SIGTERM, *streams.hang_ups()]
    before = {number: signal.signal(number, stop) for number in heard}
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(
            f"run {run.id} was stopped at once", help=f"continue it: {run.line('resume')}"
        ) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
