"""A short look at a real workspace: `pytest -m live tests/azureml_v1/test_live.py`.

The workspace is the one of a config.json here or above; CONCRETE_LIVE_AZUREML may hold more
settings of `[backend.azureml]` as JSON, at least `{"default_compute": "NAME"}`.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest
from concrete_cli.backends.azureml import AzureBackend

from concrete_cli.backend import Options, State
from concrete_cli.plan import Output, Plan

pytestmark = [pytest.mark.live, pytest.mark.timeout(3600)]


def test_a_toy_plan_runs_in_a_real_workspace(toy, tmp_path):
    settings = json.loads(os.environ.get("CONCRETE_LIVE_AZUREML", "{}"))
    if not settings:
        pytest.skip("CONCRETE_LIVE_AZUREML is not set")
    compute = settings["default_compute"]
    backend = AzureBackend(tmp_path / "home", settings)
    assert all(one.ok for one in backend.doctor(live=True) if one.what != "support")
    steps = (replace(one, compute=compute) for one in toy.steps)
    plan = Plan(toy.name, tuple(steps))
    run = tmp_path / "live"
    run.mkdir()
    handle = backend.submit(plan, run, Options())
    last = {event.step: event for event in backend.watch(handle)}
    assert {event.state for event in last.values()} <= {State.DONE, State.REUSED}
    backend.fetch(handle, Output("best", "model"), tmp_path / "model")
    assert (tmp_path / "model" / "best.json").read_text() == "3.5"
