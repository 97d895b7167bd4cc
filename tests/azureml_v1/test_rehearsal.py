"""The shipped quick experiment on the emulated workspace gives what it gives here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from concrete_cli.backends import rehearsal
from concrete_cli.backends.azureml.rehearse import emulated

from concrete_cli import config, home, payload
from concrete_cli.backend import Options
from concrete_cli.plan import Output, Plan, Step
from concrete_cli.workflows.train import train

STEPS = Path(__file__).parent / "steps"


@pytest.mark.timeout(400)
def test_every_output_and_metric_of_the_quick_experiment_is_equal(tmp_path):
    plan = train(config.load(payload.folder("configs") / "quick.toml"))
    place = home.prepare(tmp_path / "home")
    with emulated(plan, tmp_path / "cloud", {}) as backend:
        found = rehearsal.rehearse(plan, place, backend)
        assert found["equal"], json.dumps(found["steps"], indent=1)
        assert [step["name"] for step in found["steps"]] == [step.name for step in plan.steps]
        again = backend.submit(plan, tmp_path / "again", Options())
        ends = {event.step: str(event.state) for event in backend.watch(again)}
        assert ends == dict.fromkeys(ends, "reused")
        backend.fetch(again, Output("evaluate", "report"), tmp_path / "report")
        told = json.loads((tmp_path / "report" / "metrics.json").read_text())
        assert backend.metrics(again, "evaluate")["rmse"] == pytest.approx(told["rmse"])


def test_a_step_that_differs_is_named_with_what_differs(tmp_path):
    step = Step("tell", str(STEPS / "tell.py"), {}, (Output("tell", "said"),))
    place = home.prepare(tmp_path / "home")
    with emulated(Plan("two_faced", (step,)), tmp_path / "cloud", {}) as backend:
        found = rehearsal.rehearse(Plan("two_faced", (step,)), place, backend)
    assert not found["equal"]
    (only,) = found["steps"]
    assert only["differences"] == ["said/where.json: cloud is False on local, True there"]
