"""Looking at a run writes nothing: it works in a home that takes nothing, and beside `gc`."""

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from told import Result

ROOT = Path(__file__).parents[2]
FEW = ("--set", 'train.candidates={linear={model="linear"},tree={model="decision_tree"}}')


@pytest.fixture
def experiment(tmp_path):
    path = tmp_path / "concrete.toml"
    path.write_text(f"extends = {json.dumps(str(ROOT / 'configs' / 'concrete.toml'))}\n")
    return path


def state(home):
    """Every file below a home with what tells whether it was touched; locks are there to be."""
    return {
        str(path.relative_to(home)): (path.lstat().st_mtime_ns, path.lstat().st_size)
        for path in home.rglob("*")
        if path.name != "gc.lock" and not path.is_dir()
    }


def in_a_read_only(home, cwd, *words):
    """Run a command where nobody, not even root, can write to the home."""
    bind = f"mount --bind '{home}' '{home}' && mount -o remount,bind,ro '{home}'"
    inside = f"{bind} && exec {shlex.join(map(str, words))}"
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", inside], cwd=cwd, capture_output=True, text=True, check=False
    )
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip("this machine lets nobody mount")
    return Result(done.returncode, done.stdout, done.stderr)


def test_looking_writes_nothing(concrete, experiment, tmp_path):
    """Neither of a whole run, nor of one that was killed before its results lay beside it."""
    home = tmp_path / "home"
    first = concrete("train", experiment, *FEW, "--home", home, "--json").json()["run"]
    second = concrete("train", experiment, *FEW, "--home", home, "--json").json()["run"]
    whole = concrete("show", first, "--home", home, "--json").json()
    for name in ("leaderboard", "model", "report"):
        shutil.rmtree(home / "runs" / first / name)
        (home / "runs" / first / f".{name}-of").unlink()
    before = state(home)

    shown = concrete("show", first, "--home", home, "--json").json()
    for part in ("leaderboard", "selected", "test"):
        assert shown[part] == whole[part]
    assert (Path(shown["paths"]["model"]).is_dir(), shown["status"]) == (True, "done")
    looks = [
        ("show", second), ("runs",), ("compare", first, second), ("report", first, "-o", "-"),
        ("compare", first, second, "--html", "-o", "-"), ("logs", first),
    ]  # fmt: skip
    for words in looks:
        concrete(*words, "--home", home)
    assert state(home) == before

    program = Path(sys.executable).with_name("concrete")
    for words in (*looks, ("report", first), ("compare", first, second, "--html")):
        done = in_a_read_only(home, tmp_path, program, *words, "--home", home)
        assert done.code == 0, done
        if words == ("report", first):
            assert (tmp_path / f"report-{first}.html").exists()
            assert "Read-only file system" in done.stderr
    assert state(home) == before
    # A copy beside the run that was changed is not what is shown.
    board = home / "runs" / second / "leaderboard" / "leaderboard.json"
    text = json.loads(board.read_text())
    text["candidates"][0]["cv"]["rmse"] += 100
    board.chmod(0o600)
    board.write_text(json.dumps(text))
    assert concrete("show", second, "--home", home, "--json").json()["leaderboard"][0]["cv"][
        "rmse"
    ] == pytest.approx(whole["leaderboard"][0]["cv"]["rmse"])
