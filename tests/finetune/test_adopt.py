"""select of finetune: the tuned model has to beat the untuned one, else that one stays."""

import json
import shutil
from argparse import Namespace

import numpy as np
import pandas as pd
import pytest

from _bundle import load_bundle
from _folds import Folds
from _manifest import write_manifest
from _trials import DONE, FILE, Trial, read
from _tuning import beats, best_trials, cv, extended, gained
from adopt import write_model
from stepping import choose, step
from stepping import read as read_json


def test_a_tuned_model_that_is_better_is_kept(tune, adopt, toys):
    folder = adopt(tune("one", shards=2), tune("other", shards=2, shard=1))

    tuning = read_json(folder / "leaderboard" / "tuning.json")
    assert tuning["kept"] == "tuned"
    assert tuning["trials"] == tuning["done"] == 8
    assert tuning["gain"] > tuning["gain_se"] > 0
    assert tuning["gain"] == pytest.approx(tuning["untuned"] - tuning["best"])
    assert [one["number"] for one in tuning["history"]] == list(range(8))
    model, manifest = load_bundle(folder / "model")
    assert manifest["params"] == tuning["params"] != {"alpha": 100.0}
    rows = pd.read_parquet(toys / "test" / "rows.parquet")
    assert np.isfinite(model.predict(rows)).all()
    oof = pd.read_parquet(folder / "model" / "oof.parquet")
    covered = np.abs(oof["actual"] - oof["predicted"]).mean()
    assert covered < manifest["interval"]["half_width"]
    board = read_json(folder / "leaderboard" / "leaderboard.json")
    assert board["selected"] == "ridge_tuned"
    assert [one["candidate"] for one in board["candidates"]] == ["ridge_tuned", "ridge", "tree"]
    assert board["candidates"][1]["difference"]["mean"] == pytest.approx(tuning["gain"])


def test_the_untuned_model_stays_if_nothing_beats_it(tune, adopt, toys):
    worse = {"alpha": {"type": "uniform", "min_value": 200, "max_value": 300}}
    tried = tune(space=worse, trials=4)
    lines = (tried / FILE).read_text().splitlines(keepends=True)
    (tried / FILE).write_text("".join(lines[:1] + lines[2:]))  # without the preset

    folder = adopt(tried)

    tuning = read_json(folder / "leaderboard" / "tuning.json")
    assert tuning["kept"] == "untuned"
    assert tuning["gain"] < 0
    for name in ("model.skops", "manifest.json", "oof.parquet"):
        assert (folder / "model" / name).read_bytes() == (toys / "model" / name).read_bytes()
    board = read_json(folder / "leaderboard" / "leaderboard.json")
    assert board["selected"] == "ridge"
    assert "ridge_tuned" in [one["candidate"] for one in board["candidates"]]


def test_without_a_trial_beside_the_untuned_model_that_one_stays(tune, adopt):
    folder = adopt(tune(trials=1))

    tuning = read_json(folder / "leaderboard" / "tuning.json")
    assert (tuning["kept"], tuning["gain"], tuning["params"]) == ("untuned", 0.0, None)


def test_an_average_of_the_best_is_a_model_of_its_own(tune, adopt, toys):
    folder = adopt(tune(trials=12), average=3)

    model, manifest = load_bundle(folder / "model")
    assert manifest["model"] == "voting"
    assert [member["model"] for member in manifest["params"]["members"]] == ["ridge"] * 3
    tuning = read_json(folder / "leaderboard" / "tuning.json")
    best = min(one["value"] for one in tuning["history"])
    assert tuning["averaged"] == 3
    assert tuning["best"] == pytest.approx(best, rel=0.03)  # measured by other folds
    rows = pd.read_parquet(toys / "test" / "rows.parquet")
    assert np.isfinite(model.predict(rows)).all()


def test_an_average_of_averages_is_one_average_of_all_members(adopt, tmp_path, toys):
    """A voting candidate whose members and weights were tuned, averaged again."""
    (tmp_path / "train").symlink_to(toys / "train")
    params = {"members": ["ridge", "knn"]}
    step(
        "train",
        name="both",
        model="voting",
        params=params,
        train=toys / "train",
        candidate=tmp_path / "train_both",
    )
    selected = choose(tmp_path, "both")
    tried = tmp_path / "tried"
    tried.mkdir()
    from _spaces import space

    step(
        "tune",
        space=space("voting", params),
        sampling="random",
        trials=5,
        train=toys / "train",
        untuned=selected / "model",
        tried=tried,
    )
    step(
        "adopt",
        average=2,
        train=toys / "train",
        untuned=selected / "model",
        board=selected / "leaderboard",
        tried=[tried],
        model=tmp_path / "adopted",
        leaderboard=tmp_path / "board",
    )

    tuning = read_json(tmp_path / "board" / "tuning.json")
    members = tuning["params"]["members"]
    assert [member["model"] for member in members] == ["ridge", "knn", "ridge", "knn"]
    assert sum(tuning["params"]["weights"]) == pytest.approx(1)
    trials = sorted(read(tried / FILE)[1:], key=lambda one: one.loss("rmse"))
    ends = [trials[0].loss("rmse"), trials[1].loss("rmse")]
    assert tuning["best"] < max(ends) + 1e-9


def test_a_damaged_model_is_refused(adopt, tune, toys, tmp_path):
    from _step import Refused

    copy = tmp_path / "copy"
    shutil.copytree(toys / "model", copy)
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["files"]["model.skops"] = "0" * 64
    write_manifest(copy, manifest)
    with pytest.raises(Refused, match="sha256 differs"):
        step(
            "tune",
            space={},
            sampling="random",
            trials=1,
            train=toys / "train",
            untuned=copy,
            tried=tmp_path,
        )


def trial(number, *scores, params=None, state=DONE):
    folds = tuple({"rmse": score, "mae": score, "r2": 1 - score} for score in scores)
    return Trial(number, state, params or {"a": number}, folds=folds)


def test_the_best_are_distinct_complete_and_no_untuned_model():
    trials = [trial(0, 1, 1), trial(1, 3, 3), trial(2, 2, 2), trial(3, 2, 2, params={"a": 2})]
    trials.append(trial(4, 1, state="stopped"))

    assert [one.number for one in best_trials(trials, "rmse", 5)] == [2, 1]
    assert [one.number for one in best_trials(trials, "r2", 1)] == [2]


def test_a_fold_has_no_say_in_the_choice_that_it_judges():
    lucky, steady = trial(1, 1.0, 5.0, 5.0), trial(2, 4.0, 4.0, 4.0)

    assert best_trials([lucky, steady], "rmse", 1) == [lucky]
    assert best_trials([lucky, steady], "rmse", 1, without=0) == [steady]
    assert best_trials([lucky, steady], "rmse", 1, without=1) == [lucky]


def test_what_only_chance_has_chosen_is_not_kept(adopt, toys, tmp_path):
    """Each trial is very good on one fold and bad on the others: the mean of the best is good."""
    lines = []
    for number in range(3):
        scores = [{"rmse": 9.0, "mae": 9.0, "r2": 0.0} for _ in range(3)]
        scores[number] = {"rmse": 0.1, "mae": 0.1, "r2": 0.9}
        line = {"number": number + 1, "state": DONE, "params": {"alpha": 200.0 + number}}
        lines.append(json.dumps({**line, "folds": scores}))
    tried = tmp_path / "tried"
    tried.mkdir()
    (tried / FILE).write_text("\n".join(lines) + "\n")

    tuning = read_json(adopt(tried) / "leaderboard" / "tuning.json")
    assert min(one["value"] for one in tuning["history"]) < tuning["untuned"]
    assert tuning["kept"] == "untuned"


def test_gains_are_paired_and_positive_where_it_became_better():
    before, after = trial(0, 5.0, 6.0), trial(1, 4.0, 6.5).folds

    assert gained(before, list(after), "rmse") == [1.0, -0.5]
    assert gained(before, list(after), "r2") == [1.0, -0.5]
    assert cv(list(after), "rmse")["rmse"] == 5.25


def test_a_gain_has_to_be_larger_than_its_standard_error():
    assert beats([1.0, 0.9, 1.1])
    assert not beats([1.0, -0.5, 0.2])  # 0.23, standard error 0.43
    assert not beats([0.0, 0.0, 0.0])
    assert not beats([-1.0, -1.0, -1.0])
    assert not beats([1.0])  # one fold says nothing of the error


@pytest.mark.parametrize(("metric", "sign"), [("rmse", 1), ("r2", -1)])
def test_the_leaderboard_says_how_far_the_untuned_model_is_behind(metric, sign):
    line = {
        "candidate": "a",
        "model": "ridge",
        "status": "done",
        "error": None,
        "seconds": 1,
        "bytes": 1,
        "cv": {"rmse": 5.0, "mae": 4.0, "r2": 0.5, "se": 0.1},
        "difference": {"mean": 0.0, "se": 0.0},
    }
    board = {"metric": metric, "selected": "a", "candidates": [line]}
    tuning = {"kept": "tuned", "gain": 1.0, "gain_se": 0.2, "seconds": 3.0}
    after = [{"rmse": 4.0, "mae": 3.0, "r2": 0.6}]

    found = extended(board, {"candidate": "a", "model": "ridge"}, tuning, after)

    assert found["selected"] == "a_tuned"
    assert [one["candidate"] for one in found["candidates"]] == ["a_tuned", "a"]
    assert found["candidates"][1]["difference"] == {"mean": sign * 1.0, "se": 0.2}


@pytest.mark.parametrize("model", ["random_forest", "hist_gradient_boosting"])
def test_how_many_threads_there_were_is_not_seen_in_the_model(toys, tmp_path, model):
    """Else equal models would be two versions, and an endpoint would use threads as tuning did."""
    manifest = {"model": model, "params": {"max_depth": 3}}
    found = []
    for threads in (1, 2):
        folder = tmp_path / str(threads)
        folder.mkdir()
        folds = Folds(toys / "train", 0, threads)
        args = Namespace(model=folder, untuned=toys / "model", coverage=0.9, files=())
        write_model(args, folds, manifest, (), folds.target + 1)
        found.append((folder / "model.skops").read_bytes())
    assert found[0] == found[1]
