"""The emulator itself: it tells of what it cannot answer, and refuses who is not logged in."""

from __future__ import annotations

import pytest
import requests
from concrete_cli.emulators.azureml_v1 import Emulator, adapter
from concrete_cli.emulators.azureml_v1.blobs import path_of

API = "https://westeurope.api.azureml.ms"
STORE = "https://acct.blob.core.windows.net/cont"


@pytest.fixture
def other(tmp_path):
    """An emulator beside the one of the module, so that what it misses is seen here only."""
    with Emulator(tmp_path) as made:
        undo = adapter.install(made.address)
        yield made
        undo()


def test_what_has_no_route_fails_with_its_method_and_path(other):
    headers = {"Authorization": "Bearer x"}
    answer = requests.post(f"{API}/pipelines/v9/nothing?a=1", headers=headers, timeout=9)
    assert answer.status_code == 501
    with pytest.raises(AssertionError, match=r"POST westeurope\.api\.azureml\.ms/pipelines/v9/no"):
        other.check()


def test_services_want_a_login_and_blobs_a_range(other):
    assert requests.get(f"{API}/datastore/v1.0/x/default", timeout=9).status_code == 401
    assert requests.put(f"{STORE}/a/b.txt", b"0123456789", timeout=9).status_code == 201
    part = requests.get(f"{STORE}/a/b.txt", headers={"Range": "bytes=2-4"}, timeout=9)
    assert (part.status_code, part.content) == (206, b"234")
    assert part.headers["Content-Range"] == "bytes 2-4/10"
    assert requests.get(f"{STORE}/a/c.txt", timeout=9).status_code == 404
    other.check()


def test_faults_happen_as_often_as_they_were_ordered(other):
    other.faults.add("GET", "/discovery", status=503, times=2)
    found = [requests.get(f"{API}/discovery", timeout=9).status_code for _ in range(3)]
    assert found == [503, 503, 200]
    other.faults.add(".", "/discovery", drop=True)
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{API}/discovery", timeout=9)
    other.faults.add("GET", "/discovery", status=200, delay=5)
    with pytest.raises(requests.Timeout):
        requests.get(f"{API}/discovery", timeout=0.2)


def test_nothing_outside_the_store_has_a_name(other):
    with pytest.raises(ValueError, match="leaves the container"):
        path_of(other, "cont", "../../etc/passwd")
