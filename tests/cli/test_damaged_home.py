"""Any document of a home may be damaged: what is shown is right, or it is refused."""

import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from concrete_cli import disk, documents
from concrete_cli.cli import app
from stepping import mixed

TEXT = """
[experiment]
name = "toys"
[data]
source = "toys.csv"
target = "price"
[split]
group_by = ["size"]
[train]
folds = 3
[train.candidates.ridge]
model = "ridge"
[train.candidates.linear]
model = "linear"
[finetune]
trials = 3
[register]
name = "toys"
"""
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["\x1b[2J", "\x9b31m", "\u202e", "\ud800", "../x", 10**400, "a\nb\rc"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)
COMMANDS = st.lists(st.integers(0, 15), min_size=2, max_size=3, unique=True)
FUZZ = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,  # each example takes seconds: a new one may wait for who looks for it
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


class Home:
    """A home with three runs, a model and an endpoint that is stopped; commands work on it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder, folder / ".concrete"
        mixed(90).to_csv(folder / "toys.csv", index=False)
        (folder / "concrete.toml").write_text(TEXT)
        for command in ("train", "finetune", "deploy", "score --data new.csv"):
            if command.startswith("score"):
                mixed(5).drop(columns="price").to_csv(folder / "new.csv", index=False)
            code, _, told = self(*command.split(), "--quiet")
            assert code == 0, told
        assert self("endpoints", "stop", "toys")[0] == 0
        listed = json.loads(self("runs", "--json")[1])["runs"]
        self.runs = [one["run"] for one in reversed(listed)]  # that of train is the first
        runs = [["show", run, "--json"] for run in self.runs]
        self.commands = [
            ["runs", "--json"],
            *runs,
            ["show", self.runs[0]],
            ["logs", self.runs[0]],
            ["compare", *self.runs[:2], "--json"],
            ["report", self.runs[0]],
            ["models", "--json"],
            ["models", "show", "toys", "--json"],
            ["models", "show", "toys:1"],
            ["endpoints", "--json"],
            ["plan", "--json"],
            ["why", "select"],
            ["gc", "--older-than", "900d", "--json"],
        ]
        self.files = sorted(
            path
            for path in self.home.rglob("*")
            if path.is_file()
            and "bundle-" not in str(path)
            and (path.suffix in (".json", ".jsonl", ".toml") or path.parent.name == "plans")
        )
        self.before = {tuple(command): self(*command) for command in self.commands}
        assert {code for code, _, _ in self.before.values()} == {0}, self.before
        self.pristine = folder / "pristine"
        shutil.copytree(self.home, self.pristine, symlinks=True)

    def __call__(self, *argv: str) -> tuple[int, str, str]:
        """Run a command in a forked process; return its exit code and what it said."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            pid = os.fork()
            if pid == 0:
                code = 99
                try:
                    os.chdir(self.folder)
                    os.environ["CONCRETE_HOME"] = str(self.home)
                    for number, file in ((1, out), (2, err)):
                        os.dup2(file.fileno(), number)
                    sys.stdout, sys.stderr = (os.fdopen(one, "w") for one in (1, 2))
                    code = app.run(argv)
                    sys.stdout.flush()
                    sys.stderr.flush()
                finally:
                    os._exit(code)
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            said = []
            for file in (out, err):
                file.seek(0)
                said.append(file.read().decode(errors="backslashreplace"))
            return code, *said

    @contextlib.contextmanager
    def changed(self, path: Path, content: bytes) -> Iterator[None]:
        """Have another content in a file for a while; the home is then as it was before."""
        put(path, content)
        try:
            yield
        finally:
            disk.remove(self.home)
            shutil.copytree(self.pristine, self.home, symlinks=True)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return Home(tmp_path_factory.mktemp("damaged"))


def put(path, content):
    mode = path.stat().st_mode
    path.chmod(0o600)
    path.write_bytes(content)
    path.chmod(mode)


def check(home, command, *, crafted=False):
    """Run a command: it is right, says that there is damage, or refuses; never more than that."""
    code, out, err = home(*command)
    told = f"{command}: exit code {code}\n{out}\n{err}"
    assert code not in (1, 99), told
    raw = [letter for letter in out + err if not letter.isprintable() and letter not in "\n\t"]
    assert not raw, told
    if command[0] == "runs":
        assert all(run in out for run in home.runs), told
    again = command[0] in ("plan", "why")  # what was put aside runs again, as was said before
    if code == 0 and not crafted and not again and out != home.before[tuple(command)][1]:
        assert "damage" in out + err or "has changed" in out + err, told


@pytest.mark.timeout(600)
@FUZZ
@given(data=st.data())
def test_a_change_is_said_or_changes_nothing(home, data):
    path = data.draw(st.sampled_from(home.files))
    whole = path.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    byte = bytes([data.draw(st.integers(0, 255))])
    wrong = data.draw(
        st.sampled_from(
            [whole[:place] + byte + whole[place + 1 :]] * 4
            + [whole[:place], b"", b"null", b"[]", b"{}", b"\xff\xfe", b"[" * 50_000]
        )
    )
    with home.changed(path, wrong):
        for command in data.draw(COMMANDS):
            check(home, home.commands[command])


@pytest.mark.timeout(600)
@FUZZ
@given(data=st.data())
def test_a_crafted_document_is_refused_or_shown_harmlessly(home, data):
    path = data.draw(st.sampled_from([one for one in home.files if one.suffix == ".json"]))
    whole = path.read_bytes()
    document = json.loads(whole)
    inner = document
    while True:
        key = data.draw(st.sampled_from([*inner])) if inner else "x"
        if not isinstance(inner.get(key), dict) or data.draw(st.booleans()):
            break
        inner = inner[key]
    inner[key] = data.draw(VALUES)
    if data.draw(st.booleans()) and "sha256" in document:
        document = documents.seal(document)
    with home.changed(path, json.dumps(document).encode()):
        for command in data.draw(COMMANDS):
            check(home, home.commands[command], crafted=True)


def test_what_decides_a_result_is_not_used_when_a_digit_has_changed(home):
    """Of a kept plan, a run's plan, and what an endpoint serves."""
    plans = (home.home / "plans").iterdir()
    kept = next(one for one in plans if b'"folds": 3' in one.read_bytes())
    whole = kept.read_bytes()
    put(kept, whole.replace(b'"folds": 3', b'"folds": 4'))
    assert home("plan", "--json")[1] == home.before["plan", "--json"][1]  # it was made again
    put(kept, whole)

    plan = home.home / "runs" / home.runs[0] / "plan.json"
    whole = plan.read_bytes()
    put(plan, whole.replace(b'"folds": 3', b'"folds": 4'))
    code, _, err = home("resume", home.runs[0])
    assert (code, "plan.json: has changed" in err) == (8, True)
    put(plan, whole)

    (bundle,) = (home.home / "endpoints" / "toys").glob("bundle-*")
    for name in ("model/manifest.json", "code/_intervals.py", "bundle.json"):
        whole = (bundle / name).read_bytes()
        put(bundle / name, whole.replace(b"0", b"1", 1))
        code, _, err = home("endpoints", "restart", "toys")
        assert (code, "not the bundle that was deployed" in err) == (8, True)
        put(bundle / name, whole)

    model = next(home.home.glob("cache/*/*/outputs/model/manifest.json"))
    copy = home.folder / "fetched"
    copy.mkdir()
    for file in model.parent.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    words = ("score", "--model", str(copy), "--data", "new.csv", "--out", "out.csv", "--quiet")
    assert home(*words)[0] == 0
    text = (copy / "manifest.json").read_text()
    (copy / "manifest.json").write_text(text.replace('"coverage": 0.9', '"coverage": 0.8'))
    code, _, err = home(*words)
    assert (code, "manifest.json: has changed" in err) == (8, True)


def test_a_changed_copy_of_an_output_is_said_and_not_shown(home):
    run = home.runs[0]
    copy = home.home / "runs" / run / "model" / "manifest.json"
    whole = copy.read_bytes()
    put(copy, whole.replace(b'"rmse"', b'"rmsf"', 1))
    code, out, err = home("show", run)
    assert (code, f"{copy.parent} has changed" in err) == (0, True)
    assert "/cache/" in out
    assert home("resume", run, "--quiet")[0] == 0
    assert copy.read_bytes() == whole
    assert home("show", run) == home.before["show", run]


def test_a_damaged_journal_is_made_whole_by_resume(home):
    run = home.runs[0]
    events = home.home / "runs" / run / "events.jsonl"
    for harm in (
        lambda _: b"",
        lambda whole: b"".join(whole.splitlines(keepends=True)[:-2]),
        lambda whole: whole.replace(b'"reused"', b'"reusec"', 1),
    ):
        put(events, harm(events.read_bytes()))
        assert home("show", run)[0] == 8
        assert '"status": "damaged"' in home("runs", "--json")[1]
        code, _, err = home("resume", run, "--quiet")
        assert code == 0, err
        assert home("show", run)[0] == 0
