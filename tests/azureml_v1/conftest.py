"""An emulated workspace for a test module, the backend that talks to it, and toy plans."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

pytest.importorskip("azureml.core", reason="extra azureml is not installed, or not Python 3.11")

from concrete_cli.backends.azureml import AzureBackend
from concrete_cli.emulators.azureml_v1 import Emulator
from concrete_cli.emulators.azureml_v1.login import ENVIRONMENT
from concrete_cli.emulators.azureml_v1.state import GROUP, SUBSCRIPTION, WORKSPACE

from concrete_cli.backend import Options
from concrete_cli.plan import Output, Plan, Source, Step

HERE = Path(__file__).parent
STEPS = HERE / "steps"
BLANKS = itertools.count()


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in Path(item.path).parents:
            # the SDK and what it brings warn about their own age
            item.add_marker(pytest.mark.filterwarnings("default"))
            item.add_marker(pytest.mark.xdist_group("azureml_v1"))


@pytest.fixture(scope="module")
def emulator(tmp_path_factory):
    with Emulator(tmp_path_factory.mktemp("azure")) as made, made.installed():
        yield made
        made.check()


@pytest.fixture
def settings(emulator, monkeypatch):
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return {
        "subscription": SUBSCRIPTION,
        "resource_group": GROUP,
        "workspace": WORKSPACE,
        "auth": "service_principal",
        "default_compute": "cpu-cluster",
        "environment": "curated:1",
    }


@pytest.fixture
def backend(settings, tmp_path):
    return AzureBackend(tmp_path / "home", settings)


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "numbers.txt"
    # new content: no test finds what another one computed
    path.write_text(f"1 2 3{' ' * next(BLANKS)}\n")
    return path


def step(name, script, inputs, outputs, params=None, **fields):
    made = tuple(Output(name, output, mode) for output, mode in outputs.items())
    return Step(name, str(STEPS / script), inputs, made, params or {}, **fields)


@pytest.fixture
def toy(source):
    """numbers -> power_2, power_3 -> best, which is published"""
    first = step(
        "numbers", "numbers.py", {"source": Source(str(source))}, {"data": "upload"},
        {"factor": -0.5},
    )  # fmt: skip
    powers = tuple(
        step(
            f"power_{n}", "power.py", {"data": first.outputs[0]}, {"total": "upload"},
            {"label": f"it's {n}", "exponent": n},
        )
        for n in (2, 3)
    )  # fmt: skip
    totals = tuple(one.outputs[0] for one in powers)
    names = [one.params["label"] for one in powers]
    last = step(
        "best", "best.py", {"totals": totals}, {"model": "upload"}, {"names": names},
        compute="gpu-cluster",
    )  # fmt: skip
    return Plan("toy", (first, *powers, last), {"toy": last.outputs[0]})


@pytest.fixture
def faulty(source):
    """A step that misbehaves as told, and one that waits for it."""

    def make(how, **fields):
        outputs = {"kept": "mount", "lost": "upload"}
        given = {"source": Source(str(source))}
        bad = step("bad", "fault.py", given, outputs, {"how": how}, **fields)
        after = step("after", "fault.py", {"source": bad.outputs[1]}, outputs, {"how": "nothing"})
        return Plan("faulty", (bad, after))

    return make


@pytest.fixture
def run(backend, tmp_path):
    """Submit a plan, watch it to its end; the handle, and the last event of each step."""

    def act(plan, options=None):
        folder = tmp_path / "amber-otter"
        folder.mkdir(exist_ok=True)
        handle = backend.submit(plan, folder, options or Options())
        return handle, {event.step: event for event in backend.watch(handle)}

    return act
