"""Plans: what is refused, in which order steps come, how arguments look, how they are stored."""

import argparse
import json
import subprocess
import sys
import textwrap
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concrete_cli import plan as plans
from concrete_cli import plan_json
from concrete_cli.errors import ExperimentInvalid, NotFound
from concrete_cli.plan import Output, Plan, Source, Step
from hats import NAMES, VALUES
from hats import plans as any_plan


@given(any_plan())
def test_steps_come_after_what_they_need(plan):
    seen = set()
    for step in plan.steps:
        assert step.needs <= seen
        seen.add(step.name)


@given(any_plan())
def test_what_is_stored_is_what_is_read(plan):
    text = json.dumps(plan_json.document(plan), ensure_ascii=False)
    again = plan_json.from_document(json.loads(text))

    assert again == plan
    assert plan_json.document(again) == plan_json.document(plan)
    modes = [[output.mode for output in step.outputs] for step in plan.steps]
    assert [[output.mode for output in step.outputs] for step in again.steps] == modes
    assert {str(output) for output in again.publishes.values()} == {
        str(output) for output in plan.publishes.values()
    }


@given(any_plan(most=4, values=VALUES))
def test_the_arguments_say_what_was_meant(plan):
    """A script with a plain argparse parser gets back each value, input and output."""
    for step in plan.steps:
        parser = argparse.ArgumentParser(allow_abbrev=False, exit_on_error=False)
        for name in step.params:
            parser.add_argument(plans.flag(name), dest=name)
        for name, item in step.inputs.items():
            parser.add_argument(
                plans.flag(name), dest=name, nargs="+" if isinstance(item, tuple) else None
            )
        for output in step.outputs:
            parser.add_argument(plans.flag(output.name), dest=output.name)

        args = vars(parser.parse_args(step.argv(lambda item: f"/place/{item}")))

        for name, value in step.params.items():
            assert (args[name] if isinstance(value, str) else json.loads(args[name])) == value
        for name, item in step.inputs.items():
            place = (
                [f"/place/{one}" for one in item] if isinstance(item, tuple) else f"/place/{item}"
            )
            assert args[name] == place
        for output in step.outputs:
            assert args[output.name] == f"/place/{step.name}.{output.name}"


def test_the_order_of_arguments_is_params_inputs_outputs():
    step = Step(
        "train",
        "train.py",
        {"data": Output("split", "train"), "more": (Source("/b"), Source("/a"))},
        (Output("train", "model"), Output("train", "log")),
        {
            "max_depth": 3,
            "name": "x y",
            "low": -1,
            "dash": "-x",
            "on": True,
            "cols": ["a"],
            "no": None,
        },
    )

    assert step.argv(str) == [
        *["--max-depth", "3", "--name", "x y", "--low=-1", "--dash=-x", "--on", "true"],
        *["--cols", '["a"]', "--no", "null", "--data", "split.train", "--more", "/b", "/a"],
        *["--model", "train.model", "--log", "train.log"],
    ]


def test_an_item_may_be_anything_that_a_backend_makes_of_it():
    step = Step("a", "a.py", {"data": Source("x")}, (Output("a", "out"),))
    place = object()

    assert step.argv(lambda _: place) == ["--data", place, "--out", place]


def step(name, *needs, **fields):
    inputs = {f"in_{n}": Output(*need.split(".")) for n, need in enumerate(needs)}
    return Step(name, f"{name}.py", inputs, (Output(name, "out"),), **fields)


BAD = {
    "twins": ((step("a"), step("a")), "two steps are called 'a'"),
    "dangling": ((step("a", "b.out"),), "nothing makes b.out"),
    "dangling output": ((step("a"), step("b", "a.other")), "nothing makes a.other"),
    "cycle": ((step("a", "b.out"), step("b", "a.out")), "steps wait for each other: a -> b -> a"),
    "itself": ((step("a", "a.out"),), "wait for each other"),
    "name": ((step("A"),), "'A' in step 'A' is not a name"),
    "dash": ((Step("a", "a.py", params={"a-b": 1}),), "'a-b' in step 'a' is not a name"),
    "newline": ((step("a\n"),), "is not a name"),
    "empty": ((step(""),), "is not a name"),
    "twice": (
        (Step("a", "a.py", {"x": Source("s")}, (Output("a", "x"),)),),
        "step 'a' uses the name 'x' twice",
    ),
}


@pytest.mark.parametrize(("steps", "message"), BAD.values(), ids=BAD)
def test_what_no_backend_could_run_is_refused(steps, message):
    with pytest.raises(ExperimentInvalid) as error:
        Plan("p", steps)

    assert any(message in problem.message for problem in error.value.problems)


def test_all_problems_are_told_at_once():
    with pytest.raises(ExperimentInvalid) as error:
        Plan("p", (step("A", "b.out"), step("c", "d.out")), {"m": Output("x", "y")})

    told = " ".join(problem.message for problem in error.value.problems)
    for part in ("'A'", "b.out", "d.out", "x.y"):
        assert part in told


@given(NAMES)
def test_names_are_names(name):
    assert plans.NAME.fullmatch(name)
    assert Plan("p", (step(name),)).step(name).name == name


@given(st.text(max_size=8))
def test_nothing_else_is(text):
    good = text[:1] in "abcdefghijklmnopqrstuvwxyz" and text and text.isascii()
    good = good and all(letter.islower() or letter.isdigit() or letter == "_" for letter in text)
    if good:
        Plan("p", (step(text),))
    else:
        with pytest.raises(ExperimentInvalid):
            Plan("p", (step(text),))


def test_a_wrong_name_gets_the_nearest():
    plan = Plan("p", (step("train_ridge"), step("split")))

    with pytest.raises(NotFound) as error:
        plan.step("train_rigde")
    assert "train_ridge" in error.value.help
    with pytest.raises(NotFound):
        plan.step("split").output("nothing")


def test_plans_cannot_be_changed():
    plan = Plan("p", (step("a"),))
    with pytest.raises(FrozenInstanceError):
        plan.name = "q"
    with pytest.raises(FrozenInstanceError):
        plan.steps[0].cpus = 2


def test_the_order_is_the_same_in_every_process():
    """Sets of text have another order in each; plans and schedules have not."""
    code = textwrap.dedent(
        """
        from concrete_cli.backends.local.schedule import Schedule
        from concrete_cli.plan import Output, Plan, Step
        def step(name, *needs):
            inputs = {f"in_{n}": Output(need, "out") for n, need in enumerate(needs)}
            return Step(name, "x.py", inputs, (Output(name, "out"),))
        last = step("last", *(f"s{n}" for n in range(8)))
        plan = Plan("p", (last, *(step(f"s{n}", "first") for n in range(8)), step("first")))
        schedule, order = Schedule(plan, 1, lambda name: 0), []
        while released := schedule.released():
            for one in released: schedule.queue(one)
            while one := schedule.next():
                order.append(one.name); schedule.give_back(one); schedule.complete(one.name)
        print([step.name for step in plan.steps], order)
        """
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in range(4)
    }
    assert len(found) == 1
