"""The Azure ML side of the seam (concrete_cli.backend), and what else this backend can do.

Each method that a command needs is one call. Nothing here imports the SDK until it is called.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from concrete_cli import code
from concrete_cli.backend import Event, Options
from concrete_cli.errors import ConcreteError
from concrete_cli.plan import Output, Plan

from .. import replaying, travelling
from ..scrubbing import scrub
from . import cron, sdk, snapshot
from .doctor import examine
from .parameters import Parameters
from .resolve import Resolver
from .settings import read

if TYPE_CHECKING:
    from ..shapes import Finding, Preview, Published, Scheduled
    from .client import Client
    from .endpoints import Endpoints
    from .models import Models
    from .submitted import Submitted


SHOWN = 3  # names in one line


class AzureBackend:
    """Runs plans as pipelines of an Azure ML workspace; a handle is the id of a run there."""

    name = "azureml"
    notice = sdk.SUPPORT_ENDED  # told once, before anything else

    def __init__(self, home: Path, settings: Mapping[str, Any]) -> None:
        self._home, self._given = home, settings
        self.settings = read(settings)

    @cached_property
    def client(self) -> Client:
        """The way to the workspace; it is found when something is asked of it."""
        resolver = Resolver(self._home, self)
        made: Client = sdk.part("client").Client(self.settings, resolver)
        return made

    def submit(self, plan: Plan, run_folder: Path, options: Options) -> str:
        """Upload what is new and start the run; the handle is its id in Azure."""
        folder = run_folder / "snapshots"
        try:
            tags = travelling.tags(run_folder)
            return self.client.submit(plan, folder, options, run_folder.name, tags)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def watch(self, handle: str) -> Iterator[Event]:
        """Yield what happens; any machine that may read the workspace can do so."""
        events: Iterator[Event] = sdk.part("watch").watch(self._submitted(handle), self._home)
        return replaying.filled(events, handle, self._home)

    def glance(self, handle: str) -> Iterator[Event]:
        """Yield what has happened so far, and wait for nothing."""
        events: Iterator[Event] = sdk.part("watch").glance(self._submitted(handle))
        return replaying.filled(events, handle, self._home)

    def sets(self, handle: str) -> list[str]:
        """Return what `--set` a run was made with."""
        with sdk.part("errors").clear("looking at the run"):
            return travelling.sets(self._submitted(handle).tags())

    def fetch(self, handle: str, output: Output, into: Path) -> None:
        """Copy one finished output folder to `into`, which must not exist or be empty."""
        with sdk.part("errors").clear(f"fetching {output}"):
            store, path = self._submitted(handle).location(output)
            sdk.part("download").folder(self.client.datastore(store), path, into)

    def cancel(self, handle: str) -> None:
        """Stop what still runs; stopping a finished run is not an error."""
        with sdk.part("errors").clear("cancelling the run"):
            self._submitted(handle).cancel()

    def logs(self, handle: str, step: str) -> str:
        """Return what a step has written so far."""
        with sdk.part("errors").clear(f"reading the log of {step}"):
            return scrub(self._submitted(handle).log(step))

    def metrics(self, handle: str, step: str) -> dict[str, Any]:
        """Return the metrics that a step has logged to its run."""
        with sdk.part("errors").clear(f"reading the metrics of {step}"):
            return dict(self._submitted(handle).step_run(step).get_metrics())

    def location(self, handle: str, output: Output) -> str:
        """Return the URI of a finished output, for a source of another run."""
        with sdk.part("errors").clear(f"looking for {output}"):
            store, path = self._submitted(handle).location(output)
        return f"azureml://datastores/{store}/paths/{path}/**"

    def check(self, plan: Plan) -> list[tuple[str, str]]:
        """Return what this backend cannot do with a plan: dotted keys, and why. Offline."""
        parameters = Parameters(self.settings.parameters, plan)
        found = [("parameters", text) for text in parameters.problems()]
        default = self.settings.default_compute
        if homeless := [step.name for step in plan.steps if not (step.compute or default)]:
            why = f"is missing: no compute for {_some(homeless)}; name a cluster of the workspace"
            found.append(("default_compute", why))
        for step in plan.steps:
            name = step.compute or default
            if not name:
                continue
            files = snapshot.files_of(step)
            if too_large := travelling.problem(step.name, files):
                found.append(("", too_large))
            imports = frozenset(name for file in files.values() for name in code.imports(file))
            found += [
                (f"compute.{name}.kind", f"step {step.name}: {refusal}")
                for refusal in self.settings.compute_of(name).refuses(
                    step, imports, parameters.of(step)
                )
            ]
        return found

    def check_there(self, plan: Plan) -> list[tuple[str, str]]:
        """Return what the workspace cannot do with a plan: dotted keys, and why. Asks Azure."""
        found: list[tuple[str, str]] = sdk.part("stores").problems(self.client, plan)
        return found

    def preview(self, plan: Plan, folder: Path) -> Preview:
        """Return the dry run; `folder` takes the snapshots. Offline, nobody logs in."""
        made: Preview = sdk.part("preview").preview(plan, self.settings, folder)
        return made

    def publish(self, plan: Plan, name: str, folder: Path, version: str = "") -> Published:
        """Make the plan a pipeline with a REST address."""
        made: Published = sdk.part("published").publish(self.client, plan, folder, name, version)
        return made

    def withdraw(self, published: str) -> None:
        """Disable a published plan, by its id, so that its address starts nothing any more."""
        sdk.part("published").withdraw(self.client, published)

    def schedule(
        self, plan: Plan, name: str, folder: Path, *, cron_text: str = "", every: str = ""
    ) -> Scheduled:
        """Publish the plan, and start it at given times."""
        when = cron.recurrence(cron_text) if cron_text else cron.every(every)
        part = sdk.part("published")
        published: Published = part.publish(self.client, plan, folder, name)
        try:
            made: Scheduled = part.schedule(self.client, published.id, name, when)
        except ConcreteError:
            with contextlib.suppress(ConcreteError):  # the first one is the one to tell
                part.withdraw(self.client, published.id)
            raise
        return made

    def schedules(self) -> list[Scheduled]:
        """Return all schedules of the workspace."""
        found: list[Scheduled] = sdk.part("published").schedules(self.client)
        return found

    def disable_schedule(self, name: str) -> Scheduled:
        """Disable a schedule; the SDK v1 cannot delete one, so deleting is this as well."""
        made: Scheduled = sdk.part("published").disable(self.client, name)
        return made

    @cached_property
    def models(self) -> Models:
        """The registered models."""
        made: Models = sdk.part("models").Models(self.client)
        return made

    @cached_property
    def endpoints(self) -> Endpoints:
        """The served models."""
        made: Endpoints = sdk.part("endpoints").Endpoints(self.client, self.models)
        return made

    def doctor(self, *, live: bool = False) -> list[Finding]:
        """Return what is there and what is missing; only `live` asks Azure."""
        return list(examine(self._given, live=live))

    def _submitted(self, handle: str) -> Submitted:
        workspace = self.client.workspace
        made: Submitted = sdk.part("submitted").Submitted(workspace, handle)
        return made


def _some(names: list[str]) -> str:
    """Return the first names, and how many there are besides."""
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")
