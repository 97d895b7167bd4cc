"""A model behind HTTP, served by the real Azure ML inference server."""

import importlib.util
import json
import ssl
import urllib.error
import urllib.request

import pytest

from concrete_cli.errors import ConcreteError, NotFound, UsageError
from toys_v2 import STEPS

SCORE = STEPS / "serve.py"
pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("azureml_inference_server_http") is None,
    reason="azureml-inference-server-http is not installed",
)


@pytest.fixture
def bundle(tmp_path):
    def make(weight):
        folder = tmp_path / f"bundle-{weight}"
        folder.mkdir()
        (folder / "weight.txt").write_text(str(weight))
        return folder

    return make


def test_a_bundle_is_served_replaced_and_removed(backend, emulator, bundle):
    endpoints = backend.endpoints
    url = endpoints.deploy(bundle(2), "doubling", SCORE, {"instance_count": 1})

    assert endpoints.invoke("doubling", {"numbers": [1, 2.5]}) == {"predictions": [2, 5]}
    assert "weight 2.0" in endpoints.logs("doubling")
    assert [(one.name, one.url) for one in endpoints.list()] == [("doubling", url)]

    assert endpoints.deploy(bundle(3), "doubling", SCORE, {}) == url
    assert endpoints.invoke("doubling", {"numbers": [1]}) == {"predictions": [3]}
    assert [name for name in emulator.cloud.services if "/" in name] == ["doubling/green"]
    assert endpoints.model("doubling") == "doubling:2"
    by_key(emulator, url, endpoints.keys("doubling"))

    with pytest.raises(ConcreteError, match="the model cannot be loaded"):
        endpoints.deploy(bundle(4), "doubling", SCORE, {"variables": {"BROKEN": "1"}})
    # the broken one got no traffic
    assert endpoints.invoke("doubling", {"numbers": [1]}) == {"predictions": [3]}

    endpoints.remove("doubling")
    assert endpoints.list() == []
    with pytest.raises(NotFound):
        endpoints.remove("doubling")


def by_key(emulator, url, keys):
    """The address answers who has a key, and nobody else."""
    trust = ssl.create_default_context(cafile=str(emulator.certificate))

    def ask(key):
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        request = urllib.request.Request(url, b'{"numbers": [5]}', headers)
        with urllib.request.urlopen(request, context=trust, timeout=30) as answer:
            return json.load(answer)

    assert ask(keys[1]) == {"predictions": [15]}
    with pytest.raises(urllib.error.HTTPError, match="401"):
        ask("guessed")


def test_an_option_that_nobody_knows_is_refused(backend, bundle):
    with pytest.raises(UsageError, match="no 'cores'"):
        backend.endpoints.deploy(bundle(1), "never", SCORE, {"cores": 3})


def test_an_unknown_endpoint_is_not_found(backend):
    with pytest.raises(NotFound, match="find the endpoint nobody"):
        backend.endpoints.logs("nobody")
