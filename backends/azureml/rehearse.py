"""A workspace of our own for a while: the emulator, in place of Azure, for the very same code."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from concrete_cli.plan import Plan

from .. import environ
from . import sdk
from .backend import AzureBackend
from .settings import read

CLUSTER = "rehearsal"


@contextlib.contextmanager
def emulated(plan: Plan, folder: Path, settings: Mapping[str, Any]) -> Iterator[AzureBackend]:
    """Yield a backend that hands plans to an emulator, which keeps its files under `folder`.

    The experiment's own settings hold, but for who logs in where; every compute target and every
    datastore that they name exists.
    """
    sdk.check()
    wanted = read(settings)
    computes = {
        one.name: one.type
        for step in plan.steps
        for one in [wanted.compute_of(step.compute or wanted.default_compute or CLUSTER)]
    }
    emulators = import_module("concrete_cli.emulators.azureml_v1")
    state = import_module("concrete_cli.emulators.azureml_v1.state")
    login = import_module("concrete_cli.emulators.azureml_v1.login")
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    ours = {
        "subscription": state.SUBSCRIPTION,
        "resource_group": state.GROUP,
        "workspace": state.WORKSPACE,
        "tenant": state.TENANT,
        "auth": "service_principal",
        "datastore": "",
        "default_compute": wanted.default_compute or CLUSTER,
    }
    named = [wanted.environment] if wanted.environment and "/" not in wanted.environment else []
    # blob stores, whatever they are in Azure: the SDK v1 reads nothing back from a data lake
    places = {place.partition("/")[0]: "AzureBlob" for place in wanted.destinations.values()}
    emulator = emulators.Emulator(folder / "azure", computes, environments=named, stores=places)
    with emulator, emulator.installed():
        with environ.changed(login.ENVIRONMENT | {"HOME": str(home)}):
            yield AzureBackend(folder / "concrete", {**settings, **ours})
        emulator.check()
