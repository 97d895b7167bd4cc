"""The Azure ML v2 backend for the contract suite, and where it deviates, why."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from concrete_cli import backend as seam

PLACES = "Azure knows a step's inputs by where they are, not by what is in them"
# Contract tests that cannot hold on Azure, by name, and why.
DEVIATIONS = {
    "test_outputs_that_stay_empty_are_a_failure": (
        "Azure does not look whether a script left anything in its outputs"
    ),
    "test_an_optional_step_that_fails_leaves_an_empty_folder": (
        "Azure does not run a step whose input never came"
    ),
    "test_events_count_the_attempts": (
        "a step is tried again inside its one run: the number of the try is only in its log"
    ),
    "test_a_step_works_in_an_empty_folder": "a script runs in the folder of its snapshot",
    "test_a_changed_script_that_comes_to_the_same_runs_alone": PLACES,
    "test_force_runs_a_step_anew_and_what_follows_only_if_it_changed": PLACES,
    "test_the_same_content_under_another_name_is_known": PLACES,
}


@contextlib.contextmanager
def azureml_v2(home: Path) -> Iterator[seam.Backend]:
    """Yield the backend, signed in to an emulator that is closed afterwards."""
    from concrete_cli.emulators.azureml_v2 import Emulator

    cloud = Emulator(home.parent / "azure", passes=("TOY_LOG",))
    with cloud, pytest.MonkeyPatch.context() as patch:
        for name, value in cloud.environment.items():
            patch.setenv(name, value)
        given = {"environment": "c:1", "default_compute": "cpu-cluster"}
        yield seam.load("azureml-v2", home, {**cloud.settings, **given})
        assert not cloud.unmatched, cloud.unmatched
