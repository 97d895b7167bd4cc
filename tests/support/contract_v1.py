"""What the contract suite needs to run over the Azure ML backend of the SDK v1."""

from __future__ import annotations

import atexit
import functools
import os
import tempfile
from pathlib import Path

from concrete_cli import backend as seam


@functools.cache
def emulator():
    """One emulated workspace for all tests of a process."""
    from concrete_cli.emulators.azureml_v1 import Emulator, adapter

    folder = tempfile.TemporaryDirectory(prefix="azureml-v1-")
    made = Emulator(Path(folder.name))
    adapter.install(made.address)
    made.kept += ("TOY_LOG",)  # where the scripts of the suite say that they ran
    atexit.register(folder.cleanup)
    atexit.register(made.close)
    return made


def azureml(home: Path) -> seam.Backend:
    """Return the backend, logged in to the emulated workspace."""
    from concrete_cli.emulators.azureml_v1.login import ENVIRONMENT
    from concrete_cli.emulators.azureml_v1.state import SUBSCRIPTION

    emulator().state.finished.clear()  # no test finds what another one computed
    os.environ.update(ENVIRONMENT)
    settings = {
        "subscription": SUBSCRIPTION,
        "resource_group": "rg",
        "workspace": "ws",
        "auth": "service_principal",
        "default_compute": "cpu-cluster",
        "environment": "curated:1",
    }
    return seam.load("azureml", home, settings)


ENDED = "a run in Azure that has ended stays so: resuming hands the plan over again"
ALONE = "Azure reuses by what was run, not by what came of it"
# Contract tests that cannot hold on Azure, by name, and why.
DEVIATIONS = {
    "test_a_failure_has_a_reason_and_stops_only_what_waits_for_it": (
        "Azure has its own words for how a process ended, and lets an empty output pass"
    ),
    "test_an_optional_step_that_fails_leaves_an_empty_folder": (
        "Azure starts nothing that waits for a failed step; the scripts catch what they can"
    ),
    "test_a_step_is_tried_again_as_often_as_it_may": (
        "the launcher in the snapshot repeats a step; Azure does not count its attempts"
    ),
    "test_a_step_that_takes_too_long_is_stopped": "Azure counts whole seconds, in its own words",
    "test_watching_again_goes_on_with_what_is_left": ENDED,
    "test_cancel_stops_what_runs_and_watching_goes_on_from_there": ENDED,
    "test_a_step_sees_an_empty_folder_an_empty_output_and_nothing_to_read": (
        "the working folder in Azure holds the snapshot of the scripts"
    ),
    "test_a_changed_script_that_comes_to_the_same_runs_alone": ALONE,
    "test_force_runs_a_step_anew_and_what_follows_only_if_it_changed": ALONE,
}
