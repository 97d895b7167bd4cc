"""kill -9, of whatever at whatever moment: children die, nothing half-written is read."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from concrete_cli.backends.local import crew

from concrete_cli import runs
from concrete_cli.runs import Runs

# A step that says who it is, has a grandchild, and waits for a file before it is done.
WAITS = """
pids = [os.getpid(), os.getppid()]
if "{helper}":
    import multiprocessing
    helper = multiprocessing.get_context("fork").Process(target=time.sleep, args=[600], daemon=True)
    helper.start()
    code = "import time; time.sleep(600)"
    other = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    pids += [helper.pid, other.pid]
(out / "text.txt").write_text("half")
with open("{folder}/tries-{name}", "a") as file: file.write("x")
Path("{folder}/pids-{name}.part").write_text(" ".join(map(str, pids)))
os.replace("{folder}/pids-{name}.part", "{folder}/pids-{name}")
while not Path("{folder}/go").exists(): time.sleep(0.01)
if "{helper}":
    helper.terminate()
    other.terminate()
(out / "text.txt").write_text("whole")
"""


class Steps:
    """Steps that wait, and what they tell about themselves."""

    def __init__(self, rig, until):
        self.rig, self.until = rig, until

    def make(self, name, *, helper="", **fields):
        body = WAITS.format(folder=self.rig.folder, name=name, helper=helper)
        return self.rig.step(name, body, **fields)

    def pids(self, name):
        """Return pid, parent's pid and pids of helpers of the step, once it runs."""
        path = self.rig.folder / f"pids-{name}"
        self.until(path.exists)
        pids = [int(word) for word in path.read_text().split()]
        path.unlink()
        return pids

    def tries(self, name):
        return len((self.rig.folder / f"tries-{name}").read_text())

    def go(self):
        (self.rig.folder / "go").touch()


@pytest.fixture
def steps(rig, until):
    return Steps(rig, until)


@pytest.fixture(params=[False, True], ids=["warm", "cold"])
def cold(request):
    return request.param


def alive(pid):
    with contextlib.suppress(OSError):
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state not in "ZX"
    return False


def test_of_a_step(rig, steps, until, cold):
    run = rig.submit(
        steps.make("first", helper="yes"),
        rig.step("after", "(out / 'text.txt').write_text('x')", data="first.out"),
        cold=cold,
    )
    runner = rig.elsewhere(run)
    pid, _, *helpers = steps.pids("first")

    os.kill(pid, signal.SIGKILL)

    assert runner.wait() == 0
    last = run.last_events()
    assert last["first"].detail == "was killed by SIGKILL (out of memory?)"
    assert rig.states(run) == {"first": "failed", "after": "skipped"}
    assert not any(map(alive, helpers))
    assert not list(rig.cache.entries())
    steps.go()
    assert rig.watch(run)["after"].state == "done"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP, signal.SIGTERM])
def test_of_the_runner(rig, steps, until, cold, number):
    done = rig.step("done", "(out / 'text.txt').write_text('x')")
    run = rig.submit(done, steps.make("waits", helper="yes"), cold=cold, jobs=2)
    runner = rig.elsewhere(run)
    pids = steps.pids("waits")
    until(lambda: rig.states(run).get("done") == "done")

    assert runner.kill(number) == -number

    until(lambda: not any(map(alive, pids)))
    status = runs.status(run.plan, run.last_events(), driven=run.driven, cancelled=run.cancelled)
    assert status == "interrupted"
    assert rig.states(run) == {"done": "done", "waits": "running"}
    assert len(list(rig.cache.entries())) == 1
    steps.go()
    assert rig.watch(run)["waits"].state == "done"
    assert rig.text(run.last_events()["waits"]) == "whole"
    assert steps.tries("waits") == 2
    assert [e.step for e in run.events() if e.state == "done"] == ["done", "waits"]


def test_of_the_fork_server_runs_the_step_again(rig, steps, until, cold):
    run = rig.submit(steps.make("one", helper="yes"), steps.make("two"), cold=cold, jobs=2)
    runner = rig.elsewhere(run)
    pids = [steps.pids("one"), steps.pids("two")]
    assert pids[0][1] == pids[1][1]

    os.kill(pids[0][1], signal.SIGKILL)

    again = [steps.pids("one"), steps.pids("two")]
    assert not any(alive(pid) for pid in pids[0] + pids[1])
    assert again[0][1] == again[1][1] != pids[0][1]
    steps.go()
    assert runner.wait() == 0
    assert rig.states(run) == {"one": "done", "two": "done"}
    assert {event.attempt for event in run.events()} == {1}
    assert "the fork server was lost" in {event.detail for event in run.events()}


def test_of_the_fork_server_twice_makes_it_cold(rig, steps, until):
    run = rig.submit(steps.make("one"), steps.make("two"))
    runner = rig.elsewhere(run)
    for _ in range(2):
        server = steps.pids("one")[1]
        assert steps.pids("two")[1] == server
        os.kill(server, signal.SIGKILL)
    pid = steps.pids("one")[0]

    command = Path(f"/proc/{pid}/cmdline").read_text().split("\0")

    assert "concrete_cli.backends.local.child" in command
    steps.pids("two")
    steps.go()
    assert runner.wait() == 0
    assert set(rig.states(run).values()) == {"done"}


def test_of_the_fork_server_again_and_again_fails_the_step(rig, steps, until, monkeypatch):
    monkeypatch.setattr(crew, "LOST", 3)
    run = rig.submit(steps.make("one"))
    runner = rig.elsewhere(run)

    for _ in range(3):
        os.kill(steps.pids("one")[1], signal.SIGKILL)

    assert runner.wait() == 0
    assert rig.states(run) == {"one": "failed"}


def test_of_the_fork_server_while_nothing_runs_in_it(rig, steps, until):
    first = rig.step("first", "(out / 'text.txt').write_text(str(os.getppid()))")
    second = rig.step("second", "(out / 'text.txt').write_text('x')", data="first.out")
    run = rig.submit(first, second)
    seen = {}

    for event in rig.backend.watch(run.id):
        seen[event.step] = event
        if event.step == "first" and event.state == "done":
            os.kill(int(rig.text(event)), signal.SIGKILL)

    assert seen["second"].state == "done"


def test_of_runner_and_fork_server_at_once(rig, steps, until, cold):
    run = rig.submit(steps.make("one", helper="yes"), cold=cold)
    runner = rig.elsewhere(run)
    pid, server, *helpers = steps.pids("one")

    os.kill(runner.pid, signal.SIGSTOP)
    os.kill(server, signal.SIGKILL)
    runner.kill()

    until(lambda: not alive(pid))
    steps.go()
    assert rig.watch(run)["one"].state == "done"
    assert not any(map(alive, helpers))  # found by their mark, though nobody was there to see
    assert rig.text(run.last_events()["one"]) == "whole"


def test_of_all_at_random_moments(rig, steps):
    """Whenever it dies, what is read afterwards is whole, and the end is the same."""
    body = "(out / 'text.txt').write_text('x' * 100)\n(out / 'more.txt').write_text('y')"
    chain = [rig.step("s0", body)]
    chain += [rig.step(f"s{n}", body, data=f"s{n - 1}.out") for n in range(1, 12)]
    run = rig.submit(*chain)
    for delay in (0.05, 0.1, 0.15, 0.2, 0.25, 0.3):
        runner = rig.elsewhere(run)
        time.sleep(delay)
        with contextlib.suppress(ProcessLookupError):
            runner.kill()
        for entry in rig.cache.entries():
            assert not entry.damage()

    last = rig.watch(run)

    assert set(rig.states(run).values()) <= {"done", "reused"}
    assert rig.text(last["s11"]) == "x" * 100
    assert not list((rig.home / "tmp").iterdir())
    assert [one.id for one in Runs(rig.home).all()] == [run.id]


def test_a_runner_in_a_shell_pipeline_dies_with_its_steps(rig, steps, until):
    """As a terminal does it: SIGKILL to the whole foreground group."""
    run = rig.submit(steps.make("one"))
    code = (
        "import sys; from pathlib import Path; from concrete_cli import backend\n"
        "for _ in backend.load('local', Path(sys.argv[1])).watch(sys.argv[2]): pass"
    )
    runner = subprocess.Popen(
        [sys.executable, "-c", code, str(rig.home), run.id], start_new_session=True
    )
    pid, server = steps.pids("one")

    os.killpg(runner.pid, signal.SIGKILL)
    runner.wait()

    until(lambda: not alive(pid) and not alive(server))
