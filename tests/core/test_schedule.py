"""The schedule, by itself: no files, no processes, no clock."""

from concrete_cli.backends.local.schedule import Schedule
from hypothesis import given
from hypothesis import strategies as st

from concrete_cli.plan import Output, Plan, Step
from hats import plans


def cost(step, slots):
    return min(max(step.cpus, 1), slots)


@given(plans(most=10), st.integers(1, 4), st.data())
def test_all_run_once_in_order_within_the_processors(plan, slots, data):
    expected = {step.name: data.draw(st.floats(0, 9)) for step in plan.steps}
    schedule = Schedule(plan, slots, expected.__getitem__)
    queued, running, ended = [], [], []

    while True:
        for step in schedule.released():
            assert step.needs <= set(ended)
            schedule.queue(step)
            queued.append(step)
        while step := schedule.next():
            queued.remove(step)
            running.append(step)
            assert sum(cost(one, slots) for one in running) <= slots
            longer = [one for one in queued if expected[one.name] > expected[step.name]]
            free = slots - sum(cost(one, slots) for one in running[:-1])
            assert all(cost(one, slots) > free for one in longer), (
                "the longest that fits goes first"
            )
        free = slots - sum(cost(one, slots) for one in running)
        assert all(cost(step, slots) > free for step in queued), "no processor idles in vain"
        if not running:
            break
        done = running.pop(data.draw(st.integers(0, len(running) - 1)))
        schedule.give_back(done)
        schedule.complete(done.name)
        ended.append(done.name)

    assert sorted(ended) == sorted(step.name for step in plan.steps)


@given(plans(most=10), st.data())
def test_dependents_are_those_that_wait_directly_or_not(plan, data):
    schedule = Schedule(plan, 1, lambda _: 0)
    name = data.draw(st.sampled_from([step.name for step in plan.steps]))
    found = schedule.dependents(name)

    waits = {name}
    for step in plan.steps:
        if step.needs & waits:
            waits.add(step.name)
    assert set(found) == waits - {name}
    assert found == [step.name for step in plan.steps if step.name in set(found)]


def test_a_step_that_wants_more_than_there_is_runs_alone():
    steps = tuple(
        Step(name, "x.py", {}, (Output(name, "out"),), cpus=cpus)
        for name, cpus in (("wide", 99), ("a", 1), ("b", 0))
    )
    schedule = Schedule(Plan("p", steps), 2, {"wide": 0, "a": 1, "b": 1}.__getitem__)
    for step in schedule.released():
        schedule.queue(step)

    assert {schedule.next().name, schedule.next().name} == {"a", "b"}
    assert schedule.next() is None
    for name in ("a", "b"):
        schedule.give_back(steps[1])
        schedule.complete(name)
    assert schedule.next().name == "wide"
    assert schedule.next() is None
