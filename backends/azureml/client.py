"""The thin client: finds the workspace, uploads what is missing, hands the pipeline over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from azureml.core import Dataset, Datastore, Environment, Experiment, Workspace
from azureml.pipeline.core._aeva_provider import _AevaWorkflowProvider

from concrete_cli.backend import Options
from concrete_cli.errors import BackendUnavailable, NotFound, UsageError
from concrete_cli.plan import Plan, Source

from .. import computes
from . import auth, configured, sources, upload
from .compile import compile_plan
from .errors import clear, status_of
from .patience import while_busy
from .place import Place
from .settings import Settings


class Client:
    """One workspace. `resolve` turns a source that only concrete knows into a path or a URI."""

    def __init__(self, settings: Settings, resolve: Callable[[Source], Source]) -> None:
        self.settings, self.resolve = settings, resolve
        self._stores: dict[str, Any] = {}
        self._sources: dict[str, Any] = {}

    @cached_property
    def workspace(self) -> Any:
        """The SDK's workspace; found out once, and proven to be there."""
        place = configured.place(self.settings)
        with auth.advised(self.settings), clear("finding the workspace"):
            login = auth.log_in(self.settings)
            return while_busy(lambda: self._named(login, *place))

    @cached_property
    def experiment_name(self) -> str:
        """The name under which runs are listed in Azure."""
        return self.settings.experiment or "concrete"

    def _named(self, login: Any, subscription: str, group: str, name: str) -> Any:
        try:
            found = Workspace(subscription, group, name, auth=login)
        except Exception as error:
            if status_of(error) == 404 or "not found" in str(error).lower():
                raise BackendUnavailable(
                    f"there is no workspace {name!r} in {group} of subscription {subscription}",
                    help="are all three right in [backend.azureml], or in config.json?",
                ) from error
            if "subscriptions that you have access to" in str(error):
                raise BackendUnavailable(
                    f"this login sees no subscription {subscription}",
                    help="is it right in [backend.azureml]? is the login in the right tenant?",
                ) from error
            raise
        # The SDK raises nothing when the resource manager cannot be reached; asking for the
        # workspace's own services does.
        found.discovery_url  # noqa: B018
        return found

    def datastore(self, name: str) -> Any:
        """Return a datastore by name; '' is the workspace's default one."""
        if name not in self._stores:
            with clear(f"looking up datastore {name or '(default)'}"):
                self._stores[name] = while_busy(
                    lambda: (
                        Datastore.get(self.workspace, name)
                        if name
                        else self.workspace.get_default_datastore()
                    )
                )
        return self._stores[name]

    def dataset(self, source: Source) -> Any:
        """Return the data set of a source; a local file is uploaded if nobody has done so yet."""
        source = self.resolve(source)
        with clear(f"bringing {source} to the datastore"):
            if match := sources.DATASTORE.fullmatch(source.uri):
                store = self.datastore(match["store"])
                return Dataset.File.from_files((store, match["path"]), validate=False)
            if match := sources.REGISTERED.fullmatch(source.uri):
                version = match["version"] or "latest"
                return while_busy(lambda: self._registered(match["name"], version))
            given = sources.known(source)
            if given is None:
                raise UsageError(
                    f"backend azureml cannot read {source}",
                    help="a file, azureml:NAME:VERSION, or azureml://datastores/NAME/paths/PATH",
                )
            if given.name not in self._sources:
                store = self.datastore(self.settings.datastore)
                self._sources[given.name] = while_busy(
                    lambda: upload.dataset(self.workspace, store, given)
                )
            return self._sources[given.name]

    def locate(self, source: Source) -> tuple[str, str]:
        """Return the datastore and the path of a source, which is uploaded if it is new."""
        source = self.resolve(source)
        if match := sources.DATASTORE.fullmatch(source.uri):
            return match["store"], match["path"]
        given = sources.known(source)
        if given is None:
            raise UsageError(
                f"a step on databricks cannot read {source}",
                help="a file, or azureml://datastores/NAME/paths/PATH",
            )
        self.dataset(source)
        return self.settings.datastore, given.path

    def _registered(self, name: str, version: str) -> Any:
        try:
            return Dataset.get_by_name(self.workspace, name, version)
        except Exception as error:
            if status_of(error) == 404 or "Cannot find" in str(error) or "not found" in str(error):
                raise NotFound("data set in Azure ML", f"{name}:{version}") from error
            raise

    def environment(self, given: str) -> Any:
        """Return a registered or curated environment, `NAME` (its newest) or `NAME:VERSION`."""
        name, _, version = given.partition(":")
        with clear(f"looking up environment {given}"):
            try:
                return while_busy(lambda: Environment.get(self.workspace, name, version or None))
            except Exception as error:
                if status_of(error) == 404 or "not found" in str(error).lower():
                    raise NotFound("environment in Azure ML", given) from error
                raise

    @property
    def place(self) -> Place:
        """What the names in a plan stand for in this workspace."""
        service = _AevaWorkflowProvider.create_service_caller(self.workspace, "concrete")
        provider = _AevaWorkflowProvider(service, upload.Snapshots(self.workspace), self.workspace)
        return Place(
            self.workspace, self.datastore, self.dataset, self.environment, self.locate, provider
        )

    def check_compute(self, plan: Plan) -> None:
        """Raise when a compute target that the plan names is not there."""
        with clear("listing the compute targets"):
            targets = while_busy(lambda: self.workspace.compute_targets)
        there = {name: made.type for name, made in targets.items()}
        for step in plan.steps:
            wanted = self.settings.compute_of(step.compute or self.settings.default_compute)
            if wanted.name and wanted.name not in there:
                raise computes.missing(wanted.name, there)
            if wanted.name and there[wanted.name] != wanted.type:
                raise UsageError(
                    f"compute {wanted.name} is a {there[wanted.name]}, not a {wanted.type}",
                    help=f"set kind in [backend.azureml.compute.{wanted.name}]",
                )

    def pipeline(self, plan: Plan, folder: Path, options: Options | None = None) -> Any:
        """Return the plan as a pipeline of this workspace."""
        self.check_compute(plan)
        with clear("compiling the pipeline"):
            return compile_plan(plan, self.settings, self.place, folder, options)

    def submit(
        self, plan: Plan, folder: Path, options: Options, run: str, tags: Mapping[str, str]
    ) -> str:
        """Upload what is new, and start; the answer is the id of the run."""
        pipeline = self.pipeline(plan, folder, options)
        with clear("submitting the pipeline"):
            started = while_busy(
                lambda: Experiment(self.workspace, self.experiment_name).submit(
                    pipeline,
                    continue_on_step_failure=True,
                    regenerate_outputs=not options.reuse,
                    tags={"concrete_plan": plan.name, "concrete_run": run, **tags},
                )
            )
        return str(started.id)
