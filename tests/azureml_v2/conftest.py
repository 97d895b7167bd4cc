"""An emulated Azure ML for a test module, the backend that talks to it, and toy plans."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest

pytest.importorskip("azure.ai.ml", reason="extra azureml-v2 is not installed")

from concrete_cli.backends.azureml_v2 import AzureBackend
from concrete_cli.emulators.azureml_v2 import Emulator

from concrete_cli.backend import Options, State
from concrete_cli.plan import Output, Plan, Source, Step
from toys_v2 import STEPS

BLANKS = itertools.count()


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in Path(item.path).parents:
            # libraries below the SDK warn about each other's deprecations
            item.add_marker(pytest.mark.filterwarnings("ignore"))
            item.add_marker(pytest.mark.xdist_group("azureml_v2"))


@pytest.fixture(scope="module")
def emulator(tmp_path_factory):
    with Emulator(tmp_path_factory.mktemp("azure")) as cloud:
        before = {name: os.environ.get(name) for name in cloud.environment}
        os.environ.update(cloud.environment)
        yield cloud
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)
        assert not cloud.unmatched, f"requests without an answer: {cloud.unmatched}"


@pytest.fixture
def settings(emulator):
    return {**emulator.settings, "default_compute": "cpu-cluster", "environment": "curated:1"}


@pytest.fixture
def backend(settings, tmp_path):
    return AzureBackend(tmp_path / "home", settings)


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "numbers.txt"
    blanks = " " * next(BLANKS)  # new content: no test finds what another one computed
    path.write_text(f"1 2 3{blanks}\n")
    return path


@pytest.fixture
def toy(source):
    """numbers -> power_2, power_3 -> best"""
    data = Output("numbers", "data")
    powers = tuple(
        Step(
            f"power_{n}",
            str(STEPS / "power.py"),
            {"data": data},
            (Output(f"power_{n}", "total"),),
            {"label": f"it's {n}", "exponent": n},
        )
        for n in (2, 3)
    )
    first = Step(
        "numbers",
        str(STEPS / "numbers.py"),
        {"source": Source(str(source))},
        (data,),
        {"factor": -0.5},
    )
    last = Step(
        "best",
        str(STEPS / "best.py"),
        {"totals": tuple(step.outputs[0] for step in powers)},
        (Output("best", "model"),),
        {"names": [step.params["label"] for step in powers]},
        compute="big-cluster",
    )
    return Plan("toy", (first, *powers, last), {"toy": last.outputs[0]})


@pytest.fixture
def run(backend, tmp_path):
    """Submit a plan, watch it to its end; return the handle and the last event of each step."""

    def act(plan, options=None):
        handle = backend.submit(plan, tmp_path / "amber-otter", options or Options())
        events = list(backend.watch(handle))
        assert all(event.state is not State.WAITING for event in events)
        return handle, {event.step: event for event in events}

    return act
