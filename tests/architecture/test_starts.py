"""Every Python process gets its command line from `concrete_cli.interpreter`."""

import ast
import os
import site
import subprocess
import sys
from pathlib import Path

import pytest

from concrete_cli import interpreter

ROOT = Path(__file__).parents[2]
# Who else may name the interpreter, and why it is not a start that -P would help.
OTHERS = {
    "concrete_cli/interpreter.py": "the one place",
    "concrete_cli/commands/diagnosis.py": "says where it is",
    "backends/local/resident.py": "part of the name of a socket",
    "backends/local/children.py": "the program of a command line that interpreter makes",
    "steps/smoke.py": "cannot import concrete_cli, and gives -P itself",
    # These run in a cloud, in a folder that holds what was uploaded and nothing else.
    "backends/azureml/attempts.py": "python SCRIPT in the cloud",
    "backends/azureml_v2/attempt.py": "python SCRIPT in the cloud",
}


def named(path):
    tree = ast.parse(path.read_text())
    return any(isinstance(node, ast.Attribute) and ast.unparse(node) == "sys.executable"
               for node in ast.walk(tree))  # fmt: skip


def test_no_other_file_starts_an_interpreter():
    files = [path for folder in ("concrete_cli", "backends", "steps")
             for path in (ROOT / folder).rglob("*.py")]  # fmt: skip
    found = {path.relative_to(ROOT).as_posix() for path in files if named(path)}
    assert found == set(OTHERS)
    assert '[sys.executable, "-P", ' in (ROOT / "steps" / "smoke.py").read_text()


def test_what_runs_only_our_code_is_isolated_where_our_libraries_are_found_without(monkeypatch):
    monkeypatch.setattr(site, "ENABLE_USER_SITE", False)
    monkeypatch.delenv("PYTHONPATH")
    assert interpreter.own_module("x")[1:] == ["-I", "-m", "x"]
    assert interpreter.module("x")[1:] == ["-P", "-m", "x"]
    monkeypatch.setenv("PYTHONPATH", "/libraries")
    assert interpreter.own_module("x")[1:] == ["-P", "-m", "x"]
    monkeypatch.delenv("PYTHONPATH")
    monkeypatch.setattr(site, "ENABLE_USER_SITE", True)
    assert interpreter.own_module("x")[1:] == ["-P", "-m", "x"]


@pytest.mark.parametrize("path", ["", str(Path(__file__).parent)])
def test_a_script_finds_what_lies_beside_it_and_nothing_of_the_current_folder(path, tmp_path):
    """As `python SCRIPT` does: its arguments, its name, its folder first."""
    scripts = tmp_path / "scripts of ours"
    scripts.mkdir()
    (scripts / "one.py").write_text(
        "import sys, beside, json\nprint(__name__, sys.argv[1:], 'é', json.__file__)"
    )
    (scripts / "beside.py").touch()
    (tmp_path / "json.py").write_text("raise SystemExit('hostile')")
    env = {**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": ""}
    done = subprocess.run(
        interpreter.own_script(scripts / "one.py", "--a", "b c"),
        cwd=tmp_path, env=env, capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    assert done.stdout.startswith("__main__ ['--a', 'b c'] é ")
    assert str(Path(sys.prefix)) not in done.stdout
