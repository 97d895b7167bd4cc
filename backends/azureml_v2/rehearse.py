"""A workspace of our own for a while: the emulator, in place of Azure, for the very same code."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from concrete_cli.errors import ConcreteError
from concrete_cli.plan import Plan

from .. import environ
from .backend import AzureBackend
from .settings import read


@contextlib.contextmanager
def emulated(plan: Plan, folder: Path, settings: Mapping[str, Any]) -> Iterator[AzureBackend]:
    """Yield a backend that hands plans to an emulator, which keeps its files under `folder`.

    The experiment's own settings hold, but for the workspace and who signs in; every compute
    that the plan names exists.
    """
    wanted = read(settings)
    computes = {wanted.compute_of(step).address for step in plan.steps}
    computes |= {wanted.compute_of().address}
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    module = import_module("concrete_cli.emulators.azureml_v2")
    with module.Emulator(folder / "azure", computes=tuple(sorted(computes))) as emulator:
        with environ.changed({**emulator.environment, "HOME": str(home)}):
            own = {**settings, **emulator.settings, "datastore": "", "tenant": "", "config": ""}
            yield AzureBackend(folder / "concrete", own)
        if emulator.unmatched:
            raise ConcreteError(f"the emulator has no answer to {', '.join(emulator.unmatched)}")
