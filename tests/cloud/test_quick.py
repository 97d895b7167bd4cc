"""The shipped quick experiment gives on each backend what it gives here, to the last byte."""

import pytest
from concrete_cli.backends import rehearsal

from concrete_cli import config, payload
from concrete_cli.plan import Output
from concrete_cli.workflows.train import train

EXPERIMENT = """
extends = {{ file = "{file}" }}
[experiment]
name = "quick"
{table}
"""
pytestmark = pytest.mark.xdist_group("quick")  # the longest test: let it begin by itself
# The two SDKs cannot be installed side by side: each is compared with the local backend where it
# is, and that one with these cross-validation scores everywhere.
RMSE = {
    "gradient_boosting": 5.678214,
    "random_forest": 5.705412,
    "xgboost": 5.855981,
    "knn": 6.679796,
    "linear": 7.155759,
    "decision_tree": 7.957413,
}


@pytest.fixture
def quick(folder, cloud):
    table = cloud.table.replace('["numbers.factor"]', "[]").replace('["factor"]', "[]")
    file = payload.folder("configs") / "quick.toml"
    path = folder / "concrete.toml"
    path.write_text(EXPERIMENT.format(file=file, table=table))
    return path


@pytest.mark.timeout(400)
def test_scores_selection_and_predictions_are_equal_on_every_backend(type_, quick, cloud, folder):
    at = ("--backend", cloud.name, "--json")
    here = type_("train", quick, "--json").json()
    there = type_("train", quick, *at).json()

    assert (there["backend"], there["status"]) == (cloud.name, "done")
    assert there["selected"] == here["selected"]
    assert there["test"] == here["test"]
    scores = [{row["candidate"]: row["cv"] for row in one["leaderboard"]} for one in (here, there)]
    assert scores[0] == scores[1]
    assert {name: cv["rmse"] for name, cv in scores[0].items()} == pytest.approx(RMSE, rel=1e-6)
    found = {str(it): differences(type_, folder, here, there, it) for it in outputs(quick)}
    assert {name: told for name, told in found.items() if told} == {}
    assert "evaluate.report" in found  # with the predictions of the test rows
    assert (folder / "there" / "evaluate.report" / "predictions.parquet").is_file()

    before = len(cloud.emulator.calls)
    again = type_("train", quick, *at).json()
    assert {step["state"] for step in again["steps"]} == {"reused"}
    assert [again[key] for key in ("selected", "test")] == [
        there[key] for key in ("selected", "test")
    ]
    assert uploads(cloud, before) == []


def outputs(file):
    return [output for step in train(config.load(file)).steps for output in step.outputs]


def differences(type_, folder, here, there, output: Output):
    into = [folder / side / str(output) for side in ("here", "there")]
    for run, target in zip((here, there), into, strict=True):
        type_("fetch", run["run"], output, target)
    return list(rehearsal.differences(*into))


def uploads(cloud, since):
    """Return the files that went to the storage of the emulated cloud."""
    calls = cloud.emulator.calls[since:]
    if cloud.name == "azureml":
        return [at for verb, at, _ in calls if verb == "PUT" and "blob.core.windows.net" in at]
    return [call.path for call in calls if call.method == "PUT" and "/acct/" in call.path]
