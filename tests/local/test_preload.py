"""A package that a step imports in a way of its own is imported ahead in that way, for it alone."""

import json
import sys
from ast import literal_eval
from dataclasses import replace
from pathlib import Path

import pytest
from concrete_cli.backends.local import preload

OWN_WAY = """
import counted_library
counted_library.WAYS.append('own')
__all__ = ['counted_library']
"""
FILE = "_import_counted_library.py"
WRITE = "\n(out / 'text.txt').write_text(' '.join(counted_library.WAYS))"
OWN = "from _import_counted_library import counted_library" + WRITE
PLAIN = "import counted_library" + WRITE


@pytest.fixture(autouse=True)
def library(rig, monkeypatch):
    """Install a package, as far as the processes of this test are concerned."""
    installed = rig.folder / "installed"
    installed.mkdir()
    (installed / "counted_library.py").write_text("WAYS = ['plain']\n")
    monkeypatch.setenv("PYTHONPATH", str(installed))
    (rig.folder / FILE).write_text(OWN_WAY)


def texts(rig, *steps, **options):
    found = rig.run(*steps, **options)
    return [rig.text(found[step.name]) for step in steps]


@pytest.mark.parametrize("cold", [False, True])
def test_each_step_finds_the_package_as_it_would_alone(rig, cold):
    own = rig.step("own", OWN)
    plain = rig.step("plain", PLAIN, data="own.out")
    last = rig.step("last", OWN, data="plain.out")

    assert texts(rig, own, plain, last, cold=cold) == ["plain own", "plain", "plain own"]


def test_a_server_that_stays_runs_an_edited_file_anew(rig, monkeypatch):
    monkeypatch.syspath_prepend(rig.folder / "installed")
    monkeypatch.setattr(preload, "_ways", {})
    file = rig.folder / FILE
    for way in ("own", "own", "new"):
        file.write_text(OWN_WAY.replace("own", way))
        preload.load(str(file))
        preload.settle([str(file)])

        import _import_counted_library

        assert ["plain", way] == _import_counted_library.counted_library.WAYS
    for name in ("_import_counted_library", "counted_library"):
        del sys.modules[name]


def test_a_file_that_fails_fails_in_the_step(rig):
    (rig.folder / FILE).write_text("import counted_library\nraise ValueError('not here')\n")
    failing = rig.step("failing", OWN)
    plain = rig.step("plain", PLAIN)

    found = rig.run(failing, plain, jobs=1)

    assert (found["failing"].state, rig.text(found["plain"])) == ("failed", "plain")
    log = Path(found["failing"].facts["log"]).read_text()
    assert "ValueError: not here" in log


def test_a_library_that_uses_multiprocessing_leaves_the_server_in_use(rig):
    """It gives the main module a second name, whose file is ours."""
    body = """
    there = "joblib" in sys.modules
    import joblib
    (out / "text.txt").write_text(str(there))
    """
    assert [rig.text(rig.run(rig.step(name, body))[name]) for name in ("a", "b")] == ["True"] * 2


LATE = """
def work():
    import wave, late_one
    import importlib; importlib.import_module("xml" + ".dom.pulldom")
    return late_one.X
before = {name: name in sys.modules for name in ("wave", "colorsys", "xml.dom.pulldom")}
(out / "text.txt").write_text(str(work()))
(out / "before.txt").write_text(repr(before))
"""


def test_what_a_step_has_imported_itself_is_imported_ahead_the_next_time(rig):
    """Also when its parameters have changed; never what is not installed, nor what is no name."""
    (rig.folder / "late_one.py").write_text("import colorsys\nX = 1")
    one = rig.step("one", LATE)

    first = rig.run(one)["one"]
    [notes] = (rig.home / "imports").iterdir()
    noted = json.loads(notes.read_text())["one"]
    second = rig.run(replace(one, params={"n": 2}))["one"]

    assert not literal_eval(rig.text(first, "before.txt"))["xml.dom.pulldom"]
    assert "xml.dom.pulldom" in noted
    assert "late_one" not in noted
    assert literal_eval(rig.text(second, "before.txt"))["xml.dom.pulldom"]
    evil = rig.folder / "evil.py"
    evil.write_text(f"open({str(rig.folder / 'canary')!r}, 'w')")
    for damage in ("{", "[]", '{"one": 3}', json.dumps({"one": [str(evil), "late_one", 7]})):
        notes.write_text(damage)
        third = rig.run(replace(one, params={"n": damage}))["one"]
        assert third.state == "done", rig.log(third)
    assert not (rig.folder / "canary").exists()
