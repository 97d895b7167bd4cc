"""Typed in a folder of other people's files, no command imports one of them."""

import json
import subprocess
import time
import urllib.request
from pathlib import Path

import hostile
from toy import Toy


def test_every_way_of_starting_a_run(tmp_path, concrete, monkeypatch):
    toy = Toy(tmp_path / "toy")
    toy.go.touch()
    trace = hostile.folder(tmp_path / "hostile", monkeypatch)
    here = {"cwd": Path.cwd()}

    def ended(run):
        end = time.monotonic() + 60
        while concrete("show", run, "--home", home, "--json", **here).json()["status"] != "done":
            assert time.monotonic() < end
            time.sleep(0.1)

    home = toy.folder / ".concrete"
    for how in ([], ["--cold", "--no-reuse"], ["--detach", "--no-reuse"]):
        ended(concrete("run", toy.file, *how, "--json", **here).json()["run"])

    line = concrete("schedule", toy.file, "--every", "1d", "--json", **here).json()["pipeline"]
    subprocess.run(line, shell=True, check=True, capture_output=True, **here)

    published = concrete("publish", toy.file, "--json", **here).json()
    key = (home / "published" / published["name"] / "key").read_text().strip()
    asked = urllib.request.Request(published["url"], b"", {"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(asked, timeout=30) as answer:
        ended(json.load(answer)["Id"])
    concrete("publish", "--withdraw", published["name"], "--home", home, **here)

    concrete("warm", "start", toy.file, **here)
    ended(concrete("run", toy.file, "--no-reuse", "--json", **here).json()["run"])
    concrete("warm", "stop", **here)
    assert not trace.exists(), trace.read_text()


def test_the_scripts_that_commands_run_aside(tmp_path, concrete, monkeypatch):
    trace = hostile.folder(tmp_path / "hostile", monkeypatch)
    rows = "".join(f"{number % 9},{number * number % 7}\n" for number in range(60))
    Path("rows.csv").write_text(f"a,y\n{rows}")
    concrete("init", ".", "--data", "rows.csv", "--target", "y", cwd=Path.cwd())
    assert not trace.exists(), trace.read_text()
