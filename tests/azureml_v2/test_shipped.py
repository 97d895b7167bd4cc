"""The shipped scripts do in the emulated cloud what they do here, to the last byte."""

import json

from concrete_cli.backends.azureml_v2.rehearse import emulated
from concrete_cli.backends.rehearsal import rehearse

from concrete_cli import config, payload
from concrete_cli import home as homes
from concrete_cli.workflows.train import train

EXPERIMENT = """
extends = {{ file = "{file}", without = ["train.candidates"] }}
[experiment]
name = "small"
[train.candidates]
linear = {{ model = "linear" }}
decision_tree = {{ model = "decision_tree", params = {{ max_depth = 5 }} }}
"""


def test_training_is_equal_here_and_there(tmp_path):
    file = tmp_path / "small.toml"
    file.write_text(EXPERIMENT.format(file=payload.folder("configs") / "concrete.toml"))
    plan = train(config.load(file))
    home = homes.prepare(tmp_path / ".concrete")
    with emulated(plan, tmp_path / "emulated", {}) as backend:
        found = rehearse(plan, home, backend)
        assert found["equal"], json.dumps(found, indent=1)
        assert [step["name"] for step in found["steps"]] == [step.name for step in plan.steps]


def test_the_command_trains_in_the_cloud_as_it_does_here(concrete, emulator, tmp_path):
    text = EXPERIMENT.format(file=payload.folder("configs") / "concrete.toml")
    given = {**emulator.settings, "environment": "curated:1", "default_compute": "cpu-cluster"}
    cloud = given.pop("cloud")
    (tmp_path / "small.toml").write_text(
        text
        + "\n[backend.azureml-v2]\n"
        + table(given)
        + "[backend.azureml-v2.cloud]\n"
        + table(cloud)
    )
    here = concrete("train", "small.toml", "--json").json()
    there = concrete("train", "small.toml", "--backend", "azureml-v2", "--json").json()

    assert (there["backend"], there["status"]) == ("azureml-v2", "done")
    assert {step["state"] for step in there["steps"]} == {"done"}
    assert there["selected"] == here["selected"]
    assert there["test"] == here["test"]
    scores = [
        [(row["candidate"], row["cv"]) for row in found["leaderboard"]] for found in (here, there)
    ]
    assert scores[0] == scores[1]

    again = concrete("train", "small.toml", "--backend", "azureml-v2", "--json").json()
    assert {step["state"] for step in again["steps"]} == {"reused"}


def table(values):
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
