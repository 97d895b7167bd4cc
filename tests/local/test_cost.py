"""What a step costs: counted, not timed."""

import contextlib
import json
import os
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from concrete_cli.plan import Output, Source

WRITE = "(out / 'text.txt').write_text('x')"


def open_files():
    """Return what the descriptors of this process stand for."""
    found = []
    for path in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # that of the listing itself
            found.append(str(path.readlink()))
    return sorted(found)


def test_no_descriptor_is_lost_over_200_steps(rig):
    body = WRITE + "\n(out / 'fds').write_text(str(len(os.listdir('/proc/self/fd'))))"
    steps = [rig.step("s0", body)]
    steps += [
        replace(steps[0], name=f"s{n}", outputs=(Output(f"s{n}", "out"),), params={"n": n})
        for n in range(1, 200)
    ]
    rig.run(steps[0])
    before = open_files()

    last = rig.run(*steps)

    assert open_files() == before
    assert {event.state.value for event in last.values()} == {"reused", "done"}
    counts = {rig.text(event, "fds") for event in last.values()}
    assert counts == {"4"}, "stdin, stdout, stderr and the listing itself"


@pytest.fixture
def counted(monkeypatch):
    """Count the calls of functions of `os`."""
    counts = {}

    def watch(name):
        real = getattr(os, name)

        def call(*words, **more):
            counts[name] = counts.get(name, 0) + 1
            return real(*words, **more)

        monkeypatch.setattr(os, name, call)

    for name in ("fsync", "fdatasync", "rmdir", "mkdir"):
        watch(name)
    return counts


def test_the_journal_waits_for_the_disk_once_a_step_at_most(rig, counted):
    steps = [rig.step("s0", WRITE)]
    steps += [rig.step(f"s{n}", WRITE, data=f"s{n - 1}.out") for n in range(1, 20)]
    run = rig.submit(*steps)
    counted.clear()

    rig.watch(run)

    assert counted["fsync"] <= 8 * len(steps) + 1, "what a step left, and the folders above it"
    assert counted["fdatasync"] <= len(steps) + 1
    assert counted.get("rmdir", 0) <= 8, "not one a step"
    assert counted["mkdir"] <= 6 * len(steps)


def test_what_is_known_already_costs_one_wait_in_all(rig, counted):
    steps = [rig.step(f"s{n}", WRITE) for n in range(20)]
    rig.run(*steps)
    run = rig.submit(*steps)
    counted.clear()

    rig.watch(run)

    assert (counted["fdatasync"], counted["fsync"]) == (1, 1), "the journal, and its folder"
    assert counted.get("mkdir", 0) == 0


def test_a_large_source_is_read_in_pieces_and_once(rig):
    """The runner itself stays small, whatever it carries: at most 100 MB."""
    source = rig.folder / "large"
    with source.open("wb") as file:
        file.truncate(300 << 20)
    os.utime(source, (1, 1))
    steps = [
        rig.step(name, "(out / 'text.txt').write_text(str(data.stat().st_size))", source=source)
        for name in ("a", "b", "c")
    ]
    run = rig.submit(*steps)
    code = textwrap.dedent(
        """
        import sys, time
        from pathlib import Path
        from concrete_cli import backend, digest
        digest.TICK = 0
        for _ in backend.load("local", Path(sys.argv[1])).watch(sys.argv[2]): pass
        # ru_maxrss begins with what the parent had; this counts from exec on
        facts = dict(line.split(":", 1) for line in open("/proc/self/status"))
        print(facts["VmHWM"].split()[0])
        io = dict(line.split(": ") for line in open("/proc/self/io").read().splitlines())
        print(io["rchar"])
        """
    )

    done = subprocess.run(
        [sys.executable, "-c", code, str(rig.home), run.id],
        capture_output=True,
        text=True,
        check=True,
    )

    peak, read = map(int, done.stdout.split())
    assert rig.states(run) == dict.fromkeys("abc", "done")
    assert peak < 100_000, f"{peak} kB"
    assert read < 330 << 20, f"{read} bytes"
    assert steps[0].inputs["data"] == Source(str(source))


def test_a_run_says_what_the_runner_itself_held_whoever_started_it(known):
    """`ru_maxrss` goes over from a large parent to what it executes."""
    code = (
        "import subprocess, sys; large = b'x' * (400 << 20)\n"
        "subprocess.run([sys.executable, '-m', 'concrete_cli', 'run'], check=True)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=known, capture_output=True, check=True)

    last = max(known.glob(".concrete/runs/*/run.json"), key=lambda path: path.stat().st_mtime_ns)
    assert 10 << 20 < json.loads(last.read_text())["memory"] < 100 << 20


HEAVY = {
    *("azure", "azureml", "fastapi", "joblib", "lightgbm", "matplotlib", "mlflow", "numpy"),
    *("optuna", "pandas", "pyarrow", "scipy", "skops", "sklearn", "uvicorn", "xgboost"),
}


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """The folder of an experiment that has run."""
    folder = tmp_path_factory.mktemp("known")
    (folder / "one.py").write_text(
        "import argparse, pathlib\nif 0: import pandas, sklearn, xgboost\n"
        "p = argparse.ArgumentParser(); p.add_argument('--out', type=pathlib.Path)\n"
        "(p.parse_args().out / 'x').write_text('x')\n"
    )
    (folder / "concrete.toml").write_text(
        '[experiment]\nname = "toy"\n[pipeline.steps.one]\nscript = "one.py"\noutputs = ["out"]\n'
    )
    command = [sys.executable, "-m", "concrete_cli", "run"]
    subprocess.run(command, cwd=folder, capture_output=True, check=True)
    return folder


@pytest.mark.parametrize(
    ("words", "light"),
    [
        (["--help"], ["pydantic", "rich", "http", "asyncio"]),
        (["run", "--help"], ["rich", "http", "asyncio"]),
        (["runs"], ["rich", "http", "asyncio"]),
        (["plan"], ["rich", "http", "asyncio", "ctypes", "multiprocessing"]),
        (["run"], ["rich", "http", "asyncio", "ctypes", "multiprocessing"]),
        (["run", "--json"], ["rich", "http", "asyncio", "ctypes", "multiprocessing"]),
    ],
)
def test_the_command_imports_nothing_heavy_when_nothing_is_to_do(known, words, light):
    code = (
        "import sys; from concrete_cli.cli.app import run\n"
        "run(sys.argv[1:]); print('\\n', *sorted(sys.modules), file=sys.stderr)"
    )

    told = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=known,
        capture_output=True,
        text=True,
        check=True,
    )

    loaded = set(told.stderr.split())
    assert "concrete_cli" in loaded
    assert not loaded & {*HEAVY, *light}
