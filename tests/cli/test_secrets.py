"""No secret is repeated: a canary is given in every way, and looked for in all that is left."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from concrete_cli.cli import app
from toy import Toy
from website import Site, says

CANARY = "CANARY-0f3a9"
URL = f"https://example.org/rows.csv?sv=1&sig={CANARY}"
LOGIN = f"https://user:{CANARY}@example.org/rows.csv"


@pytest.fixture
def toy(tmp_path, monkeypatch):
    toy = Toy(tmp_path / "toy", "concrete.toml")
    toy.go.touch()
    monkeypatch.chdir(toy.folder)
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # where a report of a bug may go
    return toy


@pytest.fixture
def typed(capsys):
    """Run a command in this process; return its code and all that it printed."""

    def run(*words):
        logging.getLogger("concrete").handlers.clear()  # of an earlier command
        capsys.readouterr()
        code = app.run([*words])
        logging.getLogger("concrete").setLevel(logging.NOTSET)
        return code, "".join(capsys.readouterr())

    return run


def left(folder):
    """Return the files below a folder that hold the canary."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if CANARY.encode() in path.read_bytes()]


@pytest.mark.parametrize("secret", [URL, LOGIN], ids=["query", "login"])
@pytest.mark.parametrize("more", [(), ("--json",), ("--debug",)], ids=["", "json", "debug"])
@pytest.mark.parametrize(
    "words",
    [
        ("check", "--set", "data.source={}"),
        ("check", "--set", 'data.source="{}"', "--origins"),
        ("check", "--set", "train.folds={}"),
        ("check", "--set", "{}"),
        ("check", "--set", "experiment.name={}"),
        ("check", "--set", 'tracking.mlflow="{}"'),
        ("check", "--set", 'features={{"{}"="a"}}'),
        ("check", "--set", 'backend.azureml-v2.workspace="{}"', "--backend", "azureml-v2"),
        ("check", "{}"),
        ("plan", "--set", 'pipeline.steps.first.params.url="{}"'),
        ("run", "--set", 'pipeline.steps.first.params.url="{}"'),
        ("run", "--set", 'pipeline.steps.first.inputs={{data="{}"}}'),
        ("run", "--backend", "{}"),
        ("run", "--force", "{}"),
        ("score", "--data", "{}"),
        ("score", "--data", "{}#sha256=00"),
        ("score", "--model", "{}", "--data", "toy.toml"),
        ("pin", "{}"),
        ("show", "{}"),
        ("logs", "latest", "{}"),
        ("fetch", "latest", "{}", "x"),
        ("models", "show", "{}"),
        ("models", "import", "{}"),
        ("endpoints", "show", "{}"),
        ("invoke", "{}", "--sample"),
        ("init", "new", "--data", "{}", "--target", "y"),
        ("schema", "--output", "{}"),
        ("gc", "--older-than", "{}"),
        ("schedule", "--cron", "{}"),
        ("{}",),
    ],
    ids=" ".join,
)
def test_no_message_repeats_a_secret(typed, toy, tmp_path, words, more, secret):
    code, told = typed(*(word.format(secret) for word in words), *more)
    assert code in (2, 3, 5, 7), told
    assert CANARY not in told
    assert not left(tmp_path)


def test_no_problem_of_a_file_repeats_a_secret(typed, toy, tmp_path):
    text = toy.file.read_text()
    toy.file.write_text(f'{text}\n[tracking]\nmlflow = "{LOGIN}"\n[data]\nsource = "{URL}"\n')
    for words in (["check"], ["check", "--json"], ["run"], ["plan", "--debug"]):
        code, told = typed(*words)
        assert code == 3
        assert CANARY not in told
    assert left(tmp_path) == [toy.file]


def test_a_report_of_a_bug_has_no_secret(typed, toy, tmp_path, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError(f"at {URL} and {LOGIN}")

    monkeypatch.setattr("concrete_cli.commands.checking.check", broken)
    for words in (["check"], ["check", "--json"], ["check", "--debug"]):
        code, told = typed(*words)
        assert (code, CANARY in told) == (1, False)
    assert not left(tmp_path)


def test_a_variable_that_is_put_in_while_fetching_is_in_no_record(toy, tmp_path, monkeypatch):
    """Also where the server refuses it, sends us elsewhere, or sends what was not expected."""
    site = Site()
    url = site.put("/rows.csv", b"a,b\n1,2\n") + "?sig=${MY_SAS}"
    pinned = f"{url}#sha256={'0' * 64}"
    trouble = [says(403), says(404), says(302, Location=f"{site.base}/gone?sig={CANARY}"), None]
    command = str(Path(sys.executable).with_name("concrete"))
    words = [command, "run", "--debug", "--set", f'pipeline.steps.first.inputs={{data="{pinned}"}}']
    for one in trouble:
        site.trouble[:] = [one] * 5 if one else []
        done = subprocess.run(
            words,
            cwd=toy.folder,
            env=os.environ | {"MY_SAS": CANARY},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in (5, 7, 8), done.stderr
        assert CANARY not in done.stdout + done.stderr
    assert any(CANARY in path for path, _ in site.calls)
    assert not left(tmp_path)
    site.close()
