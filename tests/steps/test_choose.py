import json
import shutil

import numpy as np
import pandas as pd
import pytest

from _step import Refused
from stepping import DATA, MIX, attempt, choose, cut, read

RMSE = {"good": 1.0, "bad": 2.0}


@pytest.fixture
def folder(chosen, tmp_path):
    for name in ("train", "train_ridge", "train_trees"):
        shutil.copytree(chosen / name, tmp_path / name)
    return tmp_path


def change(folder, name, **facts):
    path = folder / f"train_{name}" / "candidate.json"
    path.write_text(json.dumps({**read(path), **facts}))


def test_the_best_one_is_selected_with_all_it_needs(chosen):
    board = read(chosen / "leaderboard" / "leaderboard.json")
    lines = board["candidates"]
    assert board["metric"] == "rmse"
    assert lines[0]["cv"]["rmse"] < lines[1]["cv"]["rmse"]
    assert board["selected"] == lines[0]["candidate"]
    assert lines[0]["difference"] == {"mean": 0, "se": 0}
    folds = {
        line["candidate"]: read(chosen / f"train_{line['candidate']}" / "candidate.json")["folds"]
        for line in lines
    }
    pairs = zip(folds[lines[1]["candidate"]], folds[lines[0]["candidate"]], strict=True)
    gaps = [mine["rmse"] - its["rmse"] for mine, its in pairs]
    assert lines[1]["difference"]["mean"] == pytest.approx(np.mean(gaps))
    assert lines[1]["difference"]["se"] == pytest.approx(np.std(gaps, ddof=1) / np.sqrt(5))
    manifest = read(chosen / "model" / "manifest.json")
    assert manifest["candidate"] == board["selected"]
    assert set(manifest["files"]) == {"model.skops", "oof.parquet"}
    assert manifest["signature"]["target"] == "compressive_strength"
    assert manifest["interval"]["coverage"] == 0.9
    assert "scikit-learn" in manifest["versions"]


def test_another_metric_may_select_another_one(folder):
    change(folder, "ridge", cv={"rmse": 9, "mae": 1, "r2": 0.5, "se": 1})
    change(folder, "trees", cv={"rmse": 8, "mae": 2, "r2": 0.4, "se": 1})
    for metric, best in (("rmse", "trees"), ("mae", "ridge"), ("r2", "ridge")):
        choose(folder, "ridge", "trees", metric=metric)
        assert read(folder / "leaderboard" / "leaderboard.json")["selected"] == best


def test_a_score_that_is_no_number_never_wins(folder):
    change(folder, "trees", cv={"rmse": None, "mae": 0, "r2": 1, "se": None})
    choose(folder, "trees", "ridge")
    board = read(folder / "leaderboard" / "leaderboard.json")
    assert board["selected"] == "ridge"
    assert [line["candidate"] for line in board["candidates"]] == ["ridge", "trees"]


def test_those_that_failed_come_last_and_say_why(folder):
    change(folder, "trees", status="failed", error="ValueError: no", cv=None, folds=[])
    (folder / "train_killed").mkdir()
    choose(folder, "killed", "trees", "ridge")
    lines = read(folder / "leaderboard" / "leaderboard.json")["candidates"]
    assert [line["candidate"] for line in lines] == ["ridge", "killed", "trees"]
    assert lines[1]["status"] == "failed"
    assert lines[1]["error"] == "it ended before it had a result"
    assert lines[2]["error"] == "ValueError: no"
    assert lines[2]["difference"] is None


def test_when_all_failed_there_is_one_line(folder):
    change(folder, "trees", status="failed", error="ValueError: no", cv=None)
    change(folder, "ridge", status="skipped", error="too many rows", cv=None)
    with pytest.raises(Refused) as caught:
        choose(folder, "ridge", "trees")
    assert str(caught.value) == (
        "every candidate failed, there is nothing to select"
        " (ridge: too many rows; trees: ValueError: no)"
    )


def test_equal_scores_go_to_the_first_named(folder):
    cv = {"rmse": 5, "mae": 5, "r2": 0.5, "se": 1}
    change(folder, "ridge", cv=cv)
    change(folder, "trees", cv=cv)
    choose(folder, "trees", "ridge")
    assert read(folder / "leaderboard" / "leaderboard.json")["selected"] == "trees"


def test_what_is_in_the_test_rows_changes_nothing(tmp_path):
    """Other targets and other values in the test rows: the same train rows, the same selection."""
    rows = pd.read_csv(DATA)
    split = {"group_by": MIX, "stratify": {"column": "cement", "bins": 5}}
    results = []
    for name in ("as it is", "scrambled"):
        folder = tmp_path / name
        folder.mkdir()
        rows.to_csv(folder / "table.csv", index=False)
        cut(folder / "table.csv", folder, "compressive_strength", **split)
        attempt(folder, "ridge", "ridge")
        attempt(folder, "trees", "decision_tree")
        choose(folder, "ridge", "trees")
        files = ["train/rows.parquet", "train/folds.parquet", "train/signature.json"]
        files += ["model/model.skops", "train_trees/oof.parquet", "model/oof.parquet"]
        board = read(folder / "leaderboard" / "leaderboard.json")
        scores = [(line["candidate"], line["cv"]) for line in board["candidates"]]
        results.append(([(folder / file).read_bytes() for file in files], scores))
        test = pd.read_parquet(folder / "test" / "rows.parquet")
        marked = rows.merge(test.drop_duplicates(), how="left", indicator=True)
        is_test = (marked["_merge"] == "both").to_numpy()
        assert is_test.sum() == len(test)
        rows.loc[is_test, "age"] = 9999
        rows.loc[is_test, "compressive_strength"] = -5.0 * np.arange(is_test.sum())
    assert results[0] == results[1]
