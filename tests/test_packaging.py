"""What is built, and what is installed from the locks."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import concrete_cli

ROOT = Path(__file__).parent.parent
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETUPTOOLS = SETTINGS["tool"]["setuptools"]
FOLDERS = SETUPTOOLS["package-dir"]  # package -> folder


def shipped():
    """Path in the wheel -> file in the checkout, for everything that should be shipped."""
    files = {}
    for package, folder in FOLDERS.items():
        for path in (ROOT / folder).rglob("*"):
            inner = path.relative_to(ROOT / folder)
            hidden = any(part.startswith((".", "__pycache__")) for part in inner.parts)
            if path.is_file() and not hidden:
                files[Path(*package.split("."), inner).as_posix()] = path
    return files


def copy_of_checkout(into):
    """Setuptools leaves things beside what it builds, and takes up what it finds there."""
    names = ["pyproject.toml", "LICENSE", *(["README.md"] if (ROOT / "README.md").exists() else [])]
    for name in [*names, *FOLDERS.values()]:
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            left_out = shutil.ignore_patterns(".*", "__pycache__")
            shutil.copytree(ROOT / name, into / name, ignore=left_out)
        else:
            shutil.copy(ROOT / name, into / name)
    return into


def build(kind, where):
    code = f"import setuptools.build_meta as b; print(b.build_{kind}('out'))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=where, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return where / "out" / done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of the sdist of the checkout: the longest way round."""
    sdist = build("sdist", copy_of_checkout(tmp_path_factory.mktemp("checkout")))
    shutil.unpack_archive(sdist, sdist.parent, filter="data")
    return build("wheel", sdist.parent / sdist.name.removesuffix(".tar.gz"))


@pytest.fixture(scope="module")
def site(wheel, tmp_path_factory):
    """A folder that holds what `pip install` puts into site-packages, and nothing else."""
    site = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    return site


def test_no_package_folder_is_forgotten():
    packages = {".".join(Path(name).parent.parts) for name in shipped()}
    assert packages <= set(SETUPTOOLS["packages"]), "name it in pyproject.toml, tool.setuptools"


def test_wheel_holds_every_file_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    info = f"concrete_cli-{concrete_cli.__version__}.dist-info/"
    assert {name for name in names if not name.startswith(info)} == set(shipped())
    assert f"{info}licenses/LICENSE" in names


def test_payload_has_no_init():
    for payload in ("steps", "configs", "data"):
        assert f"concrete_cli/{payload}/__init__.py" not in shipped()


def test_installed_package_stands_alone(site, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(site))
    code = (
        "import concrete_cli, concrete_cli.backends as b; print(concrete_cli.__file__, b.__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    package = site / "concrete_cli"
    assert done.stdout.split() == [
        str(package / "__init__.py"),
        str(package / "backends" / "__init__.py"),
    ]


def test_installed_command_runs_from_any_folder(site, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(site))
    command = [sys.executable, "-m", "concrete_cli", "--version"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert concrete_cli.__version__ in done.stdout


def test_version_has_one_source(concrete):
    assert version("concrete-cli") == concrete_cli.__version__
    assert concrete_cli.__version__ in concrete("--version").stdout


def locked(name):
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return {line.split("==")[0]: Requirement(line) for line in lines}


LOCKS = ("requirements.lock", "requirements-dev.lock")


@pytest.mark.parametrize("name", sorted(path.name for path in ROOT.glob("*.lock")))
def test_lock_lines_are_names_and_versions(name):
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        assert re.fullmatch(r"[a-z0-9-]+==[a-z0-9.]+( ; [a-z_'=!<>. 0-9A-Z()]+)?", line)


def test_locks_agree():
    base, dev = map(locked, LOCKS)
    assert base.items() <= dev.items()


@pytest.mark.parametrize(("name", "extra"), [(LOCKS[0], ""), (LOCKS[1], "dev")])
def test_lock_meets_pyproject(name, extra):
    project = SETTINGS["project"]
    wanted = project["dependencies"] + project["optional-dependencies"].get(extra, [])
    pins = locked(name)
    for line in wanted:
        requirement = Requirement(line)
        assert requirement.specifier, f"{line} has no floor"
        pin = pins[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(next(iter(pin.specifier)).version), line


def test_locked_versions_are_installed():
    pins = locked("requirements.lock")
    here = [pin for pin in pins.values() if not pin.marker or pin.marker.evaluate()]
    wanted = {pin.name: next(iter(pin.specifier)).version for pin in here}
    assert {name: version(name) for name in wanted} == wanted, "run `make test`"


def test_python_floor_is_the_oldest_tested():
    floor = SETTINGS["project"]["requires-python"]
    assert floor == f">={SETTINGS['tool']['mypy']['python_version']}"
    assert default_environment()["python_full_version"] >= "3.11"
