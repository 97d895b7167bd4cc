"""What is sent to Azure, kept in files: a change of it shows as a diff.

UPDATE_GOLDEN=1 writes the files anew. The bodies are captured from the emulator, since what the
SDK shows offline still holds YAML and paths of this machine.
"""

import json
import os
import re
from pathlib import Path

import pytest
from concrete_cli.backends.azureml_v2 import AzureBackend
from concrete_cli.emulators.azureml_v2 import Emulator

from concrete_cli import config
from concrete_cli.backend import Options
from concrete_cli.workflows.train import train

GOLDEN = Path(__file__).parent / "golden"
CONFIGS = Path(__file__).parent.parent.parent / "configs"
ENVIRONMENT = "azureml://registries/azureml/environments/sklearn-1.5/versions/33"
# what differs from run to run, or with the content of a script
VARIES = [
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
    (r"https://127\.0\.0\.1:\d+", "https://HOST"),
    (r"(codes/)[^/\"]+/versions/[^/\"]+", r"\1CODE"),
    (r"(/versions/)[0-9a-f\-]{20,}", r"\1HASH"),
    (r"(LocalUpload/)[0-9a-f]+", r"\1HASH"),
    (r"amber-otter-[0-9a-f]{8}", "RUN"),
    (r"\b[0-9a-f]{32,64}\b", "HASH"),
]


def normal(text):
    for pattern, name in VARIES:
        text = re.sub(pattern, name, text)
    return text


def without_git(body):
    """Leave out what the SDK tells of the repository that it is called in."""
    if isinstance(body, list):
        return [without_git(entry) for entry in body]
    if not isinstance(body, dict):
        return body
    return {
        key: without_git(value)
        for key, value in body.items()
        if not key.startswith(("mlflow.source.git", "azureml.git"))
    }


@pytest.fixture
def idle(tmp_path, monkeypatch):
    with Emulator(tmp_path / "azure", idle=True) as cloud:
        for name, value in cloud.environment.items():
            monkeypatch.setenv(name, value)
        yield cloud
        assert not cloud.unmatched


def check(name, emulator):
    found = [
        {"method": method, "path": path, "body": without_git(body)}
        for method, path, body in emulator.bodies
        if not path.startswith(("codes/", "data/"))
    ]
    text = normal(json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False)) + "\n"
    file = GOLDEN / f"{name}.json"
    if os.environ.get("UPDATE_GOLDEN"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert file.is_file(), "UPDATE_GOLDEN=1 pytest tests/azureml_v2/test_golden.py"
    assert text == file.read_text(encoding="utf-8")


def submit(plan, emulator, tmp_path, **settings):
    given = {**emulator.settings, "environment": ENVIRONMENT, **settings}
    backend = AzureBackend(tmp_path / "home", {"default_compute": "cpu-cluster", **given})
    backend.submit(plan, tmp_path / "amber-otter", Options())


def test_toy(idle, toy, tmp_path):
    submit(toy, idle, tmp_path, parameters=["factor"])
    check("toy", idle)


@pytest.mark.parametrize("name", [path.stem for path in sorted(CONFIGS.glob("*.toml"))])
def test_shipped_experiment(idle, name, tmp_path):
    submit(train(config.load(CONFIGS / f"{name}.toml")), idle, tmp_path)
    check(f"train-{name}", idle)


def test_schedule_and_published_plan(idle, toy, tmp_path):
    given = {**idle.settings, "environment": ENVIRONMENT, "default_compute": "cpu-cluster"}
    backend = AzureBackend(tmp_path / "home", given)
    backend.schedule(toy, "nightly", tmp_path / "one", cron_text="0 3 * * 1")
    backend.publish(toy, "toy", tmp_path / "two")
    check("elsewhere", idle)
