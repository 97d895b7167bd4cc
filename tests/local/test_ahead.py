"""While an experiment is read, the fork server of its run imports already."""

import json
import os
import time
from datetime import datetime
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


PARENT = """
import argparse, os, pathlib
parser = argparse.ArgumentParser()
parser.add_argument("--out", type=pathlib.Path)
about = pathlib.Path(f"/proc/{os.getppid()}/stat").read_text()
ticks = int(about.rpartition(")")[2].split()[19])  # since the system started: proc_pid_stat(5)
(parser.parse_args().out / "started.txt").write_text(str(ticks / os.sysconf("SC_CLK_TCK")))
"""


def test_the_command_starts_it_before_it_reads_the_experiment(concrete, tmp_path):
    steps = '[pipeline.steps.one]\nscript = "one.py"\noutputs = ["out"]\n'
    (tmp_path / "concrete.toml").write_text('[experiment]\nname = "toy"\n[pipeline]\n' + steps)
    (tmp_path / "one.py").write_text(PARENT)

    done = concrete("run", "--json").json()

    started = float(Path(done["outputs"]["one.out"], "started.txt").read_text())
    since = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    record = json.loads((tmp_path / ".concrete/runs" / done["run"] / "run.json").read_text())
    written = datetime.fromisoformat(record["created"]).timestamp()
    assert since + started < written


def test_what_an_experiment_seems_to_name_is_only_a_guess(tmp_path):
    from concrete_cli.workflows.own import first

    file = tmp_path / "concrete.toml"
    for text in (
        "",
        "=",
        "[pipeline]",
        "pipeline = 3",
        "[pipeline]\nsteps = [1]",
        "[pipeline.steps.a]\nscript = 3",
        '[pipeline.steps.a]\nscript = "no.py"',
    ):
        file.write_text(text)
        assert first(file) == []
    (tmp_path / "a.py").write_text("")
    file.write_text('[pipeline.steps.a]\nscript = "a.py"\n[pipeline.steps.b]\nscript = "a.py"')
    assert first(file) == [str(tmp_path / "a.py")]
    assert first(tmp_path) == first(tmp_path / "none.toml") == []
    os.mkfifo(tmp_path / "pipe.toml")
    assert first(tmp_path / "pipe.toml") == []
