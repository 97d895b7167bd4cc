"""Commands as a user types them, in this process, against an emulated cloud."""

from __future__ import annotations

import importlib.util
import itertools
import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from concrete_cli import backend as seam
from told import Result

NUMBERS = """import argparse, json, os, time
from pathlib import Path
it = argparse.ArgumentParser()
it.add_argument("--factor", type=float, default=1)
it.add_argument("--wait", type=float, default=0)
it.add_argument("--source", type=Path)
it.add_argument("--numbers", type=Path)
args = it.parse_args()
print("reading", flush=True)
time.sleep(args.wait)
values = [float(word) * args.factor for word in args.source.read_text().split()]
(args.numbers / "numbers.json").write_text(json.dumps(values))
"""
TOTAL = """import argparse, json, os, sys
from pathlib import Path
it = argparse.ArgumentParser()
it.add_argument("--broken", type=json.loads, default=False)
it.add_argument("--two-faced", type=json.loads, default=False)
it.add_argument("--numbers", type=Path)
it.add_argument("--total", type=Path)
args = it.parse_args()
total = sum(json.loads((args.numbers / "numbers.json").read_text()))
if args.broken:
    print("this is how far it came", file=sys.stderr)
    sys.exit(1)
if args.two_faced and "AZUREML_RUN_ID" in os.environ:
    total += 1
(args.total / "total.json").write_text(json.dumps({"total": total}))
print("the total is", total)
"""
EXPERIMENT = """
[experiment]
name = "mine"

[pipeline.steps.numbers]
script = "numbers.py"
inputs = {{ source = "in.txt" }}
outputs = ["numbers"]
params = {{ factor = 2.0, wait = 0 }}

[pipeline.steps.total]
script = "total.py"
inputs = {{ numbers = "numbers.numbers" }}
outputs = ["total"]
params = {{ broken = false, two_faced = false }}

{tables}
"""
BLANKS = itertools.count()
EXTRA = {"azureml": "azureml", "azureml-v2": "azure"}


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in Path(item.path).parents:
            # libraries below the SDKs warn about each other's deprecations
            item.add_marker(pytest.mark.filterwarnings("ignore"))
            item.add_marker(pytest.mark.xdist_group("cloud"))


@dataclass
class Cloud:
    """An emulated cloud: the backend's name, its table in the experiment, the emulator."""

    name: str
    table: str
    emulator: Any


def table(name, values):
    lines = [f"[backend.{name}]"]
    nested = {key: value for key, value in values.items() if isinstance(value, dict)}
    lines += [f"{key} = {json.dumps(value)}" for key, value in values.items() if key not in nested]
    for key, inner in nested.items():
        lines += [f"[backend.{name}.{key}]"]
        lines += [f"{word} = {json.dumps(value)}" for word, value in inner.items()]
    return "\n".join(lines) + "\n"


def available(name):
    module = {"azureml": "azureml.core", "azureml-v2": "azure.ai.ml"}[name]
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


@pytest.fixture(scope="session")
def clouds(tmp_path_factory):
    """Make each emulator once, when a test asks for it."""
    made, closers = {}, []

    def cloud(name):
        if name not in made:
            if not available(name):
                pytest.skip(f"extra {name} is not installed")
            made[name] = MAKERS[name](tmp_path_factory.mktemp(name), closers)
        return made[name]

    yield cloud
    for close in closers:
        close()


def v1(folder, closers):
    from concrete_cli.emulators.azureml_v1 import Emulator, adapter
    from concrete_cli.emulators.azureml_v1.login import ENVIRONMENT
    from concrete_cli.emulators.azureml_v1.state import GROUP, SUBSCRIPTION, WORKSPACE

    emulator = Emulator(folder)
    closers += [adapter.install(emulator.address), emulator.close]
    given = {
        "subscription": SUBSCRIPTION,
        "resource_group": GROUP,
        "workspace": WORKSPACE,
        "auth": "service_principal",
        "default_compute": "cpu-cluster",
        "environment": "curated:1",
        "parameters": ["numbers.factor"],
    }
    return Cloud("azureml", table("azureml", given), emulator), ENVIRONMENT


def v2(folder, closers):
    from concrete_cli.emulators.azureml_v2 import Emulator

    emulator = Emulator(folder)
    emulator.__enter__()
    closers.append(lambda: emulator.__exit__(None, None, None))
    given = {
        **emulator.settings,
        "default_compute": "cpu-cluster",
        "environment": "curated:1",
        "parameters": ["factor"],
    }
    return Cloud("azureml-v2", table("azureml-v2", given), emulator), emulator.environment


MAKERS = {"azureml": v1, "azureml-v2": v2}


@pytest.fixture(params=["azureml", "azureml-v2"])
def cloud(request, clouds, monkeypatch):
    made, environment = clouds(request.param)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return made


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the scripts, and data that no other test has."""
    (tmp_path / "numbers.py").write_text(NUMBERS)
    (tmp_path / "total.py").write_text(TOTAL)
    (tmp_path / "in.txt").write_text(f"1 2 3{' ' * next(BLANKS)}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def experiment(folder):
    """Write the experiment with these tables; return its path."""

    def write(*tables):
        path = folder / "concrete.toml"
        path.write_text(EXPERIMENT.format(tables="\n".join(tables)))
        return path

    return write


@pytest.fixture
def type_(capsys):
    """Run a command in this process: the SDKs take seconds to import."""
    from concrete_cli.cli import app

    def run(*words, code=0):
        seam._tell.cache_clear()
        logging.getLogger("concrete").handlers.clear()  # of an earlier command
        capsys.readouterr()
        got = app.run([str(word) for word in words])
        done = Result(got, *capsys.readouterr())
        told = f"exit code {got}, not {code}: {words}\n{done.stdout}\n{done.stderr}"
        assert code in (None, got), told
        return done

    return run
