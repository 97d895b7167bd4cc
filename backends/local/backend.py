"""The local side of the seam (concrete_cli.backend)."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from concrete_cli import code, disk, durations, home, journal, leftovers, locks, payload, processors
from concrete_cli.backend import Event, Options
from concrete_cli.cache import Cache
from concrete_cli.errors import ConcreteError, NotFound
from concrete_cli.plan import Output, Plan
from concrete_cli.registry.models import Models
from concrete_cli.runs import Run, Runs

from . import processes, publish
from .forecast import Forecast, forecast
from .launch import start_ahead
from .runner import Runner
from .schedule import Schedule
from .timers import Timers
from .trigger import Trigger

if TYPE_CHECKING:
    from .endpoints import Endpoints

LOG = logging.getLogger("concrete")
PATIENCE = 0.1  # seconds between looks at a run that another process drives


class LocalBackend:
    """Runs plans on this machine, in the process that watches; handles are names of runs."""

    name = "local"

    def __init__(self, home: Path, settings: Mapping[str, Any]) -> None:
        self._home = home
        self._settings = settings
        self._cache = Cache(home)
        self._runs: dict[str, Run] = {}  # by handle: what was read of a run is not read again
        self.models = Models(home)
        self.trigger = Trigger(home)
        self.timers = Timers()

    @cached_property
    def endpoints(self) -> Endpoints:
        """Models that are served on this machine; what serves them is imported only now."""
        from .endpoints import Endpoints

        return Endpoints(self._home)

    def get_ready(self, scripts: Collection[str]) -> None:
        """Begin to import what these scripts import: a run is about to be submitted."""
        if not (processes.FORK_IS_SAFE and scripts):
            return
        with contextlib.suppress(OSError):  # what cannot be read will be said when it is checked
            files = [code.closure(payload.script(name)) for name in scripts]
            at_once = [name for one in files for name in code.ahead(one, late=False)]
            start_ahead((*at_once, *(name for one in files for name in code.ahead(one))))

    def submit(self, plan: Plan, run_folder: Path, options: Options) -> str:  # noqa: ARG002
        """Take note: the files of the run hold all that is needed."""
        return run_folder.name

    def watch(self, handle: str) -> Iterator[Event]:
        """Carry the run out and yield what happens; only listen when another process does."""
        run = self._run(handle)
        if not run.driven:
            run.uncancel()  # a request from before; those that come from now on count
        with locks.hold(run.lock) as mine:
            if mine:
                journal.heal(run.folder / "events.jsonl")
                yield from run.events()
                with home.in_use(self._home):
                    yield from self._carry_out(run)
                return
        yield from self._listen(run)

    def _carry_out(self, run: Run) -> Iterator[Event]:
        """Keep the scratch folder till the last: it says that a runner has something to do."""
        runner = self._runner(run)
        try:
            if run.plan.publishes:  # though all of its steps may be reused
                runner.scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
            yield from runner.events()
            publish.publish(run, self._home)
        finally:
            disk.remove(runner.scratch)

    def clear_up(self) -> None:
        """Finish what runners and supervisors that were killed have left.

        Whatever their steps have started is ended, what a finished run publishes is registered.
        """
        for run in leftovers.abandoned(self._home):
            with contextlib.suppress(OSError), locks.hold(run.lock) as mine:
                if mine:
                    self._finish(run)
        if leftovers.of_endpoints(self._home):
            self.endpoints.sweep()

    def _finish(self, run: Run) -> None:
        scratch = self._home / "tmp" / run.id
        processes.kill_marked({str(scratch)})
        try:
            publish.publish(run, self._home)
        except (ConcreteError, OSError, ValueError, KeyError) as error:
            LOG.warning("what run %s made is not registered: %s", run.id, error)
        finally:
            disk.remove(scratch)

    def fetch(self, handle: str, output: Output, into: Path) -> None:
        """Copy a finished output, or what a failed step left in one of mode `mount`."""
        disk.copy(self.path(handle, output), into)

    def cancel(self, handle: str) -> None:
        """Ask the process that drives the run to stop, and wait until it has."""
        run = self._run(handle)
        while run.driven:
            run.cancel()
            time.sleep(PATIENCE)

    def forecast(self, plan: Plan, options: Options) -> list[Forecast]:
        """Say what would happen to each step, and why, without starting anything."""
        return forecast(plan, options, self._home)

    def path(self, handle: str, output: Output) -> Path:
        """Return the folder of an output, to be read only."""
        run = self._run(handle)
        event = run.last_event(output.step)
        if event and event.state.good:
            entry = self._cache.entry(event.entry)
            folder, damage = entry.output(output.name), entry.damage()
            if folder.is_dir() and not damage:
                return folder
            advice = f"{damage}; make it again: {run.line('resume')}" if damage else ""
            raise NotFound("output", f"{handle}/{output}", help=advice)
        folder = run.folder / "failed" / output.step / "outputs" / output.name
        if event is None or folder.is_symlink() or not folder.is_dir():
            raise NotFound("output", f"{handle}/{output}")
        return folder

    def _run(self, handle: str) -> Run:
        run = self._runs.get(handle)
        if run is None or not run.folder.is_dir():
            run = self._runs[handle] = Runs(self._home).find(handle)
        return run

    def _runner(self, run: Run) -> Runner:
        slots = run.options.jobs or processors.usable()
        known = Runs(self._home).durations(run.plan)
        schedule = Schedule(run.plan, slots, lambda name: known.get(name, 0.0))
        return Runner(run, self._cache, schedule, self._home, keep_warm=self._keep_warm())

    def _keep_warm(self) -> float:
        """Return how many seconds a fork server stays after the run; 0: it goes with the run."""
        return durations.parse(self._settings.get("keep_warm", 0))

    def _listen(self, run: Run) -> Iterator[Event]:
        tail = run.tail()
        while run.driven:
            yield from tail.events()
            time.sleep(PATIENCE)
        yield from tail.events()
