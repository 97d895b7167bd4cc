"""A tour through all commands: the examples of help run, and documents fit their schemas."""

import contextlib
import io
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import jsonschema_rs
import pytest

import command_table
import served
from concrete_cli.cli import app
from concrete_cli.commands import outputs
from website import Site

EXPERIMENT = """
[experiment]
name = "mixes"

[data]
source = "mixes.csv"
target = "strength"

[train.candidates.linear]
model = "linear"
[train.candidates.tree]
model = "decision_tree"
params = { max_depth = 3 }

[register]
name = "mixes"
"""
OWN = """
[experiment]
name = "own"
[pipeline]
scripts = "."
[pipeline.steps.say]
script = "say.py"
outputs = ["text"]
"""
SAY = """\
import argparse, pathlib
parser = argparse.ArgumentParser()
parser.add_argument("--text", type=pathlib.Path)
(parser.parse_args().text / "word.txt").write_text("hello")
"""
# Commands in an order in which each has what it needs; those that are left out come at the end.
ORDER = """
init check plan why schema train show logs report compare resume cancel fetch finetune runs run
score models tag list verify export untag import reproduce deploy endpoints invoke rotate-key
restart publish schedule schedules doctor warm gc stop delete
"""
NOT_HERE = ("rehearse", "models pull", "models push")  # want an SDK that may not be installed
NO_SCHEDULE = ("schedules disable", "schedules delete")  # of a schedule that is not installed
TEXT = ("schema", "invoke")  # what they print is a document of its own
STEPS = ("train", "finetune", "run", "score", "deploy", "resume", "reproduce")
STEPS += ("publish", "restart", "start")  # leave a process behind


class Tour:
    """What the commands have told, one after the other."""

    def __init__(self, folder):
        self.folder, self.told, self.url = folder, {}, ""

    def run(self, *words):
        """Run a command as a user does."""
        return subprocess.run(
            [str(Path(sys.executable).with_name("concrete")), *words],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def json(self, name, *words, code=0):
        """Run a command with --json; keep the document under the name of its schema.

        What starts no step is run in this process, which is quicker.
        """
        if {*words[:2]} & {*STEPS}:
            done = self.run(*words, "--json")
            got, told = done.returncode, done.stdout
        else:
            stream = io.StringIO()
            with contextlib.chdir(self.folder), contextlib.redirect_stdout(stream):
                got, told = app.run([*words, "--json"]), stream.getvalue()
        assert got == code, (words, told)
        self.told.setdefault(name, []).append(json.loads(told))


@pytest.fixture(scope="module")
def site():
    made = Site()
    yield made
    made.close()


def path_of(example):
    """Return the words of an example that name a command."""
    words = example.split()[1:]
    leaves = [name.split()[1:] for name, _ in command_table.leaves()]
    return " ".join(next(leaf for leaf in leaves if words[: len(leaf)] == leaf))


def examples():
    """Return the example of each command, in an order in which they can run."""
    found = [re.search(r"Example:\n  (.*)", one.epilog)[1] for _, one in command_table.leaves()]
    order = ORDER.split()

    def rank(example):
        places = [order.index(word) for word in path_of(example).split() if word in order]
        return max(places, default=len(order))

    return sorted(found, key=rank)


@pytest.fixture
def tour(tmp_path, site):
    folder = tmp_path / "my project's"
    folder.mkdir()
    rows = served.rows(60, mixed=False).rename(columns={"y": "strength"})
    rows.to_csv(folder / "mixes.csv", index=False)
    new = rows.drop(columns="strength")
    new.to_csv(folder / "new.csv", index=False)
    (folder / "request.json").write_text(json.dumps(new.head(2).to_dict("records")))
    (folder / "concrete.toml").write_text(EXPERIMENT)
    (folder / "own.toml").write_text(OWN)
    (folder / "say.py").write_text(SAY)
    made = Tour(folder)
    yield made
    for words in (
        ["endpoints", "stop", "strength"],
        ["publish", "--withdraw", "nightly"],
        ["publish", "--withdraw", "again"],
        ["warm", "stop"],
    ):
        made.run(*words)


@pytest.mark.timeout(900)
# What stays behind, such as an endpoint, outlives the process that has started it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_tour(tour, site):
    for example in examples():
        run_example(tour, site, example)
        ask_for_json(tour, path_of(example))
    fail_in_many_ways(tour)

    wrong = [problem for name, told in tour.told.items() for problem in misfits(name, told)]
    assert not wrong, "\n".join(wrong)
    assert {*outputs.OUTPUTS} - {*tour.told} == {*NOT_HERE, *NO_SCHEDULE}


def run_example(tour, site, example):
    words, path = shlex.split(example)[1:], path_of(example)
    if path == "pin":
        words[1] = tour.url = site.put("/mixes.csv", b"a,b\n1,2\n")
    done = tour.run(*words)
    fine = (0,)
    if path in NOT_HERE:
        fine = (0, 7)
    elif path in NO_SCHEDULE:
        fine = (0, 5, 7)
    assert done.returncode in fine, f"$ {example}\n{done.stdout}{done.stderr}"


def ask_for_json(tour, path):
    """Ask for the document of a command that has just run, with words that still make sense."""
    if path in (*NOT_HERE, *NO_SCHEDULE, *TEXT, "endpoints logs"):
        return
    words = {
        "init": ["init", "new2"],
        "models untag": ["models", "untag", "mixes@other"],
        "models export": ["models", "export", "mixes:1", "again.zip"],
        "models delete": ["models", "delete", "spare:1", "--yes"],
        "endpoints stop": ["endpoints", "stop", "strength", "--remove"],
        "publish": ["publish", "concrete.toml", "--name", "again"],
        "pin": ["pin", tour.url],
        "fetch": ["fetch", "latest", "select.leaderboard", "board2"],
        "why": ["why", "train_linear"],
        "reproduce": ["reproduce", "mixes:1"],
    }.get(path, path.split())
    if path == "models untag":
        tour.json("models tag", "models", "tag", "mixes:1", "other")
    words = {
        "models show": ["models", "show", "mixes"],
        "models tag": ["models", "tag", "mixes:1", "production"],
        "models import": ["models", "import", "mixes.zip", "--name", "spare"],
        "score": ["score", "--data", "new.csv"],
        "compare": ["compare", "latest", "latest"],
        "run": ["run", "own.toml"],
        "deploy": ["deploy", "--model", "mixes", "--name", "strength", "--replace"],
        "warm start": ["warm", "start", "concrete.toml"],
        "schedule": ["schedule", "concrete.toml", "--every", "1d"],
        **{
            f"endpoints {one}": ["endpoints", one, "strength"]
            for one in ("show", "restart", "rotate-key")
        },
    }.get(path, words)
    tour.json(path, *words)
    if path == "publish":
        tour.json(path, "publish", "--withdraw", "again")
    if path == "check":
        tour.json(path, "check", "--origins")


def fail_in_many_ways(tour):
    """Make mistakes of all kinds."""
    for code, *words in (
        (2, "train", "--backend", "local", "--backend", "local"),
        (3, "check", "--set", "train.fold=3"),
        (4, "run", "own.toml", "--set", "pipeline.steps.say.params.nonsense=1"),
        (5, "show", "nothing"),
        (5, "endpoints", "show", "nothing"),
        (5, "models", "show", "mixes:99"),
        (6, "finetune", "--set", 'register.require={rmse="< 0.000001"}', "--trials", "2"),
        (5, "score", "--data", "nowhere.csv"),
        (5, "models", "untag", "mixes@nobody"),
        (2, "init", "new"),
    ):
        tour.json("error", *words, code=code)


def misfits(name, documents):
    """Yield what in documents is not as the schema of their command says."""
    validator = jsonschema_rs.validator_for(strict(outputs.schema(name)))
    for document in documents:
        for one in validator.iter_errors(document):
            yield f"{name}: {list(one.instance_path)}: {one.message[:300]}"


def strict(schema):
    """Return a schema that knows of each property: an undocumented one is a fault here."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: strict(value) for key, value in schema.items()}
    if "properties" in found and isinstance(found["properties"], dict):
        found.setdefault("additionalProperties", False)
    return found
