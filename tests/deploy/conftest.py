"""One model and one bundle for all tests here; endpoints that are gone when a test ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from concrete_cli.backends.local.endpoints import Endpoints

import served
from concrete_cli import home


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """The folder of a model with numbers, text, booleans and gaps."""
    return served.model(tmp_path_factory.mktemp("model") / "model")


@pytest.fixture(scope="session")
def bundle(model, tmp_path_factory):
    return served.pack(model, tmp_path_factory.mktemp("bundle") / "bundle")


@pytest.fixture(scope="session")
def other(tmp_path_factory):
    """The bundle of another model, `mix:2`."""
    folder = tmp_path_factory.mktemp("other")
    return served.pack(served.model(folder / "model", "linear"), folder / "bundle", "mix:2")


@pytest.fixture(scope="session")
def about(bundle):
    """What bundle.json says."""
    return json.loads((bundle / "bundle.json").read_text())


@pytest.fixture(scope="session")
def sample(about):
    """A row that the model knows, and its answer."""
    return about["sample"]["request"]["data"][0]


class Deployed:
    """Endpoints in a home of their own."""

    def __init__(self, folder: Path, bundle: Path) -> None:
        self.home = home.prepare(folder)
        self.endpoints = Endpoints(self.home)
        self.bundle = bundle

    def __call__(self, name: str = "mix", bundle: Path | None = None, **settings) -> served.Client:
        """Deploy; return a client that has the key."""
        found = self.endpoints.deploy(bundle or self.bundle, name, {"workers": 1, **settings})
        return self.client(found)

    def client(self, found) -> served.Client:
        return served.Client(found["url"], Path(found["key_file"]).read_text().strip())

    def events(self, name: str = "mix") -> list[dict]:
        return [json.loads(line) for line in self.endpoints.logs(name)]

    def close(self) -> None:
        for one in self.endpoints.list():
            self.endpoints.stop(one["endpoint"])


@pytest.fixture
def deploy(tmp_path, bundle):
    deployed = Deployed(tmp_path / "deployed", bundle)
    yield deployed
    deployed.close()


@pytest.fixture(scope="module")
def of_module(tmp_path_factory, bundle):
    """Deploy endpoints that are gone when all tests of a module have ended."""
    deployed = Deployed(tmp_path_factory.mktemp("deployed"), bundle)
    yield deployed
    deployed.close()


@pytest.fixture(scope="module")
def shared(of_module):
    """An endpoint for tests that leave it as it was, with limits that they reach soon."""
    settings = {"workers": 2, "read_timeout": 1.0, "max_bytes": 200_000, "max_rows": 500}
    of_module.asked = of_module("mix", **settings)
    return of_module


@pytest.fixture
def client(shared):
    return shared.asked
