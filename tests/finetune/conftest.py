"""What the tests of finetune begin with: a small model that training has selected."""

from __future__ import annotations

import pytest

from stepping import attempt, choose, cut, mixed, step

SPACE = {"alpha": {"type": "loguniform", "min_value": -6, "max_value": 8}}


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """A step has one processor; two threads that wait for a busy one are slow beyond reason."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield


@pytest.fixture(scope="session")
def toys(tmp_path_factory):
    """150 rows with text, booleans and holes; a ridge and a tree tried, the better one selected."""
    folder = tmp_path_factory.mktemp("toys")
    mixed(150).to_csv(folder / "toys.csv", index=False)
    cut(folder / "toys.csv", folder, "price", folds=3, group_by=["size"])
    attempt(folder, "ridge", "ridge", params={"alpha": 100.0})
    attempt(folder, "tree", "decision_tree", params={"max_depth": 1})
    step(
        "evaluate",
        model=choose(folder, "ridge", "tree") / "model",
        leaderboard=folder / "leaderboard",
        test=folder / "test",
        report=folder / "report",
    )
    return folder


@pytest.fixture
def tune(toys, tmp_path):
    """Tune the ridge; return the folder of the shard's output."""

    def run(name="tried", **given):
        folder = tmp_path / name
        folder.mkdir()
        arguments = {"space": SPACE, "sampling": "random", "trials": 8, **given}
        step("tune", **arguments, train=toys / "train", untuned=toys / "model", tried=folder)
        return folder

    return run


@pytest.fixture
def adopt(toys, tmp_path):
    """Let select look at what shards have tried; return the folder of its outputs."""

    def run(*tried, **given):
        folder = tmp_path / "adopted"
        step(
            "adopt",
            **given,
            train=toys / "train",
            untuned=toys / "model",
            board=toys / "leaderboard",
            tried=list(tried),
            model=folder / "model",
            leaderboard=folder / "leaderboard",
        )
        return folder

    return run
