"""What a cloud costs beside the import of its SDK, in processor time: load changes it less.

benchmarks/azure.py measures the same, and more, side by side.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from concrete_cli import payload

IMPORTS = {
    "azureml": "import azureml.core, azureml.pipeline.core, azureml.pipeline.steps",
    "azureml-v2": "from azure.ai.ml import MLClient, entities",
}
EXPERIMENT = """
extends = {{ file = "{file}" }}
[experiment]
name = "quick"
{table}
"""


def cost(command, environment):
    """Run a command; return its processor seconds, its memory at most in MB, its stdout."""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
    out = process.stdout.read()
    process.stdout.close()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, out.decode()
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, out


def test_the_quick_experiment_costs_little_more_than_the_import(type_, cloud, folder):
    file = folder / "concrete.toml"
    table = cloud.table.replace('["numbers.factor"]', "[]").replace('["factor"]', "[]")
    file.write_text(EXPERIMENT.format(file=payload.folder("configs") / "quick.toml", table=table))
    environment = dict(os.environ)
    if cloud.name == "azureml":  # this is what leads the SDK v1 to the emulator
        environment["PYTHONPATH"] = str(cloud.emulator.site)
    train = [str(Path(sys.executable).with_name("concrete")), "train", str(file)]
    train += ["--backend", cloud.name, "--json"]
    bare = [sys.executable, "-P", "-c", IMPORTS[cloud.name]]

    imported = min(cost(bare, environment)[0] for _ in range(2))
    dry, memory, _ = min(cost([*train, "--dry-run"], environment) for _ in range(2))
    assert dry < 1.5 * imported
    assert memory < 500

    sent, memory, out = cost([*train, "--detach"], environment)
    type_("cancel", json.loads(out)["run"])
    assert sent < imported + 3
    assert memory < 500
