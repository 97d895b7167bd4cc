"""A real workspace, for who has one: `CONCRETE_LIVE=my.toml pytest -m live tests/azureml_v2`.

The file has a `[backend.azureml-v2]` table. Costs a few minutes of the smallest machine.
"""

import json
import os
import tomllib
from pathlib import Path

import pytest
from concrete_cli.backends.azureml_v2 import AzureBackend

from concrete_cli.backend import Options
from concrete_cli.plan import Output

pytestmark = [pytest.mark.live, pytest.mark.timeout(3600)]


@pytest.fixture
def live(tmp_path):
    file = os.environ.get("CONCRETE_LIVE")
    if not file:
        pytest.skip("CONCRETE_LIVE names no experiment with a [backend.azureml-v2] table")
    return AzureBackend(tmp_path, tomllib.loads(Path(file).read_text())["backend"]["azureml-v2"])


def test_a_plan_runs_is_reused_and_comes_here(live, toy, tmp_path):
    assert all(finding.ok for finding in live.doctor(live=True)), live.doctor(live=True)
    handle = live.submit(toy, tmp_path / "live", Options())
    last = {event.step: event for event in live.watch(handle)}
    assert all(event.state.good for event in last.values()), last
    live.fetch(handle, Output("best", "model"), tmp_path / "model")
    assert json.loads((tmp_path / "model" / "metrics.json").read_text())["total"] == 3.5
    again = live.submit(toy, tmp_path / "live", Options())
    assert {event.state.value for event in live.watch(again) if event.state.ended} == {"reused"}
