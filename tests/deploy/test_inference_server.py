"""The same score.py under Azure ML's own inference server.

That server pins pydantic and OpenTelemetry, so it lives in an environment of its own, made by
`python benchmarks/serving.py --make azureml`, or wherever CONCRETE_INFERENCE_SERVER says.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

import served

HERE = Path(__file__).parents[2] / "build" / "peers" / "azureml" / "bin" / "azmlinfsrv"
SERVER = Path(os.environ.get("CONCRETE_INFERENCE_SERVER") or HERE)
pytestmark = pytest.mark.skipif(not SERVER.is_file(), reason=f"there is no {SERVER}")


@pytest.fixture(scope="module")
def azure(bundle, tmp_path_factory):
    """A client of the real server on the bundle; Azure puts a model into a folder of its own."""
    folder = tmp_path_factory.mktemp("azure")
    shutil.copytree(bundle, folder / "models" / "mix")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("PYTHON")
    }
    environment["AZUREML_MODEL_DIR"] = str(folder / "models")
    script = folder / "models" / "mix" / "code" / "score.py"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [SERVER, "--entry_script", script, "--port", str(port)],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
        )
    client = served.Client(f"http://127.0.0.1:{port}", "")
    try:
        end = time.monotonic() + 60
        while time.monotonic() < end and process.poll() is None:
            with contextlib.suppress(OSError):
                if client.ask("GET", "/").text == "Healthy":
                    break
            time.sleep(0.2)
        else:
            raise AssertionError((folder / "log").read_text())
        yield client
    finally:
        process.terminate()
        process.wait(20)


def test_the_answers_are_the_same(azure, client, about, sample):
    requests = [
        about["sample"]["request"],
        {"data": [sample | {"age": 900, "water": None}]},
        {"data": [sample] * 100},
        {"dataframe_split": {"columns": [*sample], "data": [[*sample.values()]] * 3}},
        {name: [value] for name, value in sample.items()},
    ]
    for request in requests:
        body = json.dumps(request)
        theirs = azure.ask("POST", "/score", body)
        assert theirs.status == 200
        assert theirs.json() == client.ask("POST", "/score", body).json()


BODIES = ["{", '{"data": [{"age": NaN}]}', '{"data": []}', "[" * 5000, "age,wet", '{"age": 1}']


@pytest.mark.parametrize("body", [*BODIES, '{"data": 1, "data": 2}'])
def test_bad_requests_are_refused_there_too(azure, client, body):
    theirs, ours = (one.ask("POST", "/score", body) for one in (azure, client))
    assert (theirs.status, ours.status) == (422, 422)
    assert theirs.json()["error"] == ours.json()["error"]
