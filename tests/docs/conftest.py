"""What the tests of the documentation need."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def shell():
    """Run a line in a shell as a reader would; the exit code has to be `code`."""
    binaries = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": os.pathsep.join([binaries, os.environ["PATH"]])}

    def run(line, cwd, code=0):
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, f"$ {line}\n{done.stdout}{done.stderr}"
        return done.stdout

    return run
