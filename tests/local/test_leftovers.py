"""What killed processes leave is cleared away by the next command, whichever it is."""

import contextlib
import os
import signal
from pathlib import Path

import pytest

from concrete_cli import leftovers, workspace
from concrete_cli.registry.models import Models
from toy import Toy

DAEMON = """
code = "import time; time.sleep(600)"
left = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
Path("{told}.part").write_text(f"{{os.getppid()}} {{left.pid}}")
os.replace("{told}.part", "{told}")
time.sleep(600)
"""


def stat(pid):
    """Return state, parent and more of a process; that nobody has waited for one is fine."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return ["Z"]


def alive(pid):
    return stat(pid)[0] != "Z"


@pytest.mark.parametrize("command", [["runs"], ["models"], ["gc"]])
def test_daemons_of_a_step_do_not_wait_for_resume(concrete, rig, until, command, tmp_path):
    toy = Toy(tmp_path / "toy", "concrete.toml")
    told = tmp_path / "told"
    (toy.folder / "first.py").write_text(
        "import os, subprocess, sys, time\nfrom pathlib import Path\n" + DAEMON.format(told=told)
    )
    driver = rig.elsewhere(lambda: concrete("run", toy.file, cwd=toy.folder, code=None))
    server, daemon = map(int, until(lambda: told.exists() and told.read_text()).split())
    runner = int(stat(server)[1])
    for pid in (runner, server):
        os.kill(pid, signal.SIGSTOP)  # so that neither sees the other die
    for pid in (server, runner):
        os.kill(pid, signal.SIGKILL)
    driver.wait()
    assert alive(daemon)

    concrete(*command, cwd=toy.folder)

    assert not alive(daemon)
    assert not list((toy.folder / ".concrete" / "tmp").iterdir())
    assert not any(leftovers.abandoned(toy.folder / ".concrete"))


def test_a_model_is_registered_though_the_runner_died_before(rig, until):
    step = rig.step("makes", "(out / 'manifest.json').write_text('{}')")
    run = rig.submit(step, publishes={"toys": step.outputs[0]})
    run.note(file=str(rig.folder / "toy.toml"), experiment="toy", sets=[], settings={})
    assert rig.elsewhere(run, CONCRETE_FAILPOINT="model:rename").wait() == -signal.SIGKILL
    assert Models(rig.home).names() == []
    assert [one.id for one in leftovers.abandoned(rig.home)] == [run.id]

    rig.backend.clear_up()

    assert run.record["registered"] == {"name": "toys", "version": 1}
    assert Models(rig.home).find("toys:1").damage() == ""
    assert not any(leftovers.abandoned(rig.home))


def test_what_goes_on_is_left_alone(rig, until):
    go = rig.folder / "go"
    body = f"while not Path({str(go)!r}).exists(): time.sleep(0.01)\n(out / 'text.txt').touch()"
    run = rig.submit(rig.step("waits", body))
    driver = rig.elsewhere(run)
    until(lambda: rig.states(run).get("waits") == "running")

    assert not any(leftovers.abandoned(rig.home))
    rig.backend.clear_up()
    go.touch()

    assert driver.wait() == 0
    assert rig.states(run) == {"waits": "done"}


def test_the_file_of_a_killed_supervisor_goes_with_the_next_command(rig):
    for name in (f"board-{2**22 + 1}-x", f"board-{os.getpid()}-x", "board-"):
        endpoint = rig.home / "endpoints" / "toys"
        endpoint.mkdir(exist_ok=True)
        (endpoint / name).touch()

        assert leftovers.of_endpoints(rig.home) == (str(os.getpid()) not in name)
        workspace.here(rig.home)

        assert not leftovers.of_endpoints(rig.home)
        (endpoint / name).unlink(missing_ok=True)
