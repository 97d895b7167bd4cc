"""The shipped scripts do in the emulated cloud what they do here, to the last byte."""

import json

from concrete_cli.backends.azureml_v2.rehearse import emulated
from concrete_cli.backends.rehearsal import rehearse

from concrete_cli import config, payload
from concrete_cli import home as homes
from concrete_cli.plan import Output
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

        # the same comparison, said in the words of the reader
        handle = next(run["handle"] for run in handles(backend))
        backend.fetch(handle, Output("select", "leaderboard"), tmp_path / "board")
    board = json.loads((tmp_path / "board" / "leaderboard.json").read_text())
    assert board["selected"] == "linear"


def handles(backend):
    """Return the runs in the workspace, newest first."""
    found = backend.client.call("list the runs", lambda ml: list(ml.jobs.list()))
    return [{"handle": run.name} for run in found]
