"""schemathesis, which makes requests of the OpenAPI document, finds nothing."""

import subprocess
import sys
from importlib.util import find_spec

import pytest


@pytest.mark.skipif(not find_spec("schemathesis"), reason="schemathesis is not installed")
def test_schemathesis_finds_nothing(client, tmp_path):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run"),
            f"http://{client.host}:{client.port}/openapi.json",
            *("--header", f"Authorization: Bearer {client.key}"),
            *("--max-examples", "20", "--seed", "1", "--no-color", "--workers", "1"),
        ],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout[-3000:][:3000]
    assert "No issues found" in done.stdout
