"""While an experiment is read, the fork server of its run imports already."""

import os
from pathlib import Path

import pytest
from concrete_cli.backends.local import LocalBackend, launch

from strays import SIGN, signed

BROKEN = '[experiment]\nname = "toy"\nnam = "twice"\n'


@pytest.fixture(autouse=True)
def none_ahead():
    yield
    launch._end_ahead()


def test_the_run_takes_the_server_that_was_started_for_it(tmp_path):
    LocalBackend(tmp_path, {}).get_ready(["train.py"])
    LocalBackend(tmp_path, {}).get_ready(["train.py"])
    [server] = launch._ahead
    launcher = launch.Launcher(tmp_path / "server.log")
    try:
        launcher.preload(["json"])

        assert launcher._server is server
        assert not launch._ahead
        assert not (tmp_path / "server.log").exists()
    finally:
        launcher.close()


def test_nobody_is_left_when_there_is_no_run(concrete, tmp_path):
    (tmp_path / "concrete.toml").write_text(BROKEN)

    told = concrete("train", code=3)

    assert "unknown key 'nam'" in told.stderr
    assert not signed(os.environ[SIGN])


def test_a_cold_run_has_no_use_for_it(tmp_path, monkeypatch):
    from concrete_cli import execute
    from concrete_cli.backend import Options
    from concrete_cli.errors import ExperimentInvalid

    (tmp_path / "concrete.toml").write_text(BROKEN)
    for options in (Options(cold=True), Options()):
        with pytest.raises(ExperimentInvalid):
            execute.prepare(
                execute.Request("train", tmp_path / "concrete.toml", options=options), to_run=True
            )
        assert bool(launch._ahead) is not options.cold
    assert isinstance(launch._ahead[0]._process.pid, int)
    assert Path(f"/proc/{launch._ahead[0]._process.pid}").exists()
