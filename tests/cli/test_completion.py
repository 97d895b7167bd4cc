"""What the Tab key offers, as bash asks for it with the script that is installed; zsh and fish."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from concrete_cli import home
from concrete_cli.backend import Options
from concrete_cli.cli import complete
from concrete_cli.plan import Output, Plan, Step
from concrete_cli.runs import Runs

CONCRETE = Path(sys.executable).with_name("concrete")


@pytest.fixture
def made(tmp_path):
    """Two runs; the first one has a step that the latest one has not."""
    runs = Runs(home.prepare(tmp_path / ".concrete"))

    def create(*names):
        steps = tuple(Step(name, "s.py", outputs=(Output(name, "out"),)) for name in names)
        return runs.create(Plan("p", steps), experiment="", options=Options(), facts={}).id

    return [create("prepare", "train_svr"), create("prepare", "train_knn", "train_linear")]


@pytest.fixture
def tab(tmp_path):
    """Press Tab in bash, at the end of a line: its words, in the order in which they are offered.

    All lines are completed by one bash, as a person's would.
    """

    def press(*lines):
        env = {**os.environ, "HOME": str(tmp_path), "SHELL": "/bin/bash"}
        # Else typer takes the shell that it finds above itself, which may be the sh of make.
        env["_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION"] = "1"
        env["PATH"] = f"{CONCRETE.parent}{os.pathsep}{env['PATH']}"
        script = subprocess.run(
            [CONCRETE, "--show-completion", "bash"], env=env, capture_output=True, check=True
        )
        asked = [script.stdout.decode()]
        for line in lines:
            words = line.split(" ")
            array = " ".join(map(shlex.quote, words))
            asked += [
                f"COMP_WORDS=({array}); COMP_CWORD={len(words) - 1}; COMPREPLY=()",
                "_concrete_completion concrete",
                'echo "${COMPREPLY[@]}"',
            ]
        done = subprocess.run(
            ["bash", "--norc", "-c", "\n".join(asked)],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            check=True,
            text=True,
        )
        assert done.stderr == ""
        return [line.split() for line in done.stdout.splitlines()]

    return press


def test_bash_completes_commands_runs_and_steps(tab, made, tmp_path):
    first, latest = made
    commands, runs, by_word, of_first, elsewhere = tab(
        "concrete ",
        "concrete show ",
        f"concrete show {first[11:-1]}",
        f"concrete logs {first} train_",
        "concrete show --home nowhere ",
    )

    assert {"train", "check", "plan", "why", "runs", "models", "warm"} <= set(commands)
    assert runs == ["latest", latest, first]
    assert first[11:] in by_word
    assert of_first == ["train_svr"]
    assert elsewhere == ["latest"]
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("known", ["runs", "steps", "outputs", "models", "versions", "endpoints"])
def test_where_nothing_has_run_nothing_is_offered_and_nothing_made(tmp_path, monkeypatch, known):
    (tmp_path / "concrete.toml").touch()
    monkeypatch.chdir(tmp_path)
    offered = getattr(complete, known)(SimpleNamespace(params={}), "")
    assert offered == (["latest"] if known == "runs" else [])
    assert not (tmp_path / ".concrete").exists()


@pytest.mark.parametrize(
    "asked",
    [
        {"_CONCRETE_COMPLETE": "complete_zsh"},
        {"_CONCRETE_COMPLETE": "complete_fish", "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
    ],
    ids=["zsh", "fish"],
)
def test_zsh_and_fish_are_answered_in_their_ways(made, tmp_path, asked):
    line = {"_TYPER_COMPLETE_ARGS": "concrete logs latest train_k"}
    done = subprocess.run(
        [CONCRETE],
        cwd=tmp_path,
        env={**os.environ, **asked, **line},
        capture_output=True,
        text=True,
        check=False,
    )
    plain = done.stdout.strip()
    assert plain in ("train_knn", f"_arguments '*: :(({json.dumps('train_knn')}))'")
