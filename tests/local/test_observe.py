"""What a step uses beside its recipe is seen, in whatever way; what is none of it is not."""

import os
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from concrete_cli import code
from concrete_cli.plan import Output, Source, Step

BEGIN = """
import argparse, io, os, sqlite3, subprocess, sys, tempfile, time
from pathlib import Path
HERE = Path(__file__).parent
parser = argparse.ArgumentParser()
for name in ("--out", "--data"): parser.add_argument(name, type=Path)
args = parser.parse_args()
out, data = args.out, args.data
"""
# A line of Python a file: the file is called by the key.
USES = {
    "text.sql": "(HERE / 'text.sql').read_text()",
    "bytes.sql": "io.open(os.fsencode(HERE / 'bytes.sql'), 'rb').close()",
    "low.sql": "os.close(os.open(HERE / 'low.sql', os.O_RDONLY))",
    "relative.sql": "before = os.getcwd(); os.chdir(HERE); open('relative.sql').close(); "
    "os.chdir(before)",
    "deep/down.json": "open(f'{HERE}/deep/down.json').close()",
    "linked.sql": "open(os.path.realpath(HERE / 'linked.sql')).close()",
    "both.sql": "open(HERE / 'both.sql', 'r+').close()",
    "base.db": "sqlite3.connect(HERE / 'base.db').close()",
    "executed.py": "exec((HERE / 'executed.py').read_text())",
    "started.py": "subprocess.run([sys.executable, HERE / 'started.py'], check=True)",
    "in_folder.py": "subprocess.run([sys.executable, 'in_folder.py'], cwd=HERE, check=True)",
    "by_shell.py": "subprocess.run(f'{sys.executable} {HERE}/by_shell.py', shell=True, check=True)",
    "by_system.py": "os.system(f'{sys.executable} {HERE}/by_system.py')",
    "module.py": "subprocess.run([sys.executable, '-m', 'module'], cwd=HERE, check=True)",
    "spawned.py": "os.waitpid(os.posix_spawn(sys.executable, [sys.executable, "
    "f'{HERE}/spawned.py'], os.environ), 0)",
    "dynamic.py": "__import__('dyna' + 'mic')",
    "loaded.py": "import importlib.util as u; s = u.spec_from_file_location('l', "
    "HERE / 'loaded.py'); s.loader.exec_module(u.module_from_spec(s))",
    "forked.sql": "p = os.fork()\nif p == 0: open(HERE / 'forked.sql').close(); os._exit(0)\n"
    "os.waitpid(p, 0)",
    "../lib/from_path.py": "sys.path.insert(0, os.environ['SOME_LIB']); "
    "__import__('from_' + 'path')",
}
SPARED = """
import inspect, json.tool, listed, wave
assert inspect.getsource(listed)
(HERE / "made.txt").write_text("x"); (HERE / "made.txt").read_text()
(out / "x").write_text("x"); (out / "x").read_text()
Path("here.txt").write_text("x"); Path("here.txt").read_text()
data.read_text()
(HERE / "declared.txt").read_text()
(HERE / ".git" / "HEAD").read_text()
os.listdir(HERE)
(HERE / "log.txt").open("a").close()
try: (HERE / "missing.json").read_text()
except FileNotFoundError: pass
Path("/etc/passwd").read_text()
with tempfile.NamedTemporaryFile() as file: Path(file.name).read_bytes()
subprocess.run([sys.executable, "-c", "pass"], check=True)
import numpy; numpy.show_config(mode="dicts")
print(wave, json.tool)
"""


@pytest.fixture
def scripts(rig, monkeypatch):
    """A folder of scripts, with all the files that they use."""
    folder = rig.folder / "scripts"
    for name in (*USES, "listed.py", "declared.txt", "data.csv", ".git/HEAD"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("X = 1\n" if name == "listed.py" else "")
    (rig.folder / "real.sql").write_text("")
    link = rig.folder / "link"
    link.symlink_to(folder)
    monkeypatch.setenv("SOME_LIB", str(rig.folder / "lib"))
    monkeypatch.setenv("TMPDIR", str(folder / "temporary"))
    (folder / "temporary").mkdir()
    return folder


def step(folder, name, body, **fields):
    (folder / f"{name}.py").write_text(BEGIN + textwrap.dedent(body))
    return Step(name, str(folder / f"{name}.py"), outputs=(Output(name, "out"),), **fields)


@pytest.mark.parametrize("cold", [False, True], ids=["warm", "cold"])
def test_what_is_used_is_seen(rig, scripts, cold):
    uses = step(scripts, "uses", "\n".join(USES.values()) + "\n(out / 'x').write_text('x')")
    linked = replace(uses, script=str(rig.folder / "link" / "uses.py"))
    spared = step(
        scripts,
        "spared",
        SPARED,
        inputs={"data": Source(str(scripts / "data.csv"))},
        files=(code.pattern(scripts, "declared.txt"),),
    )

    for one in (uses, linked):
        found = seen(rig, rig.run(one, cold=cold)["uses"])
        assert {os.path.relpath(os.path.realpath(path), scripts) for path in found} == set(USES)
    last = rig.run(spared, cold=cold)
    assert seen(rig, last["spared"]) == [], rig.log(last["spared"])
    assert rig.run(spared, cold=cold)["spared"].state == "reused"


def seen(rig, event):
    assert event.state == "done", rig.log(event)
    assert event.facts.get("unlisted", []) == rig.entry(event).unlisted
    return rig.entry(event).unlisted


def test_a_step_that_used_more_runs_again_and_gives_what_is_new(rig, scripts):
    body = "(out / 'text.txt').write_text((HERE / 'text.sql').read_text())"
    one = step(scripts, "one", body)
    for text in ("a", "b", "b"):
        (scripts / "text.sql").write_text(text)
        run = rig.submit(one)
        event = rig.watch(run)["one"]
        assert (event.state, rig.text(event)) == ("done", text)
        assert event.detail == "used files that are not in its recipe: text.sql"
    count = len(run.events())
    rig.watch(run)
    assert len(run.events()) == count, "what is done in a run stays done"

    listed = replace(one, files=(code.pattern(scripts, "*.sql"),))
    states = [rig.run(listed)["one"].state for _ in range(2)]
    assert states == ["done", "reused"]


def test_what_cannot_be_written_down_does_not_disturb_the_step(rig, scripts):
    """Names that are no UTF-8, and many of them."""
    body = """
    for number in range(300):
        name = os.fsencode(HERE) + b"/odd-\\xff-%d" % number
        open(name, "w").close()
        os.utime(name)
    for number in range(300):
        name = os.fsencode(HERE) + b"/odd-\\xff-%d" % number
        subprocess.run(["true"]) if number == 0 else None
        open(name).close()
    open(os.fsencode(HERE) + b"/strange-\\xff").close()
    (out / "x").write_text("x")
    """
    Path(os.fsdecode(os.fsencode(scripts) + b"/strange-\xff")).write_text("")

    last = rig.run(step(scripts, "odd", body))

    assert [os.fsencode(path)[-9:] for path in seen(rig, last["odd"])] == [b"strange-\xff"[-9:]]
