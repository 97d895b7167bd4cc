"""Shards of the search, as scripts: what they try, when they stop, how they go on."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from _folds import Folds, load_libraries
from _spaces import space
from _trials import DONE, FAILED, FILE, STOPPED, read
from stepping import STEPS, argv, attempt, choose, step
from stepping import read as read_json

SLOW = {"n_estimators": {"type": "quniform", "min_value": 40, "max_value": 400, "q": 1}}


def timeless(trials):
    return [replace(trial, seconds=0, elapsed=0) for trial in trials]


def test_trial_0_is_the_untuned_model_and_trial_1_the_preset(tune, toys):
    trials = read(tune() / FILE)

    assert [trial.number for trial in trials] == list(range(8))
    assert trials[0].params == {"alpha": 100.0}
    assert trials[1].params == {}
    known = read_json(toys / "train_ridge" / "candidate.json")["folds"]
    assert [fold["rmse"] for fold in trials[0].folds] == [fold["rmse"] for fold in known]
    assert {trial.state for trial in trials} == {DONE}
    assert len({trial.params["alpha"] for trial in trials[2:]}) == 6


@pytest.mark.parametrize("family", ["ridge", "knn", "svr", "lightgbm", "xgboost", "voting"])
def test_a_fold_gives_what_training_gave(toys, tmp_path, family):
    small = {"n_estimators": 20}
    params = {"lightgbm": small, "xgboost": small}.get(family, {})
    if family == "voting":
        params = {"members": ["ridge", {"model": "lightgbm", "params": small}], "weights": [1, 3]}
    (tmp_path / "train").symlink_to(toys / "train")
    oof = pd.read_parquet(attempt(tmp_path, family, family, params=params) / "oof.parquet")
    load_libraries(family, params)

    folds = Folds(toys / "train", 0, 1)
    for number in range(3):
        known = oof["predicted"][oof["fold"] == number]
        np.testing.assert_allclose(folds.predict(number, family, params), known, rtol=1e-12)


def test_the_same_call_tries_the_same(tune):
    one, other = (tune(name, sampling="bayesian", trials=16, seed=3) for name in "ab")

    assert timeless(read(one / FILE)) == timeless(read(other / FILE))


def test_shards_share_the_trials_of_one_sequence(tune):
    whole = read(tune("whole") / FILE)
    parts = [read(tune(f"part{n}", shard=n, shards=3) / FILE) for n in range(3)]

    together = sorted((one for part in parts for one in part), key=lambda one: one.number)
    assert timeless(together) == timeless(whole)


@pytest.mark.parametrize("stop", ["median", "bandit"])
def test_trials_that_come_to_nothing_are_given_up(tune, stop):
    policy = {"policy": stop} | ({"slack_factor": 0.01} if stop == "bandit" else {})
    early = read(tune("early", early_stop=policy, trials=16) / FILE)
    whole = read(tune("whole", trials=16) / FILE)

    stopped = [trial for trial in early if trial.state == STOPPED]
    assert 2 < len(stopped) < 16
    assert all(len(trial.folds) < 3 for trial in stopped)
    best, found = (min(trial.loss("rmse") for trial in trials) for trials in (whole, early))
    assert best <= found < 1.03 * best


def test_a_configuration_that_cannot_be_fitted_fails_alone(tune, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("CONCRETE_STATE", str(tmp_path / "state"))
    wrong = {"alpha": {"type": "choice", "values": [-1.0, 2.0]}}
    folder = tune(space=wrong, sampling="grid", trials=9)

    trials = read(folder / FILE)
    assert [trial.state for trial in trials[2:]].count(FAILED) == 1
    assert [trial.state for trial in trials[2:]].count(DONE) == 1
    assert len(trials) == 4  # the grid has two points
    assert "alpha" in next(trial.error for trial in trials if trial.state == FAILED)
    assert "progress: 4 of 9 trials, best rmse" in capsys.readouterr().out
    assert read_json(folder / "metrics.json")["failed"] == 1
    assert not (tmp_path / "state" / "failure").exists(), "it would be refused the next time, too"


def test_a_failure_that_may_pass_is_tried_again(tune, tmp_path, monkeypatch):
    given = {"sampling": "bayesian", "trials": 16, "early_stop": {"policy": "median"}}
    whole = read(tune("whole", **given) / FILE)
    monkeypatch.setenv("CONCRETE_STATE", str(tmp_path / "state"))
    predict, fits = Folds.predict, []

    def full(self, fold, model, params):
        fits.append(params)
        if params == whole[11].params:
            raise MemoryError("no room")
        return predict(self, fold, model, params)

    with monkeypatch.context() as memory:
        memory.setattr(Folds, "predict", full)
        failed = read(tune("failed", **given) / FILE)
        assert (tmp_path / "state" / "failure").read_text() == (
            "trial 11 failed: MemoryError: no room"
        )
        fits.clear()
        same = read(tune("same", **given) / FILE)
        assert [params == whole[11].params for params in fits] == [True], "nothing else is fitted"

    assert [trial.number for trial in failed if trial.state == FAILED] == [11]
    assert same == failed
    assert timeless(read(tune("again", **given) / FILE)) == timeless(whole)
    assert timeless(read(tmp_path / "state" / FILE)) == timeless(whole)


def test_no_trial_begins_when_the_time_is_over(tune):
    folder = tune(trials=100_000, budget=0.5)

    trials = read(folder / FILE)
    assert 1 < len(trials) < 10_000
    assert trials[-2].elapsed <= 0.5  # the last one had begun
    assert read_json(folder / "metrics.json")["seconds"] < 2


def test_what_is_tried_twice_is_fitted_once(tune):
    folder = tune(space={"alpha": {"type": "choice", "values": [100.0]}}, trials=5)

    trials = read(folder / FILE)
    assert len({trial.folds[0]["rmse"] for trial in trials if trial.number != 1}) == 1


@pytest.fixture
def slow(toys, tmp_path):
    """Return the command of a shard that takes its time, and its output folder."""
    (tmp_path / "train").symlink_to(toys / "train")
    attempt(tmp_path, "trees", "lightgbm", params={"n_estimators": 5})
    choose(tmp_path, "trees")

    def command(name):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        words = argv(
            {
                "space": SLOW,
                "sampling": "bayesian",
                "trials": 24,
                "seed": 1,
                "train": tmp_path / "train",
                "untuned": tmp_path / "model",
                "tried": folder,
            }
        )
        return [sys.executable, str(STEPS / "tune.py"), *words], folder

    return command


def test_a_shard_that_is_killed_goes_on_from_its_journal(slow, tmp_path):
    command, whole = slow("whole")
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    command, output = slow("output")
    state = tmp_path / "state"
    state.mkdir()
    env = {**os.environ, "CONCRETE_STATE": str(state)}
    kills = 0
    for wanted in (3, 14):
        with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL) as process:
            while process.poll() is None and len(read(state / FILE)) < wanted:
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
        kills += process.returncode == -signal.SIGKILL
    with (state / FILE).open("a") as journal:
        journal.write('{"number": 99, "sta')  # as far as a write may come

    subprocess.run(command, check=True, env=env, stdout=subprocess.DEVNULL)

    assert kills == 2
    assert timeless(read(output / FILE)) == timeless(read(whole / FILE))
    elapsed = [trial.elapsed for trial in read(output / FILE)]
    assert elapsed == sorted(elapsed)


@pytest.mark.parametrize("family", ["decision_tree", "knn", "svr", "linear"])
def test_families_can_be_tuned_with_their_own_space(toys, tmp_path, family):
    (tmp_path / "train").symlink_to(toys / "train")
    attempt(tmp_path, family, family)
    choose(tmp_path, family)
    tried = tmp_path / "tried"
    tried.mkdir()
    words = {"space": space(family), "sampling": "sobol", "trials": 4, "tried": tried}

    step("tune", **words, train=tmp_path / "train", untuned=tmp_path / "model")

    assert [trial.state for trial in read(tried / FILE)] == [DONE] * 4
