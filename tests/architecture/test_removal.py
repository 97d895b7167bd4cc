"""A cloud is removed by deleting its folders and two lines; all else goes on as before."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGES = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-dir"]
FOLDERS = {
    "azureml": ("backends/azureml", "emulators/azureml_v1"),
    "azureml-v2": ("backends/azureml_v2", "emulators/azureml_v2"),
}
LINES = 2  # where the backend is, what to install for it
# The checkout, which is installed in place, must not stand in for what was deleted.
ALONE = (
    "import sys\n"
    "sys.meta_path = [one for one in sys.meta_path if 'editable' not in str(one)]\n"
    "import concrete_cli\n"
    "from concrete_cli.cli.app import run\n"
)
EVERYTHING = (
    "import importlib, pkgutil\n"
    "for one in pkgutil.walk_packages(concrete_cli.__path__, 'concrete_cli.'):\n"
    "    if 'azureml' not in one.name and 'steps' not in one.name and '__main__' not in one.name:\n"
    "        importlib.import_module(one.name)\n"
)


@pytest.fixture(scope="module", params=FOLDERS)
def without(request, tmp_path_factory):
    """Copy the package as it is installed, without one of the clouds."""
    site = tmp_path_factory.mktemp("site")
    for package, folder in PACKAGES.items():
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, site / package.replace(".", "/"), ignore=ignore)
    package = site / "concrete_cli"
    for folder in FOLDERS[request.param]:
        shutil.rmtree(package / folder)
    removed = 0
    for file in package.glob("**/*.py"):
        lines = file.read_text().splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith(f'    "{request.param}": ')]
        removed += len(lines) - len(kept)
        file.write_text("".join(kept))
    assert removed == LINES

    def run(code):
        done = subprocess.run(
            [sys.executable, "-P", "-c", ALONE + code],
            cwd=site,
            env={"PYTHONPATH": str(site), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert str(ROOT / "backends") not in done.stderr
        return done

    return request.param, run


def test_the_rest_imports_and_commands_go_on(without):
    name, run = without
    done = run(
        f"{EVERYTHING}assert run(['--help']) == 0\n"
        "assert run(['check', 'concrete_cli/configs/quick.toml']) == 0\n"
        "assert run(['plan', 'concrete_cli/configs/quick.toml']) == 0\n"
        "assert run(['doctor', '--json']) == 0\n"
    )
    assert done.returncode == 0, done.stderr
    assert f'"{name}":' not in done.stdout
    assert '"azureml' in done.stdout  # the other one is still there


def test_the_name_is_not_known_any_more(without):
    name, run = without
    done = run(
        f"sys.exit(run(['check', 'concrete_cli/configs/quick.toml', '--backend', '{name}']))"
    )
    assert done.returncode == 5, done.stderr
    assert f"no backend called '{name}'" in done.stderr
