"""The graph of every shipped experiment, as it is posted; a change shows as a diff.

`GOLDEN=write pytest tests/azureml_v1/test_golden.py` writes the files anew.
"""

from __future__ import annotations

import difflib
import json
import os
from pathlib import Path

import pytest
from concrete_cli.backends.azureml import AzureBackend

from concrete_cli import config, payload
from concrete_cli.workflows.train import train

GOLDEN = Path(__file__).parent / "golden"
EXPERIMENTS = sorted(payload.folder("configs").glob("*.toml"))
SETTINGS = {"default_compute": "cpu-cluster", "environment": "curated:1"}


def condensed(document):
    """The same graph: the run configuration, equal for all steps, once; nothing else is lost."""
    nodes = document["run"]["Graph"]["ModuleNodes"]
    configs = [node.pop("Runconfig") for node in nodes]
    assert all(one == configs[0] for one in configs)
    for node in nodes:
        node["ModuleParameters"] = {p["Name"]: p.get("Value") for p in node["ModuleParameters"]}
    modules = {
        name: {
            "arguments": [a["Value"] for a in module["StructuredInterface"]["Arguments"]],
            "reuse": module["IsDeterministic"],
            "type": module["StepType"],
        }
        for name, module in document["modules"].items()
    }
    return {"run": document["run"], "modules": modules, "configuration": configs[0]}


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda path: path.stem)
def test_the_graph_is_the_one_that_was_agreed(experiment, tmp_path):
    plan = train(config.load(experiment))
    found = AzureBackend(tmp_path, SETTINGS).preview(plan, tmp_path / "code").document
    text = json.dumps(condensed(found), indent=1, sort_keys=True) + "\n"
    assert str(payload.HERE.parent) not in text
    file = GOLDEN / f"{experiment.stem}.json"
    if os.environ.get("GOLDEN") == "write":
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    agreed = file.read_text(encoding="utf-8") if file.exists() else ""
    diff = difflib.unified_diff(agreed.splitlines(), text.splitlines(), "agreed", "now", n=2)
    assert text == agreed, "\n".join(diff)
