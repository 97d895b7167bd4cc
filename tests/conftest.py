"""What every test gets: a home of its own, a quiet environment, no network."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import netguard
from told import Result

GUARD = Path(__file__).parent / "guard"
# Settings of the person who runs the tests must not change what they see.
FOREIGN = ("CONCRETE_", "AZUREML_", "MLFLOW_", "XDG_", "CLICOLOR")
COLOUR = ("NO_COLOR", "FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS")

netguard.install()
# Started in the background of a script, or by nohup, we and all that we start would not hear these.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_modifyitems(items):
    """Begin with the tests that may take minutes, so that no worker is left alone with one."""
    items.sort(key=lambda item: item.get_closest_marker("timeout") is None)


@pytest.fixture(autouse=True)
def guard(request, tmp_path_factory, monkeypatch):
    """Own HOME, no settings from outside, no network. A test marked `live` keeps all of them."""
    if request.node.get_closest_marker("live"):
        yield
        return
    home = tmp_path_factory.mktemp("home")
    attempts = home.with_name(f"{home.name}-network.log")
    for name in list(os.environ):
        if name.startswith(FOREIGN) or name in COLOUR:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("COLUMNS", "100")
    path = os.pathsep.join(filter(None, [str(GUARD), os.environ.get("PYTHONPATH")]))
    monkeypatch.setenv("PYTHONPATH", path)
    monkeypatch.setenv(netguard.LOG, str(attempts))
    yield
    if attempts.exists():
        pytest.fail(f"the network was tried:\n{attempts.read_text()}")


@pytest.fixture
def concrete(tmp_path):
    """Run the installed `concrete` as a user does; the exit code has to be `code` (None: any)."""

    def run(*args, code=0, cwd=tmp_path, env=None, stdin="", timeout=100) -> Result:
        command = [str(Path(sys.executable).with_name("concrete")), *map(str, args)]
        with subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="backslashreplace",
            start_new_session=True,
        ) as process:
            try:
                stdout, stderr = process.communicate(stdin, timeout)
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)  # steps would keep the pipes open
                raise
        result = Result(process.returncode, stdout, stderr)
        if code is not None:
            told = f"exit code {result.code}, not {code}: {command}\n{stdout}\n{stderr}"
            assert result.code == code, told
        return result

    return run
