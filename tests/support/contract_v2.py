"""The Azure ML v2 backend for the contract suite, and where it deviates, why."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RESUME = "a run in Azure goes on without us: watching only listens, resuming submits it again"
PATHS = "Azure knows a step's inputs by where they are, not by what is in them"
DEVIATIONS = {
    "test_an_optional_step_that_fails_leaves_an_empty_folder": (
        "Azure does not run a step whose input never came"
    ),
    "test_a_step_is_tried_again_as_often_as_it_may": (
        "a step is tried again inside its one run: the number of the try is only in its log"
    ),
    "test_watching_again_goes_on_with_what_is_left": RESUME,
    "test_cancel_stops_what_runs_and_watching_goes_on_from_there": RESUME,
    "test_a_step_sees_an_empty_folder_an_empty_output_and_nothing_to_read": (
        "Azure runs a script in the folder of its snapshot, on a machine of its own"
    ),
    "test_a_changed_script_that_comes_to_the_same_runs_alone": PATHS,
    "test_force_runs_a_step_anew_and_what_follows_only_if_it_changed": PATHS,
    "test_the_same_content_under_another_name_is_known": PATHS,
}
# one case of test_a_failure_has_a_reason_and_stops_only_what_waits_for_it, by the name of its node
EMPTY = "empty-kept, lost"
DEVIATIONS[f"test_a_failure_has_a_reason_and_stops_only_what_waits_for_it[azureml-v2-{EMPTY}]"] = (
    "Azure does not look whether a script left anything in its outputs"
)


@contextlib.contextmanager
def azureml_v2(home: Path) -> Iterator[Any]:
    """Yield the backend, signed in to an emulator that is closed afterwards."""
    from concrete_cli.backends.azureml_v2 import AzureBackend
    from concrete_cli.emulators.azureml_v2 import Emulator

    with Emulator(home.parent / "azure", passes=("TOY_LOG",)) as emulator:
        before = {name: os.environ.get(name) for name in emulator.environment}
        os.environ.update(emulator.environment)
        given = {"environment": "c:1", "default_compute": "cpu-cluster"}
        try:
            yield AzureBackend(home, {**emulator.settings, **given})
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name)
                else:
                    os.environ[name] = value
        assert not emulator.unmatched, emulator.unmatched
