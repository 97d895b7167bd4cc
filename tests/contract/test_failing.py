"""What happens when a step does not succeed."""

import threading
from dataclasses import replace

import pytest

from concrete_cli.backend import State
from concrete_cli.errors import NotFound
from concrete_cli.plan import Output, Plan


@pytest.mark.parametrize(
    ("how", "reason"),
    [("exit", "3"), ("text", "1"), ("raise", "1"), ("kill", "SIGKILL")],
)
def test_a_failure_has_a_reason_and_stops_only_what_waits_for_it(place, say, fail, how, reason):
    after = say("after", data=[Output("fail", "lost")])
    later = say("later", data=[Output("after", "out")])
    other = say("other", data=[Output("beside", "out")])

    outcome = place.run(Plan("fails", (fail(how), after, later, say("beside"), other)))

    assert outcome.states == {
        "fail": "failed",
        "after": "skipped",
        "later": "skipped",
        "beside": "done",
        "other": "done",
    }
    assert reason in outcome.last["fail"].detail
    assert "fail" in outcome.last["after"].detail


def test_outputs_that_stay_empty_are_a_failure(place, say, fail):
    after = say("after", data=[Output("fail", "lost")])

    outcome = place.run(Plan("empty", (fail("empty"), after)))

    assert outcome.states == {"fail": "failed", "after": "skipped"}
    assert "kept, lost" in outcome.last["fail"].detail


def test_upload_shows_nothing_of_a_failed_step_and_mount_shows_all(place, fail, tmp_path):
    outcome = place.run(Plan("fails", (fail(),)))

    assert place.read(outcome, "fail.kept", "partial.txt") == "as far as it came"
    with pytest.raises(NotFound):
        place.backend.fetch(outcome.handle, Output("fail", "lost"), tmp_path / "lost")


def test_an_optional_step_that_fails_leaves_an_empty_folder(place, say, fail):
    after = say("after", data=[Output("fail", "lost"), Output("beside", "out")])

    outcome = place.run(Plan("optional", (fail(optional=True), say("beside"), after)))

    assert outcome.states == {"fail": "failed", "beside": "done", "after": "done"}
    assert place.read(outcome, "after.out", "text.txt") == "afterbeside"


def test_a_step_is_tried_again_as_often_as_it_may(place, say, fail, tmp_path):
    tries = tmp_path / "tries"
    once = fail("once", params={"tries": tries}, retries=1)
    after = say("after", data=[Output("fail", "lost")])

    outcome = place.run(Plan("retry", (once, after)))

    assert outcome.states == {"fail": "done", "after": "done"}
    assert tries.read_text() == "xx"


def test_events_count_the_attempts(place, fail, tmp_path):
    once = fail("once", params={"tries": tmp_path / "tries"}, retries=1)

    assert place.run(Plan("retry", (once,))).last["fail"].attempt == 2


def test_retries_come_to_an_end(place, fail, tmp_path):
    tries = tmp_path / "tries"

    outcome = place.run(Plan("retry", (fail(params={"tries": tries}, retries=2),)))

    assert outcome.states == {"fail": "failed"}
    assert tries.read_text() == "xxx"


def test_a_step_that_takes_too_long_is_stopped(place, fail):
    outcome = place.run(Plan("slow", (fail("hang", timeout=1),)))

    assert outcome.states == {"fail": "failed"}
    assert "ran longer than 1 s" in outcome.last["fail"].detail


def test_resuming_goes_on_with_what_is_left(place, say, fail, tmp_path, ran):
    mended = tmp_path / "mended"
    after = say("after", data=[Output("fail", "lost")])
    plan = Plan("resume", (say("before"), fail(params={"until": mended}), after))
    first = place.run(plan)
    assert first.states == {"before": "done", "fail": "failed", "after": "skipped"}
    still = place.resume(first.handle)  # nothing is mended yet
    assert (still.states["fail"], still.states["after"]) == ("failed", "skipped")
    assert ran() == {"before"}

    mended.touch()
    again = place.resume(still.handle)

    assert again.last["before"].state.good
    assert again.states == {"before": again.states["before"], "fail": "done", "after": "done"}
    assert ran() == {"after"}
    ends = [event for event in again.events if event.step == "before" and event.state.ended]
    assert len(ends) == 1
    assert place.read(again, "before.out", "text.txt") == "before"
    done = place.resume(again.handle)
    assert (done.handle, done.states) == (again.handle, again.states)


@pytest.fixture
def stopped(place, say, fail, tmp_path, ran):
    """A run cancelled while its second step runs; its handle, its states, how to mend the step."""
    mended = tmp_path / "mended"
    hangs = fail("hang", params={"until": mended})
    hangs = replace(hangs, inputs={"data": Output("before", "out")})
    plan = Plan("cancel", (say("before"), hangs))
    handle, events = place.submit(plan), []
    running = threading.Event()

    def watch():
        for event in place.backend.watch(handle):
            if (event.step, event.state) == ("fail", State.RUNNING):
                running.set()
            events.append(event)

    watching = threading.Thread(target=watch)
    watching.start()
    assert running.wait(60)
    place.backend.cancel(handle)
    place.backend.cancel(handle)  # idempotent
    watching.join(60)
    assert not watching.is_alive()
    return handle, {event.step: event.state for event in events}, mended


def test_cancel_stops_what_runs(place, stopped):
    handle, states, _ = stopped

    assert states["fail"] in (State.WAITING, State.FAILED)  # to go on with, or for good
    place.backend.cancel(handle)  # of a run that is over: no error


def test_resuming_a_cancelled_run_goes_on_from_there(place, stopped, ran):
    handle, _, mended = stopped
    assert ran() == {"before"}
    mended.touch()

    again = place.resume(handle)

    assert again.last["before"].state.good
    assert (again.states["fail"], ran()) == ("done", set())
    place.backend.cancel(again.handle)  # of a finished run: no error
    assert place.resume(again.handle).states == again.states
