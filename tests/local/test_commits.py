"""Events are written in groups, in their order, and told when they are safe."""

import threading

import pytest
from concrete_cli.backends.local.commits import Commits

from concrete_cli.backend import Event, State


def events(*names):
    return [Event(name, State.DONE) for name in names]


def test_what_comes_while_the_disk_is_busy_is_written_together():
    groups, begun, go = [], threading.Event(), threading.Event()

    def append(group):
        groups.append([event.step for event in group])
        begun.set()
        assert go.wait(30)

    with Commits(append) as commits:
        commits.add(events("a"))
        assert begun.wait(30)
        for name in "bcd":
            commits.add(events(name))
        assert [*commits.safe()] == [], "nothing is told before it is written"
        go.set()
        commits.wait()
        assert [event.step for event in commits.safe()] == [*"abcd"]

    assert groups == [["a"], ["b", "c", "d"]]


def test_a_disk_that_refuses_is_told_and_nothing_else(tmp_path):
    def append(group):
        raise OSError(28, "No space left on device", "events.jsonl")

    with Commits(append) as commits:
        commits.add(events("a"))
        commits.wait()
        commits.add(events("b"))
        with pytest.raises(OSError, match="No space left"):
            list(commits.safe())


def test_what_is_done_is_known_though_the_caller_stops():
    written = []

    def interrupted():
        with Commits(written.extend) as commits:
            commits.add(events("a", "b"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert [event.step for event in written] == ["a", "b"]
