"""Steps that behave in ways nobody would plan for, warm and cold alike."""

import subprocess
import textwrap
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from concrete_cli.backends.local import attempt, crew

from concrete_cli.plan import Output

WRITE = "(out / 'text.txt').write_text('done')\n"


@pytest.fixture(params=["warm", "cold"])
def go(request, rig):
    """Run a single step with this body; return its last event."""

    def run(body, **fields):
        step = rig.step("odd", body, **fields)
        return rig.run(step, cold=request.param == "cold")["odd"]

    return run


GOOD = {
    "closes_its_streams": "sys.stdout.close(); sys.stderr.close()",
    "closes_its_descriptors": "os.close(0); os.close(1); os.close(2)",
    "replaces_stdout": "import io; sys.stdout = io.StringIO(); print('lost')",
    "has_no_stdout": "sys.stdout = sys.stderr = None",
    "leaves_by_os_exit": "sys.stdout.flush(); os._exit(0)",
    "exits_with_none": "sys.exit()",
    "exits_with_zero": "raise SystemExit(0)",
    "exits_with_false": "sys.exit(False)",
    "changes_folder": "os.chdir('/')",
    "leaves_its_group": "os.setpgid(0, 0) if os.getpgid(0) != os.getpid() else None",
    "goes_recursive_on_exit": "import atexit; atexit.register(lambda: 1 / 0)",
    "sets_a_limit": "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))",
}


@pytest.mark.parametrize("body", GOOD.values(), ids=GOOD)
def test_is_done(go, rig, body):
    event = go(WRITE + body)

    assert (event.state, event.detail) == ("done", ""), rig.log(event)
    assert rig.text(event) == "done"


BAD = {
    "text": ("sys.exit('gave up')", "exited with 1", "gave up"),
    "number": ("sys.exit(300)", "exited with 44", ""),
    "os_exit": ("os._exit(7)", "exited with 7", ""),
    "abort": ("os.abort()", "was killed by SIGABRT", ""),
    "segfault": ("import ctypes; ctypes.string_at(0)", "was killed by SIGSEGV", ""),
    "real_time_signal": ("os.kill(os.getpid(), 40)", "was killed by signal 40", ""),
    "terminated": ("os.kill(os.getpid(), signal.SIGTERM)", "was killed by SIGTERM", ""),
    "interrupted": ("os.kill(os.getpid(), signal.SIGINT); time.sleep(9)", "exited", "Interrupt"),
    "syntax": ("def (", "exited with 1", "SyntaxError"),
    "import": ("import no_such_module", "exited with 1", "no_such_module"),
    "after_close": ("sys.stdout.close(); print('x')", "exited with 1", "closed file"),
    "broken_hook": ("sys.excepthook = None; 1 / 0", "exited with 1", "ZeroDivisionError"),
    "deep": ("def f(): f()\nf()", "exited with 1", "RecursionError"),
    "argument": ("parser.error('no good')", "exited with 2", "no good"),
    "full_stdout": (
        (
            "os.dup2(os.open('/dev/full', os.O_WRONLY), 1);"
            "sys.stdout.reconfigure(line_buffering=False); sys.stdout.write('x')"
        ),
        "exited with 120",
        "No space left",
    ),
}


@pytest.mark.parametrize(("body", "reason", "said"), BAD.values(), ids=BAD)
def test_fails_with_a_reason(go, rig, body, reason, said):
    event = go(WRITE + body)

    assert event.state == "failed"
    assert event.detail.startswith(reason)
    assert said in rig.log(event)


def test_a_traceback_begins_in_the_script(go, rig):
    log = rig.log(go("def broken():\n    raise ValueError('it is')\nbroken()"))

    lines = log.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1].strip().startswith(f'File "{rig.folder}/odd.py", line')
    assert lines[-1] == "ValueError: it is"
    assert "concrete" not in log


def test_a_log_of_any_bytes_is_kept_and_shown(go, rig):
    event = go(
        WRITE + r"sys.stdout.buffer.write(b'\xff\xfe\x00 caf\xe9\n'); print('caf\u00e9 \udcff')"
    )

    assert rig.entry(event).log.read_bytes() == b"\xff\xfe\x00 caf\xe9\ncaf\xc3\xa9 \\udcff\n"


def test_stdout_and_stderr_are_in_order(go, rig):
    event = go(WRITE + "for n in range(50): print(n, file=(sys.stdout, sys.stderr)[n % 2])")

    assert rig.log(event).split() == [str(n) for n in range(50)]


def test_threads_that_are_no_daemons_are_waited_for(go, rig):
    event = go(
        """
        def later():
            time.sleep(0.3)
            (out / 'text.txt').write_text(__name__)
        threading.Thread(target=later).start()
        """
    )

    assert event.state == "done"
    assert rig.text(event) == "__main__"


def test_daemon_threads_are_not(go):
    body = WRITE + "threading.Thread(target=time.sleep, args=[60], daemon=True).start()"

    assert go(body).state == "done"


def test_functions_for_the_exit_are_called(go, rig):
    event = go("import atexit; atexit.register(lambda: (out / 'text.txt').write_text('bye'))")

    assert rig.text(event) == "bye"


DAEMONS = {
    "forked": """
        if os.fork() == 0:
            os.setsid()
            if os.fork():
                os._exit(0)
            write()
        """,
    "executed": """
        subprocess.Popen([sys.executable, "-c", WRITER, str(out)], start_new_session=True)
        """,
    "executed_without_environment": """
        subprocess.Popen([sys.executable, "-c", WRITER, str(out)], start_new_session=True, env={})
        """,
    "nested": """
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.setsid()
                write()
            write()
        """,
}
WRITER = """
WRITER = '''
import sys, time, pathlib
while True:
    print("still here", flush=True)
    pathlib.Path(sys.argv[1], "late.txt").open("a").write("x")
    time.sleep(0.001)
'''
def write():
    while True:
        os.write(1, b"still here\\n")
        with open(out / "late.txt", "a") as file: file.write("x")
        time.sleep(0.001)
"""


@pytest.mark.parametrize("body", DAEMONS.values(), ids=DAEMONS)
def test_daemons_do_not_outlive_the_step_and_write_nothing_more(go, rig, body):
    event = go(WRITE + WRITER + textwrap.dedent(body) + "time.sleep(0.2)\n")

    assert event.state == "done"
    assert not rig.entry(event).damage()
    size = rig.entry(event).log.stat().st_size
    subprocess.run(["sleep", "0.05"], check=True)
    assert rig.entry(event).log.stat().st_size == size
    assert not rig.entry(event).damage()


def test_a_daemon_without_environment_goes_with_its_step_though_another_one_runs(rig, until):
    """It bears no mark any more; the log that it holds open says whose it is."""
    pid, go = rig.folder / "pid", rig.folder / "go"
    leaves = f"""
        daemon = subprocess.Popen(["sleep", "600"], start_new_session=True, env={{}})
        Path('{pid}').write_text(str(daemon.pid))
        """
    waits = f"while not Path('{go}').exists(): time.sleep(0.01)\n"
    run = rig.submit(rig.step("leaves", leaves + WRITE), rig.step("waits", waits + WRITE))
    driver = rig.elsewhere(run)

    until(lambda: rig.states(run).get("leaves") == "done")
    until(lambda: not Path("/proc", pid.read_text()).exists(), 5)
    assert rig.states(run)["waits"] == "running"

    go.touch()
    assert driver.wait() == 0


def test_a_timeout_kills_all_of_the_group(go, rig):
    event = go(
        """
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
        for _ in range(2):
            subprocess.Popen([sys.executable, "-c", code])
        print("started", flush=True)
        x = 0
        while True: x += 1  # busy, so it is not taken for stuck
        """,
        timeout=0.6,
    )

    assert event.state == "failed"
    assert event.detail == "ran longer than 0.6 s"


def test_without_a_timeout_a_step_may_take_weeks(go, rig, monkeypatch):
    real = time.monotonic
    hurried = SimpleNamespace(monotonic=lambda: real() * 7 * 24 * 3600)  # a week in each second
    monkeypatch.setattr(crew, "time", hurried)

    event = go("time.sleep(1)\n(out / 'text.txt').write_text('took its time')")

    assert (event.state, event.detail) == ("done", "")


def test_a_step_may_end_well_when_it_is_asked_to(go, rig):
    event = go(
        """
        def stop(*_):
            (args.kept / 'text.txt').write_text('as far as it came')
            sys.exit(0)
        signal.signal(signal.SIGTERM, stop)
        while True: pass
        """,
        timeout=1.5,
        outputs=(Output("odd", "kept", "mount"),),
    )

    assert event.state == "failed"
    kept = rig.home / "runs"
    assert [path.read_text() for path in kept.glob("*/failed/odd/outputs/kept/text.txt")] == [
        "as far as it came"
    ]


def test_a_step_that_waits_too_long_is_tried_cold_once(rig):
    step = rig.step(
        "odd",
        WRITE
        + f"""
with open({str(rig.folder / "tries")!r}, "a") as file: file.write("x")
if len(open({str(rig.folder / "tries")!r}).read()) == 1:
    time.sleep(600)
""",
        timeout=1,
    )

    event = rig.run(step)["odd"]

    assert (event.state, event.attempt) == ("done", 2)


def test_a_log_that_grows_and_grows_is_cut(rig, monkeypatch):
    monkeypatch.setattr(attempt, "LOG_LIMIT", 4 << 20)
    monkeypatch.setattr(attempt, "LOG_KEPT", 1 << 16)
    step = rig.step(
        "odd",
        WRITE
        + """
for n in range(1 << 8):
    os.write(1, b"x" * (1 << 20) + b"\\n")  # 256 MB
print("the end")
""",
    )

    event = rig.run(step)["odd"]

    assert event.state == "done"
    log = rig.entry(event).log
    assert log.stat().st_size < 4 << 20
    text = log.read_bytes()
    assert b"bytes of log cut" in text[:100]
    assert text.endswith(b"the end\n")


STRANGE = {
    "a_pipe": ("os.mkfifo(out / 'pipe')", "left 'pipe' in out, which is neither"),
    "a_socket": (
        "import socket; os.chdir(out); socket.socket(socket.AF_UNIX).bind('s')",
        "left 's' in out, which is neither",
    ),
    "a_link_out": (
        "os.symlink('../../..', out / 'up')",
        "left the link 'up' in out, which leads out",
    ),
    "a_link_to_its_own_place": (
        "os.symlink(out, out / 'here')",
        "left the link 'here' in out, which leads out",
    ),
    "a_link_out_in_two_steps": (
        "os.symlink('.', out / 'a'); os.symlink('a/../..', out / 'b')",
        "left the link",
    ),
    "a_link_to_its_folder": (
        "os.symlink('.', out / 'a')",
        "left the link 'a' in out, which leads back",
    ),
    "a_circle": (
        "os.symlink('a', out / 'b'); os.symlink('b', out / 'a')",
        "left the link",
    ),
    "a_link_for_a_folder": (
        "out.rmdir(); os.symlink('/etc', out)",
        "has put a link to /etc in the place of the folder out",
    ),
    "a_link_for_all_folders": (
        "out.rmdir(); out.parent.rmdir(); os.symlink('/etc', out.parent)",
        "has put a link to /etc in the place of the folder outputs",
    ),
    "paths_beyond_any_limit": (
        "os.chdir(out)\nfor _ in range(2500): os.mkdir('de'); os.chdir('de')",
        "left folders nested more than 300 deep",
    ),
    "names_that_make_a_long_path": (
        "os.chdir(out)\nfor _ in range(30): os.mkdir('d' * 250); os.chdir('d' * 250)",
        "left what cannot be read in out: File name too long",
    ),
    "a_file_for_a_folder": ("out.rmdir(); out.write_text('x')", "exited with 0 but left nothing"),
    "no_folder": ("out.rmdir()", "exited with 0 but left nothing"),
    "empty_folders": ("(out / 'a' / 'b').mkdir(parents=True)", "exited with 0 but left nothing"),
    "no_work_folder": (
        "import shutil; shutil.rmtree(out.parent.parent)",
        "exited with 0 but left nothing",
    ),
}


@pytest.mark.parametrize(("body", "reason"), STRANGE.values(), ids=STRANGE)
def test_an_output_that_is_none_is_refused(go, body, reason):
    event = go(body)

    assert event.state == "failed"
    assert event.detail.startswith(reason)


def test_outputs_may_be_called_anything(go, rig):
    event = go(
        r"""
        for name in (b"\xff\xfe", "é\n".encode(), b"-rf", b"'; $(x)", b" ", b"a" * 255):
            with open(os.path.join(os.fsencode(out), name), "wb") as file: file.write(name)
        deep = out.joinpath(*"deep" * 40)
        deep.mkdir(parents=True)
        (deep / "x").write_text("x")
        os.symlink("nowhere", out / "broken")
        os.symlink("broken", out / "link")
        (out / "secret").write_text("x"); (out / "secret").chmod(0)
        """
    )

    assert event.state == "done"
    assert not rig.entry(event).damage()
    assert rig.cache.find(rig.entry(event).record["recipe"])
    assert len(rig.entry(event).record["outputs"]["out"]) == 10


def test_what_is_beside_the_outputs_is_not_kept(go, rig):
    event = go(
        WRITE
        + """
(out.parent / 'undeclared').mkdir()
(out.parent / 'undeclared' / 'x').write_text('x')
(out.parent / 'file').write_text('x')
(out.parent.parent / 'beside').write_text('x')
Path('scribble').write_text('x')
"""
    )

    entry = rig.entry(event)
    assert {path.name for path in entry.path.iterdir()} == {"log.txt", "outputs", "step.json"}
    assert [path.name for path in (entry.path / "outputs").iterdir()] == ["out"]


def test_a_file_that_has_another_name_elsewhere_is_left_as_it_is_there(go, rig):
    theirs = rig.folder / "theirs"
    theirs.write_text("whole")
    theirs.chmod(0o644)

    event = go(f"os.link({str(theirs)!r}, out / 'text.txt')")
    theirs.write_text("edited")

    assert event.state == "done"
    assert theirs.stat().st_mode & 0o777 == 0o644
    assert rig.text(event) == "whole"


def test_a_log_that_was_replaced_is_none(go, rig):
    event = go(WRITE + "log = out.parent.parent / 'log.txt'; log.unlink(); os.mkfifo(log)")

    assert event.state == "done"
    assert rig.entry(event).log.read_bytes() == b""
