"""Two registries, a version in the first one, and that as a zip file."""

import pytest

from archives import RIDGE, publish, skops
from concrete_cli import home
from concrete_cli.registry.archive import export
from concrete_cli.registry.models import Models


@pytest.fixture
def models(tmp_path):
    return Models(home.prepare(tmp_path / "home"))


@pytest.fixture
def elsewhere(tmp_path):
    return Models(home.prepare(tmp_path / "elsewhere"))


@pytest.fixture
def version(models, tmp_path):
    return publish(models, tmp_path / "bundle", skops(RIDGE))


@pytest.fixture
def file(version, tmp_path):
    path = tmp_path / "model.zip"
    export(version, path)
    return path
