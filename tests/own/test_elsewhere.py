"""Code from outside the scripts' folder is part of a step's recipe by its content."""

import os
import sys
from pathlib import Path

import pytest

SAY = """
import argparse, pathlib
{}
parser = argparse.ArgumentParser()
parser.add_argument("--text", type=pathlib.Path)
args = parser.parse_args()
import labtools
(args.text / "word.txt").write_text(str(labtools.factor()))
"""
EXPERIMENT = """
[experiment]
name = "mine"

[pipeline.steps.say]
script = "say.py"
outputs = ["text"]
"""
FACTOR = "FACTOR = {}\ndef factor():\n    from labtools import part\n    return FACTOR, part.X\n"


@pytest.fixture
def team(tmp_path):
    """A package of the team's, and an experiment beside it that uses it; write it, read a word."""
    package = tmp_path / "lib" / "labtools"
    mine = tmp_path / "mine"
    for folder in (package, mine):
        folder.mkdir(parents=True)
    (mine / "concrete.toml").write_text(EXPERIMENT)
    (mine / "say.py").write_text(SAY.format(""))

    class Team:
        file = mine / "concrete.toml"
        lib = tmp_path / "lib"

        @staticmethod
        def write(factor, part=0):
            (package / "__init__.py").write_text(FACTOR.format(factor))
            (package / "part.py").write_text(f"X = {part}\n")

    Team.write(1)
    return Team


def word(done):
    [folder] = done.json()["outputs"].values()
    return Path(folder, "word.txt").read_text()


def ways(team, tmp_path):
    """Return the environments in which labtools is found: by a path, and by an editable install."""
    path = os.environ["PYTHONPATH"]
    site = tmp_path / "site-packages"
    (site / "lab_tools-0.1.dist-info").mkdir(parents=True, exist_ok=True)
    (site / "lab_tools-0.1.dist-info" / "METADATA").write_text("Name: lab-tools\nVersion: 0.1\n")
    (site / "lab_tools-0.1.dist-info" / "top_level.txt").write_text("labtools\n")
    finder = f"""
import importlib.util, sys
class Finder:  # as setuptools makes them
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name == "labtools":
            return importlib.util.spec_from_file_location(
                name, {str(team.lib / "labtools" / "__init__.py")!r})
sys.meta_path.append(Finder)
"""
    (site / "__editable___lab_tools_finder.py").write_text(finder)
    (site / "__editable__.lab_tools.pth").write_text("import __editable___lab_tools_finder\n")
    (site / "custom").mkdir()
    (site / "custom" / "sitecustomize.py").write_text(
        f"import site; site.addsitedir({str(site)!r})"
    )
    return {
        "path": {"PYTHONPATH": f"lib{os.pathsep}{path}"},  # relative to where the command runs
        "editable": {"PYTHONPATH": f"{site / 'custom'}{os.pathsep}{path}"},
    }


@pytest.mark.parametrize("way", ["path", "editable"])
def test_an_edit_of_the_teams_package_runs_the_step_again(concrete, team, tmp_path, way):
    env = ways(team, tmp_path)[way]

    def run(*options):
        return word(concrete("run", team.file, "--json", *options, env=env))

    assert run() == "(1, 0)"
    for factor in (2, 3):  # within a second, of the same size: bytecode would look fresh
        team.write(factor)
        assert run() == f"({factor}, 0)"
    team.write(3, part=5)
    why = concrete("why", team.file, "say", env=env).stdout
    assert why.startswith("code.labtools/part.py: ")
    assert str(tmp_path) not in why
    assert run("--cold") == "(3, 5)"
    assert "1 reused" in concrete("run", team.file, env=env).stdout


def test_a_server_that_stays_has_nothing_of_the_teams_code(concrete, team, tmp_path):
    env = ways(team, tmp_path)["path"] | {"XDG_RUNTIME_DIR": os.environ["HOME"]}
    team.file.write_text(EXPERIMENT + '[backend.local]\nkeep_warm = "60s"\n')
    try:
        for factor in (1, 2, 3):
            team.write(factor)
            assert word(concrete("run", team.file, "--json", env=env)) == f"({factor}, 0)"
    finally:
        concrete("warm", "stop", env=env)


def test_a_folder_that_the_script_adds_to_its_path(concrete, team):
    added = "import sys; sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / 'lib'))"
    (team.file.parent / "say.py").write_text(SAY.format(added))

    for factor in (1, 2):
        team.write(factor)
        assert word(concrete("run", team.file, "--json")) == f"({factor}, 0)"


def test_two_machines_come_to_the_same_recipe(concrete, team, tmp_path):
    other = tmp_path / "other" / "place"
    other.mkdir(parents=True)
    (other / "lib").symlink_to(team.lib)
    keys = set()
    for env in (
        {"PYTHONPATH": str(team.lib)},
        {"PYTHONPATH": f"{sys.prefix}{os.pathsep}{other / 'lib'}"},
    ):
        home = tmp_path / f"home{len(keys)}"
        concrete("run", team.file, "--home", home, env=env)
        keys |= {path.name for path in home.glob("cache/??/*")}
    assert len(keys) == 1


def test_a_library_that_imports_the_teams_code(concrete, team, tmp_path):
    """Nobody reads what a library imports; the code of the team is seen, and never stale."""
    site = tmp_path / "site-packages"
    (site / "plugin-1.0.dist-info").mkdir(parents=True)
    (site / "plugin-1.0.dist-info" / "METADATA").write_text("Name: plugin\nVersion: 1.0\n")
    (site / "plugin.py").write_text("import labtools\n")
    (team.lib / "sitecustomize.py").write_text(f"import site; site.addsitedir({str(site)!r})")
    script = team.file.parent / "say.py"
    text = SAY.format("import plugin; labtools = plugin.labtools")
    script.write_text(text.replace("import labtools\n", ""))
    env = ways(team, tmp_path)["path"] | {"XDG_RUNTIME_DIR": os.environ["HOME"]}
    team.file.write_text(EXPERIMENT + '[backend.local]\nkeep_warm = "60s"\n')
    try:
        for factor in (1, 2, 3):
            team.write(factor)
            done = concrete("run", team.file, "--json", env=env)
            assert word(done) == f"({factor}, 0)"
            assert (
                'files = ["../lib/labtools/__init__.py", "../lib/labtools/part.py"]' in done.stderr
            )
    finally:
        concrete("warm", "stop", env=env)
