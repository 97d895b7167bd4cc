"""What a run came to, as data."""

import pytest

from concrete_cli import results
from concrete_cli.backend import Event, State
from concrete_cli.plan import Plan, Step

PLAN = Plan("p", (Step("a", "a.py", {}), Step("b", "b.py", {}), Step("c", "c.py", {})))


@pytest.mark.parametrize(("going", "b"), [(True, "running"), (False, "waiting")])
def test_no_step_runs_when_nobody_drives_the_run(going, b):
    """After a kill -9 of the runner the last event of a step still says that it runs."""
    last = {
        "a": Event("a", State.DONE, seconds=1.5, attempt=2),
        "b": Event("b", State.RUNNING, attempt=1),
    }

    found = results.steps(PLAN, last, going=going)

    assert {one["name"]: one["state"] for one in found} == {"a": "done", "b": b, "c": "waiting"}
    assert found[0] == {"name": "a", "state": "done", "seconds": 1.5, "attempt": 2}
