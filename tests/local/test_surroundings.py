"""The command in whatever surroundings: pipes, closed streams, locales, terminals, names."""

import contextlib
import json
import os
import pty
import re
import select
import subprocess
import sys

import pytest

from toy import PYTHON, STEP, Toy


def test_a_reader_that_goes_away_is_no_error(toy, concrete):
    toy.go.touch()
    for _ in range(3):
        concrete("run", toy.file, cwd=toy.folder)
    for words in ("runs", "show", "logs latest", "--help", "schema"):
        line = f"{PYTHON} -m concrete_cli {words} | head -1; echo ${{PIPESTATUS[0]}}"
        done = subprocess.run(
            ["bash", "-c", line], cwd=toy.folder, capture_output=True, text=True, check=True
        )
        assert done.stdout.splitlines()[-1] in ("0", "141"), done
        assert "Traceback" not in done.stderr
        assert "Exception ignored" not in done.stderr


def test_a_reader_that_goes_away_does_not_stop_the_run(toy, concrete):
    toy.go.touch()
    line = f"{PYTHON} -m concrete_cli run toy.toml 2>&1 | true"
    done = subprocess.run(
        ["bash", "-c", line], cwd=toy.folder, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0
    assert concrete("show", "--json", cwd=toy.folder).json()["status"] == "done"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_without_stdin_stdout_stderr(toy, closed, concrete):
    toy.go.touch()
    line = f"{PYTHON} -m concrete_cli run toy.toml --json {closed}"
    done = subprocess.run(
        ["bash", "-c", line], cwd=toy.folder, capture_output=True, text=True, check=False
    )

    assert "Traceback" not in done.stderr
    assert done.returncode == 0, done
    assert concrete("show", "--json", cwd=toy.folder).json()["status"] == "done"


LOCALES = {
    "C": {"LC_ALL": "C"},
    "C without coercion": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "POSIX": {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "none": {"LANG": "", "LC_ALL": ""},
    "no colour": {"NO_COLOR": "1"},
    "dumb": {"TERM": "dumb"},
    "no term": {"TERM": ""},
}


@pytest.mark.parametrize("environment", LOCALES.values(), ids=LOCALES)
def test_in_any_locale(tmp_path, concrete, environment):
    toy = Toy(tmp_path / "Prüfung ≥ 3 🧱")
    waits = next(line for line in toy.file.read_text().splitlines() if "wait" in line)
    toy.file.write_text(toy.file.read_text().replace(waits, ""))

    first = concrete("run", toy.file, env=environment, cwd=toy.folder)
    listed = concrete("show", env=environment, cwd=toy.folder)

    for text in (first.stdout, first.stderr, listed.stdout):
        assert "\x1b" not in text
    assert "2 done" in first.stdout
    third = concrete("run", toy.file, "--json", env=environment).json()
    assert third["status"] == "done"
    assert (
        (third["outputs"]["second.out"])
        .encode(errors="surrogateescape")
        .decode()
        .startswith(str(tmp_path / "Prüfung ≥ 3 🧱"))
    )


@pytest.mark.parametrize("colour", [True, False])
def test_in_a_terminal(toy, colour):
    toy.go.touch()
    master, slave = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color"} | ({} if colour else {"NO_COLOR": "1"})
    with subprocess.Popen(
        [sys.executable, "-m", "concrete_cli", "run", str(toy.file)],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=toy.folder,
        env=environment,
    ) as command:
        os.close(slave)
        shown = b""
        with contextlib.suppress(OSError):
            while select.select([master], [], [], 30)[0]:
                shown += os.read(master, 65536)
        os.close(master)

    assert command.returncode == 0
    assert b"second" in shown
    assert b"done" in shown
    painted = re.findall(rb"\x1b\[[0-9;]*m", shown)
    assert bool([code for code in painted if re.search(rb"3[0-9]", code)]) is colour


NAMES = ["--", '-it\'s "q"\nneu  $HOME `x` *;&|', "é ≥ 🧱" + "a" * 80]


@pytest.mark.parametrize("name", NAMES)
def test_folders_and_experiments_of_any_name(tmp_path, concrete, name):
    toy = Toy(tmp_path / name, f"{name}.toml")
    toy.go.touch()
    relative = f"./{name}.toml" if name.startswith("-") else f"{name}.toml"

    first = concrete("run", relative, "--json", cwd=toy.folder).json()
    second = concrete("run", "--", f"{name}.toml", cwd=toy.folder)
    third = concrete("run", toy.file, "--home", tmp_path / name / name, "--json").json()

    assert [step["state"] for step in first["steps"]] == ["done", "done"]
    assert "2 reused" in second.stdout
    assert third["paths"]["run"].startswith(str(tmp_path / name / name))
    concrete("logs", "latest", cwd=toy.folder)
    concrete("gc", "--older-than", "0s", "--yes", cwd=toy.folder)


def test_the_replay_line_runs_the_step(tmp_path, concrete):
    toy = Toy(tmp_path / "it's $HOME\n`x`")
    (toy.folder / "second.py").write_text(
        STEP.replace("print(", "import json\nPath('replayed').write_text(args.text)\nprint(")
        .replace(
            'parser.add_argument("--wait", type=Path)',
            'parser.add_argument("--text")\nparser.add_argument("--empty")',
        )
        .replace("if args.wait:", "sys.exit(7 if args.empty == '' else 8)\nif 0:")
    )
    text = '/it\'s "x" $HOME `y`\n-'
    toy.file.write_text(
        toy.file.read_text()
        .replace("params = {", f"params = {{ text = {json.dumps(text)}, empty = '', old_")
        .replace("old_ wait", "wait")
        .replace(", wait = ", "}#")
    )

    failed = concrete("run", toy.file, "--json", code=4, cwd=toy.folder).json()["error"]

    assert "exited with 7" in failed["message"]
    line = failed["replay"]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    subprocess.run(
        ["bash", "-c", line],
        cwd=elsewhere,
        input="q\n",
        text=True,
        capture_output=True,
        check=False,
    )
    assert (elsewhere / "replayed").read_text() == text


@pytest.mark.parametrize("words", ["runs", "runs --json", "run toy.toml"])
def test_a_stdout_without_room_is_said_to_be_that(toy, concrete, words):
    toy.go.touch()
    concrete("run", toy.file, cwd=toy.folder)
    line = f"{PYTHON} -m concrete_cli {words} > /dev/full"
    done = subprocess.run(
        ["bash", "-c", line], cwd=toy.folder, capture_output=True, text=True, check=False
    )

    assert done.returncode == 7, done
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert "cannot write the result to stdout: No space left on device" in done.stderr


def test_what_a_step_prints_cannot_drive_the_terminal_or_flood_it(tmp_path, concrete):
    line = r"\x1b[31mred\x1b[0m \x1b[2J\x07\ttab " + "é" * 3000
    (tmp_path / "loud.py").write_text(f"print('{line}')\nraise SystemExit(1)\n")
    (tmp_path / "loud.toml").write_text(
        "[experiment]\nname = 'loud'\n[pipeline.steps.loud]\nscript = 'loud.py'\n"
    )

    failed = concrete("run", "loud.toml", code=4)

    told = next(line for line in failed.stderr.splitlines() if line.startswith("  | "))
    assert "\x1b" not in failed.stderr
    assert told.startswith("  | red �[2J�   tab ééé")
    assert told.endswith("é... (3016 characters)")
    assert len(told) < 500
    assert rb"\x1b[31m".decode("unicode_escape") in concrete("logs").stdout


def test_a_home_that_is_removed_during_a_run_is_no_bug(tmp_path, concrete):
    (tmp_path / "rude.py").write_text(
        "import shutil\nshutil.rmtree('PLACE')\n".replace("PLACE", str(tmp_path / ".concrete"))
    )
    (tmp_path / "rude.toml").write_text(
        "[experiment]\nname = 'rude'\n[pipeline.steps.rude]\nscript = 'rude.py'\n"
    )

    lost = concrete("run", "rude.toml", code=5)

    assert "its folder was removed while it went on; start it again" in lost.stderr
