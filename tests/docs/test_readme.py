"""The README is true: its examples run, and it names every command."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

import command_table
from concrete_cli.cli import pages

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
CONSOLE = re.compile(r"^```console(?P<info>[^\n]*)\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)


def examples():
    """Return each `$ command` of the README with the exit code that its block promises."""
    for block in CONSOLE.finditer(README):
        promised = re.search(r"exit=(\d+)", block["info"])
        for line in block["body"].splitlines():
            if line.startswith("$ "):
                yield line[2:], int(promised[1]) if promised else 0


def test_the_table_of_commands_is_up_to_date():
    block = command_table.BLOCK.search(README)
    assert block, "README.md has lost its <!-- commands --> block"
    assert block[0] == command_table.table(), "run: .venv/bin/python tests/support/command_table.py"


def test_every_command_has_an_example():
    shown = [shlex.split(command)[:3] for command, _ in examples()]
    shown += [line.split()[:3] for line in re.findall(r"^    (concrete .*)$", README, re.MULTILINE)]
    for name, _ in command_table.commands():
        words = [word for word in name.split() if not word.startswith("[") and word.islower()]
        assert any(line[: len(words)] == words for line in shown), f"no example of {name}"


def test_every_command_takes_home_and_json():
    for name, command in command_table.leaves():
        options = {option for parameter in command.params for option in parameter.opts}
        assert {"--home", "--json"} <= options, name


def test_every_exit_code_is_explained():
    told = {int(code) for code in re.findall(r"^\| (\d+) \| ", README, re.MULTILINE)}
    assert told == {*pages.CODES}


@pytest.fixture
def project(tmp_path):
    """The folder in which a reader of the README sits."""
    for name in ("configs", "data"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns(".concrete"))
    return tmp_path


@pytest.mark.timeout(400)
def test_every_example_runs(shell, project):
    for command, promised in examples():
        shell(command, cwd=project, code=promised)
