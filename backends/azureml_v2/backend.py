"""The seam (concrete_cli.backend) on Azure ML, SDK v2, and what else a workspace can do.

Each method that a command needs is one call. Nobody signs in before something is asked of Azure.
"""

from __future__ import annotations

import contextlib
import re
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from concrete_cli import lines
from concrete_cli.backend import Event, Options
from concrete_cli.errors import ConcreteError, Interrupted
from concrete_cli.plan import Output, Plan

from .. import computes, travelling
from ..shapes import Finding, Preview, Published, Scheduled
from . import doctor, local_side, outputs, published, schedules, standing, stores, watch
from .client import Client
from .compile import files_of
from .endpoints import Endpoints
from .errors import translate, translated
from .models import Models
from .prepare import prepare
from .preview import preview
from .settings import problems_of_plan, read

MISSING = re.compile(r"(?i)compute.*not (be )?found")


class AzureBackend:
    """Runs plans as pipelines of a workspace; a handle is the name of a run there.

    The run goes on without this process.
    """

    name = "azureml-v2"
    registers = True  # a run registers its models itself, nobody has to wait for it

    def __init__(self, home: Path, settings: Mapping[str, Any]) -> None:
        self._given, self._home = settings, home
        self.settings = read(settings)
        self.client = Client(self.settings, home)
        self.models = Models(self.client)
        self.endpoints = Endpoints(self.client, self.models)

    def submit(self, plan: Plan, run_folder: Path, options: Options) -> str:
        """Upload what is new and start the run; the handle is its name in Azure."""
        name = f"{run_folder.name}-{uuid.uuid4().hex[:8]}"
        with tempfile.TemporaryDirectory(prefix="concrete-") as staging:
            compiled = prepare(self.client, plan, Path(staging), name=name, options=options)
            compiled.pipeline.tags |= travelling.tags(run_folder)
            with self._computes_named(plan):
                answer = self.client.call(
                    "submit the run", lambda ml: ml.jobs.create_or_update(compiled.pipeline)
                )
        return str(answer.name)

    @contextlib.contextmanager
    def _computes_named(self, plan: Plan) -> Iterator[None]:
        """Say which compute is missing, and what there is, when Azure misses one."""
        try:
            yield
        except ConcreteError as failure:
            if not MISSING.search(str(failure)):
                raise
            there = self.client.call(
                "list the computes", lambda ml: [c.name for c in ml.compute.list()]
            )
            wanted = [self.settings.compute_of(step).address for step in plan.steps]
            for name in wanted:
                if name not in ("serverless", *there):
                    raise computes.missing(name, there) from failure
            raise

    def watch(self, handle: str) -> Iterator[Event]:
        """Yield what happens until the run has ended; from any machine, as often as wanted."""
        ml = self.client.ml
        again = lines.line("logs", handle, "--follow", home=self._home)
        hint = f"the run goes on in Azure; watch it again: {again}"
        try:
            events = watch.Watcher(ml, handle, home=self._home).events()
            yield from local_side.recorded(events, handle, self._home)
        except KeyboardInterrupt as stop:
            raise Interrupted("stopped watching", help=hint) from stop
        except Exception as error:
            failure = translate(error, f"watch run {handle}")
            failure.help = "; ".join(filter(None, [failure.help, hint]))
            raise failure from error

    def glance(self, handle: str) -> Iterator[Event]:
        """Yield what has happened so far, and wait for nothing."""
        ml = self.client.ml
        with translated(f"look at run {handle}"):
            events = list(watch.Watcher(ml, handle, home=self._home).so_far())
        yield from local_side.recorded(iter(events), handle, self._home)

    def sets(self, handle: str) -> list[str]:
        """Return what `--set` a run was made with."""
        run = self.client.call(f"look at run {handle}", lambda ml: ml.jobs.get(handle))
        return travelling.sets(run.tags)

    def fetch(self, handle: str, output: Output, into: Path) -> None:
        """Download a finished output, or what a failed step left in one of mode `mount`."""
        outputs.fetch(self.client, handle, output, into)

    def cancel(self, handle: str) -> None:
        """Stop what still runs; stopping a finished run is not an error."""
        self.client.call(f"cancel run {handle}", lambda ml: ml.jobs.begin_cancel(handle))

    def logs(self, handle: str, step: str) -> str:
        """Return what a step has printed so far; of a reused one, when it was computed."""
        runs = outputs.children(self.client, handle)
        if step not in runs:
            return ""
        name = outputs.computed(runs[step])
        return str(self.client.call(f"read the log of {step}", lambda ml: standing.log(ml, name)))

    def location(self, handle: str, output: Output) -> str:
        """Return the URI of a finished output, for a source of another run."""
        return outputs.find(self.client, handle, output.step, output.name)

    def url(self, handle: str) -> str:
        """Return the page of a run in Azure ML studio."""
        run = self.client.call(f"look at run {handle}", lambda ml: ml.jobs.get(handle))
        return str(run.studio_url or "")

    def check(self, plan: Plan) -> list[tuple[str, str]]:
        """Return what this backend cannot do with a plan: dotted keys, and why. Offline."""
        sizes = (travelling.problem(step.name, files_of(step)) for step in plan.steps)
        return [*problems_of_plan(plan, self.settings), *(("", text) for text in sizes if text)]

    def check_there(self, plan: Plan) -> list[tuple[str, str]]:
        """Return what the workspace cannot do with a plan: dotted keys, and why. Asks Azure."""
        return list(stores.problems(self.client, plan))

    def preview(self, plan: Plan, folder: Path, options: Options | None = None) -> Preview:
        """Return the dry run; `folder`, an empty one, takes the scripts. Offline."""
        return preview(plan, self.settings, folder, options)

    def publish(self, plan: Plan, name: str, folder: Path, version: str = "") -> Published:
        """Give the plan a REST address; Azure has no versions of it, the last one is called."""
        del version
        return published.publish(self.client, plan, folder, name)

    def call(self, name: str, parameters: dict[str, str]) -> str:
        """Start a published plan; return the handle of the run."""
        return published.call(self.client, name, parameters)

    def withdraw(self, name: str) -> None:
        """Remove a published plan."""
        published.withdraw(self.client, name)

    def schedule(
        self, plan: Plan, name: str, folder: Path, *, cron_text: str = "", every: str = ""
    ) -> Scheduled:
        """Start the plan at given times."""
        return schedules.schedule(self.client, plan, name, folder, cron_text=cron_text, every=every)

    def schedules(self) -> list[Scheduled]:
        """Return all schedules of the workspace."""
        return schedules.schedules(self.client)

    def disable_schedule(self, name: str) -> Scheduled:
        """Keep a schedule, but let it start nothing."""
        return schedules.disable(self.client, name)

    def delete_schedule(self, name: str) -> None:
        """Remove a schedule."""
        schedules.delete(self.client, name)

    def doctor(self, *, live: bool = False) -> list[Finding]:
        """Return what is there and what is missing; only `live` asks Azure."""
        return list(doctor.examine(self._given, live=live))
