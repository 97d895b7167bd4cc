"""A failure that may pass is read by the steps that wait for it, and is never given back again."""

import pytest

from concrete_cli.backend import Options
from concrete_cli.plan import Plan

TRIES = """
if Path({broken!r}).exists():
    state = Path(os.environ["CONCRETE_STATE"])
    state.mkdir(parents=True, exist_ok=True)
    (state / "failure").write_text("KeyError: 'LICENCE'")
(out / "text.txt").write_text("broken" if Path({broken!r}).exists() else "well")
"""
COPY = "(out / 'text.txt').write_text((data / 'text.txt').read_text())"


@pytest.fixture
def broken(rig):
    path = rig.folder / "broken"
    path.touch()
    return path


@pytest.fixture
def steps(rig, broken):
    tries = rig.step("tries", TRIES.format(broken=str(broken)))
    return tries, rig.step("copy", COPY, data="tries.out")


def states(events):
    return {name: event.state.value for name, event in events.items()}


def decisions(rig, *steps):
    rows = rig.backend.forecast(Plan("toy", steps), Options())
    return {row.step: (row.decision, row.why) for row in rows}


def test_the_next_run_tries_again_until_it_is_well(rig, steps, broken):
    first = rig.run(*steps)

    assert rig.text(first["copy"]) == "broken"
    assert decisions(rig, *steps) == {
        "tries": ("run", ("failed last time: KeyError: 'LICENCE'",)),
        "copy": ("run", ("tries runs first",)),
    }
    again = rig.run(*steps)
    assert states(again) == {"tries": "done", "copy": "reused"}, "the same failure: nothing new"

    broken.unlink()
    well = rig.run(*steps)
    assert states(well) == {"tries": "done", "copy": "done"}
    assert rig.text(well["copy"]) == "well"
    assert rig.entry(well["tries"]).failure == ""
    assert {decision for decision, _ in decisions(rig, *steps).values()} == {"reuse"}
    assert states(rig.run(*steps)) == {"tries": "reused", "copy": "reused"}


def test_resume_tries_again_in_a_run_that_is_done(rig, steps, broken):
    run = rig.submit(*steps)
    rig.watch(run)
    broken.unlink()

    assert states(rig.watch(run)) == {"tries": "done", "copy": "done"}
    assert rig.text(run.last_events()["copy"]) == "well"


def test_what_a_killed_try_said_is_not_said_of_the_next_one(rig, broken, until):
    text = TRIES.format(broken=str(broken))
    wait = f"while Path({str(broken)!r}).exists(): time.sleep(0.01)"
    step = rig.step("tries", text + wait)
    run = rig.submit(step)
    driver = rig.elsewhere(run)
    until(lambda: list(run.folder.glob("state/*/failure")))
    driver.kill()
    broken.unlink()

    event = rig.watch(run)["tries"]

    assert (event.state, rig.entry(event).failure) == ("done", "")


def test_a_killed_step_says_that_it_failed_last_time(rig, broken):
    killed = f"if Path({str(broken)!r}).exists(): os.kill(os.getpid(), 9)\n"
    step = rig.step("killed", killed + "(out / 'text.txt').touch()", optional=True)
    after = rig.step(
        "after", "(out / 'text.txt').write_text(str(os.listdir(data)))", data="killed.out"
    )
    assert states(rig.run(step, after)) == {"killed": "failed", "after": "done"}

    decision, why = decisions(rig, step, after)["killed"]

    assert (decision, why[0]) == ("run", "failed last time: was killed by SIGKILL (out of memory?)")
    broken.unlink()
    assert states(rig.run(step, after)) == {"killed": "done", "after": "done"}
    assert {decision for decision, _ in decisions(rig, step, after).values()} == {"reuse"}


@pytest.mark.parametrize("first", ["well", "broken"])
def test_of_two_runs_at_once_the_one_that_went_well_counts(rig, steps, first):
    made = {}
    for order, text in enumerate(("well", "broken") if first == "well" else ("broken", "well")):
        work = rig.home / "tmp" / f"work-{order}"
        (work / "outputs" / "out").mkdir(parents=True)
        (work / "outputs" / "out" / "text.txt").write_text(text)
        (work / "log.txt").touch()
        failure = {"failure": "it may pass"} if text == "broken" else {}
        entry = rig.cache.store(work, {"outputs": ["out"]}, {"step": "tries", **failure})
        made[order] = (entry.output("out") / "text.txt").read_text(), entry.failure

    assert made[1] == ("well", "")
    assert list((rig.home / "tmp").iterdir()) == []
