"""The thin client: finds the workspace, uploads what is missing, hands the pipeline over."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from azureml.core import Dataset, Datastore, Environment, Experiment, Workspace
from azureml.pipeline.core._aeva_provider import _AevaWorkflowProvider

from concrete_cli.backend import Options
from concrete_cli.errors import BackendUnavailable, NotFound, UsageError
from concrete_cli.plan import Plan, Source

from . import auth, sources, upload
from .compile import Place, compile_plan
from .errors import clear, status_of
from .settings import Settings

CONFIG = "subscription, resource_group and workspace in [backend.azureml], or a config.json"


class Client:
    """One workspace. `resolve` turns a source that only concrete knows into a path or a URI."""

    def __init__(self, settings: Settings, resolve: Callable[[Source], Source]) -> None:
        self.settings, self.resolve = settings, resolve
        self._stores: dict[str, Any] = {}
        self._sources: dict[str, Any] = {}

    @cached_property
    def workspace(self) -> Any:
        """The SDK's workspace; found out once, and proven to be there."""
        with clear("finding the workspace"):
            login = auth.log_in(self.settings)
            found = self._named(login) if self.settings.named else self._configured(login)
            # The SDK raises nothing when the resource manager cannot be reached; asking for the
            # workspace's own services does.
            found.discovery_url  # noqa: B018
            return found

    @cached_property
    def experiment_name(self) -> str:
        """The name under which runs are listed in Azure."""
        return self.settings.experiment or "concrete"

    def _named(self, login: Any) -> Any:
        given = self.settings
        try:
            return Workspace(given.subscription, given.resource_group, given.workspace, auth=login)
        except Exception as error:
            if status_of(error) == 404 or "not found" in str(error).lower():
                where = f"{given.resource_group} of subscription {given.subscription}"
                raise BackendUnavailable(
                    f"there is no workspace {given.workspace!r} in {where}",
                    help="are all three right in [backend.azureml]?",
                ) from error
            if "subscriptions that you have access to" in str(error):
                raise BackendUnavailable(
                    f"this login sees no subscription {given.subscription}",
                    help="is it right in [backend.azureml]? is the login in the right tenant?",
                ) from error
            raise

    def _configured(self, login: Any) -> Any:
        try:
            return Workspace.from_config(auth=login)
        except ValueError as error:
            raise BackendUnavailable(f"config.json is not JSON: {error}", help=CONFIG) from error
        except Exception as error:
            kinds = {kind.__name__ for kind in type(error).__mro__}
            if "UserErrorException" in kinds and "AuthenticationException" not in kinds:
                raise BackendUnavailable(
                    f"no workspace is named, and there is no usable config.json in {Path.cwd()} "
                    "or above",
                    help=CONFIG,
                ) from error
            raise

    def datastore(self, name: str) -> Any:
        """Return a datastore by name; '' is the workspace's default one."""
        if name not in self._stores:
            with clear(f"looking up datastore {name or '(default)'}"):
                self._stores[name] = (
                    Datastore.get(self.workspace, name)
                    if name
                    else self.workspace.get_default_datastore()
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
                return self._registered(match["name"], match["version"] or "latest")
            given = sources.known(source)
            if given is None:
                raise UsageError(
                    f"backend azureml cannot read {source}",
                    help="a file, azureml:NAME:VERSION, or azureml://datastores/NAME/paths/PATH",
                )
            if given.name not in self._sources:
                store = self.datastore(self.settings.datastore)
                self._sources[given.name] = upload.dataset(self.workspace, store, given)
            return self._sources[given.name]

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
                return Environment.get(self.workspace, name, version or None)
            except Exception as error:
                if status_of(error) == 404 or "not found" in str(error).lower():
                    raise NotFound("environment in Azure ML", given) from error
                raise

    @property
    def place(self) -> Place:
        """What the names in a plan stand for in this workspace."""
        service = _AevaWorkflowProvider.create_service_caller(self.workspace, "concrete")
        provider = _AevaWorkflowProvider(service, upload.Snapshots(self.workspace), self.workspace)
        return Place(self.workspace, self.datastore, self.dataset, self.environment, provider)

    def check_compute(self, plan: Plan) -> None:
        """Raise when a compute target that the plan names is not there."""
        with clear("listing the compute targets"):
            there = {name: made.type for name, made in self.workspace.compute_targets.items()}
        for step in plan.steps:
            wanted = self.settings.compute_of(step.compute or self.settings.default_compute)
            if wanted.name and wanted.name not in there:
                raise NotFound("compute target", wanted.name, there)
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

    def submit(self, plan: Plan, folder: Path, options: Options, run: str) -> str:
        """Upload what is new, and start; the answer is the id of the run."""
        pipeline = self.pipeline(plan, folder, options)
        with clear("submitting the pipeline"):
            started = Experiment(self.workspace, self.experiment_name).submit(
                pipeline,
                continue_on_step_failure=True,
                regenerate_outputs=not options.reuse,
                tags={"concrete_plan": plan.name, "concrete_run": run},
            )
        return str(started.id)


def config_file() -> Path | None:
    """Return the config.json that the SDK would find from here."""
    for folder in (Path.cwd(), *Path.cwd().parents):
        for name in (".azureml/config.json", "aml_config/config.json", "config.json"):
            if os.access(folder / name, os.R_OK):
                return folder / name
    return None
