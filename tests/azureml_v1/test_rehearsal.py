"""A rehearsal on the emulated workspace says equal, or which step differs and how."""

from __future__ import annotations

from pathlib import Path

from concrete_cli.backends import rehearsal
from concrete_cli.backends.azureml.rehearse import emulated

from concrete_cli import home
from concrete_cli.plan import Output, Plan, Step

STEPS = Path(__file__).parent / "steps"


def test_a_step_that_differs_is_named_with_what_differs(tmp_path):
    step = Step("tell", str(STEPS / "tell.py"), {}, (Output("tell", "said"),))
    place = home.prepare(tmp_path / "home")
    with emulated(Plan("two_faced", (step,)), tmp_path / "cloud", {}) as backend:
        found = rehearsal.rehearse(Plan("two_faced", (step,)), place, backend)
    assert not found["equal"]
    (only,) = found["steps"]
    assert only["differences"] == ["said/where.json: cloud is False on local, True there"]
