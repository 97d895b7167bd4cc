"""Runs that fail before any step has begun, as the service may tell of them."""

from types import SimpleNamespace

import pytest
from concrete_cli.backends.azureml import replay
from concrete_cli.backends.azureml.submitted import Standing
from concrete_cli.backends.azureml.watch import glance

from concrete_cli.backend import State
from concrete_cli.errors import NotFound


def never(*_):
    raise NotFound("log", "a", help="the step has not begun")


def submitted(code, **standings):
    return SimpleNamespace(
        id="a-run",
        code=lambda: code,
        standings=lambda: standings,
        reason=lambda: "no room for the image",
        limit=lambda name: 0,
        problem=never,
        log=never,
    )


WAITING = Standing(State.WAITING, "NotStarted")


@pytest.fixture(autouse=True)
def replayed(monkeypatch):
    monkeypatch.setattr(replay, "command", lambda submitted, name: "")


def test_a_run_that_could_not_begin_says_why():
    one, two = glance(submitted("Failed", a=WAITING, b=WAITING))
    assert (one.step, one.state, one.detail) == ("a", State.FAILED, "no room for the image")
    assert (two.step, two.state, two.detail) == ("b", State.SKIPPED, "a failed")


@pytest.mark.parametrize(("code", "detail"), [("Canceled", "canceled"), ("Failed", "failed")])
def test_a_step_that_ended_before_it_began_has_no_log(code, detail):
    one, two = glance(submitted(code, a=Standing(State.FAILED, code), b=WAITING))
    assert (one.state, one.detail) == (State.FAILED, detail)
    assert two.state is State.SKIPPED
