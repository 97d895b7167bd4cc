"""Every command line that is printed works when pasted, in another folder."""

import re
import shlex

import pytest

from toy import Toy

PRINTED = re.compile(r"(?<![./\w-])concrete (?:[a-z]+)(?: [^\s;`]+| '[^']*')*")
FINE = (0, 4, 10, 130)  # it is understood, whatever there is for it to do
TRAIN = """
[experiment]
name = "mix"
[data]
source = "rows.csv"
target = "y"
[train.candidates.linear]
model = "linear"
"""


@pytest.fixture
def toy(tmp_path):
    toy = Toy(tmp_path / "my project", "concrete.toml")
    toy.go.touch()
    (toy.folder / "mix.toml").write_text(TRAIN)
    (toy.folder / "rows.csv").write_text("".join(["a,y\n", *(f"{n},{n % 7}\n" for n in range(60))]))
    return toy


@pytest.fixture
def printed(concrete, toy):
    """Run commands in the folder of the experiment; return the lines that they print."""

    def run(*commands):
        found = {}
        for words in commands:
            done = concrete(*shlex.split(words), cwd=toy.folder, code=None)
            assert done.code != 1, done.stderr
            for line in PRINTED.findall(f"{done.stdout}\n{done.stderr}"):
                found.setdefault(line.strip(" .,)"), words)
        return found

    return run


def works(concrete, lines, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    for line, by in lines.items():
        done = concrete(*shlex.split(line)[1:], cwd=elsewhere, code=None)
        assert done.code in FINE, f"{by} prints: {line}\n{done.stdout}{done.stderr}"
    assert not any(path.name.startswith(".concrete") for path in elsewhere.iterdir())


def test_where_nothing_is_yet(concrete, printed, toy, tmp_path):
    lines = printed("runs", "show", "warm status", "init new --target y", "why a b c")
    lines |= printed("run nowhere.toml", "nonsense", "runs --home", "models untag x")
    assert [line for line in lines if line.startswith("concrete train ")]
    # These two want an experiment that can be trained: what is wrong with this one is said.
    beside = [line for line in lines if line.startswith("concrete train ")]
    assert all(str(toy.file) in shlex.split(line) for line in beside)
    works(concrete, {line: by for line, by in lines.items() if line not in beside}, tmp_path)


def test_what_leads_from_one_command_to_the_next(concrete, printed, toy, tmp_path):
    (toy.folder / "second.py").write_text("raise SystemExit(1)\n")
    lines = printed("run -q", "show", "run --home other", "run --detach", "finetune mix.toml")
    assert sum(line.startswith("concrete resume") for line in lines) >= 2
    assert f"concrete train '{toy.folder / 'mix.toml'}'" in lines
    works(concrete, lines, tmp_path)
