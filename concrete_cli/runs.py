"""Runs on disk: one folder each, whose files are the truth.

    plan.json         the frozen plan
    experiment.toml   the experiment as it was, with what --set changed
    run.json          who ran what, where, with which options; the sums of the two above and its own
    events.jsonl      what happened, a line an event, appended and synced to disk
    failed/           what steps that failed left: their log, and outputs of mode `mount`
    cancel            there when somebody asked the run to stop

The status of a run is a fold over its events; nothing else says how it is.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import Any

from concrete_cli import digest, disk, documents, formats, journal, lines, locks, names, plan_json
from concrete_cli.backend import Event, Options, State
from concrete_cli.errors import Damaged, NotFound, UsageError
from concrete_cli.plan import Plan, Source

FORMAT = 2  # from 2 on run.json is under a sum
AGAIN = "start it again: what is done is found in the cache"
LOG = logging.getLogger("concrete")


@dataclass(frozen=True)
class Run:
    """One execution of a plan."""

    folder: Path

    @property
    def id(self) -> str:
        """The name of the run."""
        return self.folder.name

    @property
    def record(self) -> dict[str, Any]:
        """What run.json says."""
        return documents.read(self.folder / "run.json", formats.RUN, name=self._named("run.json"))

    @cached_property
    def plan(self) -> Plan:
        """The plan that is run."""
        name, content = self._named("plan.json"), self._content("plan.json")
        return plan_json.from_bytes(content, name, trusted="plan.json" in self._sums)

    @property
    def text(self) -> str:
        """The experiment as it was, as TOML."""
        return self._content("experiment.toml").decode("utf-8", errors="replace")

    def check(self) -> None:
        """Raise Damaged where the run is not as it was written."""
        record = self.record
        if damage := self._fold.damage(record.get("events") or 0):
            raise Damaged(f"{self._named('events.jsonl')}: {damage}", help=self._advice)
        for name in self._sums:
            self._content(name)

    @cached_property
    def _sums(self) -> dict[str, str]:
        return self.record.get("files") or {}

    def _content(self, name: str) -> bytes:
        """Return the bytes of a file that never changes, if they are those that were written."""
        try:
            found = documents.raw(self.folder / name)
        except FileNotFoundError:
            if not self.folder.is_dir():
                raise
            raise Damaged(f"{self._named(name)}: is missing", help=AGAIN) from None
        if name in self._sums and self._sums[name] != hashlib.sha256(found).hexdigest():
            raise Damaged(f"{self._named(name)}: has changed", help=AGAIN)
        return found

    def _named(self, name: str) -> str:
        return f"run {self.id}: {name}"

    @property
    def _advice(self) -> str:
        return f"concrete resume {self.id} finds what was done, and does the rest again"

    @property
    def options(self) -> Options:
        """How the run is carried out."""
        options = self.record["options"]
        return Options(**options | {"force": tuple(options["force"])})

    def line(self, command: str, *words: str) -> str:
        """Return a command about this run that works when pasted."""
        return lines.line(command, self.id, *words, home=self.folder.parents[1])

    @property
    def lock(self) -> Path:
        """The file that whoever drives the run holds locked."""
        return self.folder / "lock"

    def note(self, **facts: Any) -> None:
        """Add facts to run.json, and how far the events have come."""
        events = self.folder / "events.jsonl"
        far = {"events": events.stat().st_size} if events.is_file() else {}
        documents.write(self.folder / "run.json", self.record | far | facts)

    def append(self, events: Iterable[Event]) -> None:
        """Write events down; they are on disk when this returns."""
        journal.append(self.folder / "events.jsonl", events)

    def noted(self, events: Iterable[Event]) -> Iterator[Event]:
        """Yield events, and write those down that are not written down yet."""
        return journal.noted(self.folder / "events.jsonl", events)

    def events(self) -> list[Event]:
        """Return all that happened; a line that a crash cut short does not count."""
        return list(self.tail().events())

    def tail(self) -> journal.Tail:
        """Return a reader that gives what is new in the events since it was last asked."""
        return journal.Tail(self.folder / "events.jsonl")

    def last_events(self) -> dict[str, Event]:
        """Return the last event of each step that has any."""
        return dict(self._fold.last())

    def last_event(self, step: str) -> Event | None:
        """Return the last event of one step."""
        return self._fold.last().get(step)

    @cached_property
    def _fold(self) -> journal.Fold:
        return journal.Fold(self.folder / "events.jsonl")

    @property
    def driven(self) -> bool:
        """Whether a process is carrying the run out at this moment."""
        return locks.is_held(self.lock)

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked the run to stop."""
        return (self.folder / "cancel").exists()

    def cancel(self) -> None:
        """Ask whoever drives the run to stop it."""
        (self.folder / "cancel").touch()

    def uncancel(self) -> None:
        """Let the run go on."""
        (self.folder / "cancel").unlink(missing_ok=True)


class Runs:
    """All runs below a home."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "runs"
        self._removed = home / "removed-runs"  # names, a line each: lineages cite them

    def create(
        self, plan: Plan, *, experiment: str, options: Options, facts: Mapping[str, Any]
    ) -> Run:
        """Write a new run down, whole or not at all; `experiment` is the text of its TOML file."""
        now = datetime.now().astimezone()
        run, scratch = self._reserve(now)
        disk.write(scratch / "plan.json", disk.as_lines(plan_json.document(plan)))
        disk.write(scratch / "experiment.toml", experiment)
        sums = {name: digest.of_file(scratch / name) for name in ("plan.json", "experiment.toml")}
        number = max((order[0] for order, _ in self._in_order()), default=0) + 1
        record = {"format": FORMAT, "id": run.id, "number": number, "created": now.isoformat()}
        record |= {**facts, "options": vars(options), "files": sums}
        documents.write(scratch / "run.json", record)
        (scratch / "lock").touch()
        disk.failpoint("run:create")
        scratch.rename(run.folder)
        disk.failpoint("run:created")
        disk.sync_folder(self.folder)
        return run

    def all(self) -> list[Run]:
        """Return the runs, newest first."""
        return [run for _, run in sorted(self._in_order(), key=lambda pair: pair[0], reverse=True)]

    def find(self, wanted: str, fits: Callable[[Run], bool] = lambda _: True) -> Run:
        """Return the run that a person means: `latest`, a name, or its beginning, or its word."""
        if wanted == "latest":
            for run in self.all():
                with contextlib.suppress(Damaged):  # it hides no other
                    if fits(run):
                        return run
            raise NotFound("run", wanted, help=self._none())
        ids = sorted((path.name for path in self._folders()), reverse=True)
        found = names.matches(wanted, ids)
        if len(found) > 1:
            raise UsageError(
                f"{wanted!r} may be {', '.join(sorted(found)[:5])}", help="say more of its name"
            )
        if not found:
            raise NotFound("run", wanted, ["latest", *ids], help="" if ids else self._none())
        return Run(self.folder / found[0])

    def damaged(self) -> list[tuple[Run, str]]:
        """Return the runs whose run.json cannot be read, and why; `all` leaves them out."""
        runs = [Run(path) for path in self._folders()]
        found = [(run, documents.damage(partial(_order, run))) for run in runs]
        return [(run, damage) for run, damage in found if damage]

    def remove(self, run: Run, scratch: Path) -> None:
        """Remove a run; no other one is ever called like it."""
        disk.append_lines(self._removed, [run.id])
        disk.put_aside(run.folder, scratch)

    def like(self, plan: Plan, count: int, within: int = 200) -> list[Run]:
        """Return the newest runs of the workflow of a plan: in others a name means another step."""
        recent = self.all()[:within]
        same = (run for run in recent if run.record.get("workflow", plan.name) == plan.name)
        return [*islice(same, count)]

    def durations(self, plan: Plan, recent: int = 10) -> dict[str, float]:
        """Return how many seconds steps like those of the plan took when they last ran.

        A step is like another one that has its name, script and parameters, and works on the same
        sources. The seconds of others would tell nothing.
        """
        wanted = {step.name: (step.script, step.params) for step in plan.steps}
        sources = _sources(plan)
        found: dict[str, float] = {}
        for run in self.like(plan, recent):
            before = run.plan
            if _sources(before) != sources:
                continue
            alike = {
                step.name
                for step in before.steps
                if wanted.get(step.name) == (step.script, step.params)
            }
            for event in run.last_events().values():
                # A step that was reused took what its entry says, where there is one.
                took = event.state is State.DONE or (event.state.good and event.entry)
                if took and event.step in alike:
                    found.setdefault(event.step, event.seconds)
            if len(found) == len(wanted):
                break
        return found

    def _none(self) -> str:
        home = self.folder.parent
        return f"no run has been made in {home} yet: {lines.first('train', home)}"

    def _folders(self) -> list[Path]:
        if not self.folder.is_dir():
            return []
        seen = (path for path in self.folder.iterdir() if not path.name.startswith("."))
        return [path for path in seen if (path / "run.json").is_file()]

    def _in_order(self) -> Iterator[tuple[tuple[int, datetime], Run]]:
        """Yield runs with what orders them: a number, since clocks may be set back."""
        for run in map(Run, self._folders()):
            try:
                yield _order(run), run
            except FileNotFoundError:
                continue  # somebody removes it at this moment
            except (OSError, Damaged) as error:
                LOG.warning("%s; it is left out", error)

    def _reserve(self, now: datetime) -> tuple[Run, Path]:
        """Return a run whose name is free, and the folder that keeps the name for us till then."""
        taken = {path.name.removeprefix(".") for path in self.folder.iterdir()}
        with contextlib.suppress(FileNotFoundError):
            taken |= set(self._removed.read_text(encoding="utf-8", errors="replace").splitlines())
        while True:
            run = Run(self.folder / names.new(now, taken))
            scratch = self.folder / f".{run.id}"
            taken.add(run.id)
            with contextlib.suppress(FileExistsError):
                scratch.mkdir(mode=0o700)
                if not run.folder.exists():
                    return run, scratch
                scratch.rmdir()


def _order(run: Run) -> tuple[int, datetime]:
    record = run.record
    created = datetime.fromisoformat(record["created"])
    return record.get("number") or 0, created if created.tzinfo else created.astimezone()


def _sources(plan: Plan) -> set[str]:
    items = (item for step in plan.steps for _, item in step.items())
    return {item.uri for item in items if isinstance(item, Source)}


def status(plan: Plan, last: Mapping[str, Event], *, driven: bool, cancelled: bool) -> str:
    """Return how a run is: running, done, failed, cancelled or interrupted.

    A run is done when each step ended well, those excepted that may fail.
    """
    states = {
        step.name: last[step.name].state if step.name in last else None for step in plan.steps
    }
    ended = all(state is not None and state.ended for state in states.values())
    if not ended:
        return "running" if driven else "cancelled" if cancelled else "interrupted"
    needed = (step.name for step in plan.steps if not step.optional)
    good = all((state := states[name]) is not None and state.good for name in needed)
    return "done" if good else "failed"
