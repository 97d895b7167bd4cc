"""The plan of finetune: a pure function of the experiment and of what it starts from."""

import json
from pathlib import Path

import pytest

from concrete_cli import config, plan_json
from concrete_cli.errors import ExperimentInvalid
from concrete_cli.plan import Source
from concrete_cli.workflows.finetune import Start, finetune

TEXT = """
[experiment]
name = "toys"
seed = 7
[data]
source = "toys.csv"
target = "price"
[train.candidates.ridge]
model = "ridge"
[train.candidates.mine]
model = "mine:Regressor"
"""
RIDGE = Start("RUN", "ridge", "ridge", {"alpha": 2}, slots=2)


@pytest.fixture
def plan(tmp_path):
    """Return the plan of the toy experiment with more TOML at its end."""
    (tmp_path / "toys.csv").write_text("size,price\n1,2\n")
    (tmp_path / "mine.py").write_text("class Regressor: ...\n")

    def make(more="", start=RIDGE, sets=()):
        file = tmp_path / "concrete.toml"
        file.write_text(TEXT + more)
        return finetune(config.load(file, sets), start)

    return make


def test_without_a_name_to_register_under_it_ends_with_the_test(plan):
    found = plan()

    assert [step.name for step in found.steps] == ["tune_0", "tune_1", "select", "evaluate"]
    assert not found.publishes
    shard = found.step("tune_1")
    assert shard.inputs == {
        "train": Source("run:RUN/split.train"),
        "untuned": Source("run:RUN/select.model"),
    }
    assert (shard.params["shard"], shard.params["shards"], shard.params["trials"]) == (1, 2, 50)
    assert "budget" not in shard.params
    assert shard.params["early_stop"] == {"policy": "median"}
    assert {"optuna", "sklearn.linear_model"} <= set(shard.libraries)
    assert "optuna" not in found.step("select").libraries
    assert plan_json.from_document(json.loads(json.dumps(plan_json.document(found)))) == found


def test_the_test_rows_are_seen_by_evaluate_and_register_only(plan):
    found = plan('[register]\nname = "toys"\n')

    readers = {
        step.name for step in found.steps if Source("run:RUN/split.test") in step.inputs.values()
    }
    assert readers == {"evaluate", "register"}
    assert {name: str(output) for name, output in found.publishes.items()} == {
        "toys": "register.model"
    }
    assert found.step("register").output("gates").mode == "mount"


def test_gates_and_the_rival(plan):
    table = '[register]\nname = "toys"\nrequire = { rmse = "<=6.1" }\nbetter_than = "production"\n'

    alone = plan(table).step("register")
    assert alone.params["require"] == {"rmse": "<= 6.1"}
    assert alone.params["better_than"] == "production"
    assert "rival" not in alone.inputs
    start = Start("RUN", "ridge", "ridge", slots=2, rival=True)
    rival = plan(table, start).step("register").inputs["rival"]
    assert rival == Source("model:toys@production")


@pytest.mark.parametrize(
    ("workers", "slots", "budget", "shards", "each"),
    [("", 2, "60s", 2, 60), ("", 0, "60s", 1, 60), ("4", 2, "60s", 4, 30), ("3", 2, "1m", 3, 30)],
)
def test_shards_that_wait_for_each_other_share_the_time(plan, workers, slots, budget, shards, each):
    sets = [f'finetune.budget="{budget}"', *([f"finetune.workers={workers}"] if workers else [])]
    found = plan(start=Start("RUN", "ridge", "ridge", slots=slots), sets=sets)

    params = [step.params for step in found.steps if step.name.startswith("tune_")]
    assert [one["budget"] for one in params] == [each] * shards


def test_there_are_no_more_shards_than_trials(plan):
    found = plan(sets=["finetune.trials=1", "finetune.workers=8"])
    assert [step.name for step in found.steps][:2] == ["tune_0", "select"]


def test_a_repetition_has_as_many_trials_as_then_and_no_clock(plan):
    start = Start("RUN", "ridge", "ridge", slots=1, shares=(5, 3, 4))
    found = plan(start=start, sets=["finetune.budget=60"])

    params = [step.params for step in found.steps if step.name.startswith("tune_")]
    counts = [len(range(one["shard"], one["trials"], one["shards"])) for one in params]
    assert counts == [5, 3, 4]
    assert all("budget" not in one for one in params)


def test_what_the_experiment_says_is_searched_else_what_suits_the_family(plan):
    assert plan().step("tune_0").params["space"]["alpha"]["type"] == "loguniform"

    said = plan('[finetune.space.ridge]\nalpha = "choice(1, 2)"\n').step("tune_0")
    assert said.params["space"] == {"alpha": {"type": "choice", "values": [1, 2]}}


def test_a_class_of_ones_own_needs_a_space(plan, tmp_path):
    start = Start("RUN", "mine", "mine:Regressor", slots=1)
    with pytest.raises(ExperimentInvalid) as error:
        plan(start=start)
    (problem,) = error.value.problems
    assert "nobody knows what to search of mine:Regressor" in problem.message
    assert "[finetune.space.mine]" in problem.help

    found = plan('[finetune.space.mine]\ndepth = "randint(5)"\n', start)
    assert found.step("tune_0").modules == (str(tmp_path / "mine.py"),)
    assert [Path(one).name for one in found.step("evaluate").modules] == ["mine.py"]


def test_sampling_names_the_library_that_it_needs(plan):
    needed = {
        name: set(plan(sets=[f'finetune.sampling="{name}"']).step("tune_0").libraries)
        for name in ("random", "sobol", "bayesian")
    }
    assert "scipy.stats.qmc" in needed["sobol"] - needed["random"]
    assert "optuna" in needed["bayesian"] - needed["sobol"]


def test_settings_of_steps_count(plan):
    found = plan('[steps."tune_*"]\ncompute = "big"\nretries = 2\n')
    assert {step.name for step in found.steps if step.retries == 2} == {"tune_0", "tune_1"}
