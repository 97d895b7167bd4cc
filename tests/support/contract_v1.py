"""What the contract suite needs to run over the Azure ML backend of the SDK v1."""

from __future__ import annotations

import atexit
import contextlib
import functools
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from concrete_cli import backend as seam

if TYPE_CHECKING:
    from concrete_cli.emulators.azureml_v1 import Emulator


@functools.cache
def emulator() -> Emulator:
    """One emulated workspace for all tests of a process."""
    from concrete_cli.emulators.azureml_v1 import Emulator

    folder = tempfile.TemporaryDirectory(prefix="azureml-v1-")
    made = Emulator(Path(folder.name))
    made.kept += ("TOY_LOG",)  # where the scripts of the suite say that they ran
    atexit.register(folder.cleanup)
    atexit.register(made.close)
    return made


@contextlib.contextmanager
def azureml(home: Path) -> Iterator[seam.Backend]:
    """Yield the backend, logged in to the emulated workspace."""
    from concrete_cli.emulators.azureml_v1.login import ENVIRONMENT
    from concrete_cli.emulators.azureml_v1.state import GROUP, SUBSCRIPTION, WORKSPACE

    cloud = emulator()
    cloud.state.finished.clear()  # no test finds what another one computed
    settings = {
        "subscription": SUBSCRIPTION,
        "resource_group": GROUP,
        "workspace": WORKSPACE,
        "auth": "service_principal",
        "default_compute": "cpu-cluster",
        "environment": "curated:1",
    }
    with cloud.installed(), pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        yield seam.load("azureml", home, settings)
    cloud.check()


ALONE = "Azure reuses by what was run, not by what came of it"
# Contract tests that cannot hold on Azure, by name, and why.
DEVIATIONS = {
    "test_outputs_that_stay_empty_are_a_failure": (
        "Azure does not look whether a script left anything in its outputs"
    ),
    "test_an_optional_step_that_fails_leaves_an_empty_folder": (
        "Azure starts nothing that waits for a failed step; the scripts catch what they can"
    ),
    "test_events_count_the_attempts": (
        "the launcher in the snapshot repeats a step; Azure does not count its attempts"
    ),
    "test_a_step_works_in_an_empty_folder": "a script runs in the folder of its snapshot",
    "test_a_changed_script_that_comes_to_the_same_runs_alone": ALONE,
    "test_force_runs_a_step_anew_and_what_follows_only_if_it_changed": ALONE,
}
