"""The helper that tries a script again, run as it is run in the cloud: from its own file."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from concrete_cli.backends.azureml_v2 import attempt

HELPER = Path(attempt.__file__)
SCRIPT = """
import sys, time
from pathlib import Path
out = Path(sys.argv[1])
seen = sorted(path.name for path in out.iterdir())
tries = Path("tries"); count = len(tries.read_text()) if tries.exists() else 0
tries.write_text("x" * (count + 1))
(out / "half").mkdir(); (out / "half" / "file").write_text("half")
print("saw", seen, flush=True)
if sys.argv[2] == "hang": time.sleep(60)
sys.exit(0 if count == 1 and sys.argv[2] == "twice" else int(sys.argv[2].replace("twice", "1")))
"""


@pytest.fixture
def helper(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "out").mkdir()

    def act(how, *options):
        command = [sys.executable, str(HELPER), *options, "--empty", "out", "--"]
        return subprocess.run(
            [*command, "script.py", "out", how],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    return act


def test_the_second_try_succeeds_and_sees_an_empty_output(helper):
    done = helper("twice", "--retries", "3")
    assert done.returncode == 0
    assert done.stdout == "saw []\nsaw []\n"
    assert done.stderr == "try 1 ended with 1; trying again\n"


def test_the_last_exit_code_is_told(helper, tmp_path):
    assert helper("3", "--retries", "2").returncode == 3
    assert (tmp_path / "tries").read_text() == "xxx"


def test_each_try_has_its_own_time(helper, tmp_path):
    began = time.monotonic()
    done = helper("hang", "--retries", "1", "--timeout", "0.7")
    assert done.returncode == attempt.TIMED_OUT
    assert done.stderr.splitlines()[0] == "ran longer than 0.7 s"
    assert (tmp_path / "tries").read_text() == "xx"
    assert time.monotonic() - began < 20


def test_words_after_the_script_are_its_own(tmp_path):
    (tmp_path / "echo.py").write_text("import sys; print(sys.argv[1:])")
    words = ["--retries", "9", "--", "--timeout=1"]
    done = subprocess.run(
        [sys.executable, str(HELPER), "--", "echo.py", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{words}\n"
