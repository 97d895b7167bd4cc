"""Following a run elsewhere while its cloud is out of reach for a moment."""

from types import SimpleNamespace

import pytest

from concrete_cli.backend import Event, State
from concrete_cli.cloud import logs
from concrete_cli.cloud.remote import Target
from concrete_cli.errors import BackendUnavailable


class Flaky:
    name = "flaky"

    def __init__(self, outages):
        self.outages = outages

    def glance(self, handle):
        if self.outages:
            self.outages -= 1
            raise BackendUnavailable("not now")
        yield Event("one", State.DONE, 1.0)

    def logs(self, handle, step):
        return "said\n"


@pytest.fixture
def naps(monkeypatch):
    slept = []
    monkeypatch.setattr(logs.time, "sleep", slept.append)
    return slept


def target(outages):
    last = {"one": Event("one", State.DONE, 1.0)}
    plan = SimpleNamespace(steps=[SimpleNamespace(name="one")])
    run = SimpleNamespace(plan=plan, noted=iter, last_events=lambda: last)
    return Target(None, Flaky(outages), "a-run", run)


def test_following_outlives_a_short_outage(naps):
    assert list(logs.pieces(target(2), None, follow=True)) == [("one", b"said\n")]
    assert naps == [1, 2]
    with pytest.raises(BackendUnavailable):
        list(logs.pieces(target(99), None, follow=True))


def test_a_look_at_the_logs_waits_for_nothing(naps):
    with pytest.raises(BackendUnavailable):
        list(logs.pieces(target(1), None, follow=False))
    assert naps == []
