"""What a version stands for, and what counts by its content: real editable installs, real paths."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ASK = """
import json, sys
from concrete_cli import code, installed
from pathlib import Path
names = sys.argv[2:]
found = {name: installed.origin(name) for name in names}
files = code.closure(Path(sys.argv[1]), named=names)
print(json.dumps({
    "own": {name: [str(path) for path in origin.own] for name, origin in found.items()},
    "files": {name: str(path) for name, path in files.items()},
    "versions": code.versions(code.libraries(files, names)),
}))
"""
LAYOUTS = {"flat": "lab_flat", "src": "src/lab_src", "single": "src/lab_single.py"}


def project(folder, layout):
    """Make an editable wheel of a project, as `pip install -e` does, and unpack it into `site`."""
    module = folder / layout / LAYOUTS[layout]
    if module.suffix:
        module.parent.mkdir(parents=True)
        module.write_text("X = 1\n")
        where = f'[tool.setuptools]\npy-modules = ["{module.stem}"]\npackage-dir = {{"" = "src"}}\n'
    else:
        module.mkdir(parents=True)
        (module / "__init__.py").write_text("from . import part\n")
        (module / "part.py").write_text("X = 1\n")
        (module / "__pycache__").mkdir()
        (module / "__pycache__" / "part.py").write_text("")
        where = f'[tool.setuptools]\npackages = ["{module.name}"]\n'
        where += 'package-dir = {"" = "src"}\n' if layout == "src" else ""
    (folder / layout / "pyproject.toml").write_text(
        f'[project]\nname = "lab-{layout}"\nversion = "0.1"\n{where}'
    )
    build = "import setuptools.build_meta as b, sys; b.build_editable(sys.argv[1])"
    wheels = folder / "wheels"
    wheels.mkdir(exist_ok=True)
    subprocess.run(
        [sys.executable, "-c", build, str(wheels)],
        cwd=folder / layout,
        check=True,
        capture_output=True,
    )
    with zipfile.ZipFile(next(wheels.glob(f"lab_{layout}*.whl"))) as wheel:
        wheel.extractall(folder / "site-packages")
    return module


@pytest.fixture(scope="module")
def answer(tmp_path_factory):
    """Everything side by side in one interpreter: what it says of all, and where it is."""
    folder = tmp_path_factory.mktemp("installed")
    site, lib = folder / "site-packages", folder / "lib"
    for path in (lib, site / "copied", site / "shared", lib / "shared", site / "alone"):
        path.mkdir(parents=True)
    modules = {name: project(folder, name) for name in LAYOUTS}
    for path in ("site-packages/copied/__init__.py", "lib/labtools.py", "lib/this.py"):
        (folder / path).write_text("")
    (lib / "numpy").mkdir()
    (lib / "numpy" / "__init__.py").write_text("")
    (site / "alone" / "__init__.py").write_text("")
    wheel = site / "alone-1.5.dist-info"
    wheel.mkdir()
    (wheel / "METADATA").write_text("Metadata-Version: 2.1\nName: alone\nVersion: 1.5\n")
    for place in (site, lib):
        (place / "shared" / f"of_{place.name[:3]}.py").write_text("")
    with zipfile.ZipFile(lib / "packed.zip", "w") as archive:
        archive.writestr("zipped/__init__.py", "")
    (lib / "sitecustomize.py").write_text(f"import site; site.addsitedir({str(site)!r})\n")
    script = folder / "main.py"
    script.write_text("import labtools, json\n")
    names = "numpy this labtools lab_flat lab_src lab_single copied shared alone zipped sklearn"
    env = {name: os.environ[name] for name in ("PATH", "HOME")}
    env["PYTHONPATH"] = os.pathsep.join([str(lib), str(lib / "packed.zip")])
    done = subprocess.run(
        [sys.executable, "-c", ASK, str(script), *names.split(), "nothing"],
        env=env,
        cwd=site,
        check=True,
        capture_output=True,
        text=True,
    )
    return folder, modules, json.loads(done.stdout)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_editable_install_counts_by_its_content(answer, layout):
    _, modules, found = answer
    module = modules[layout]

    assert found["own"][module.stem] == [str(module)]
    names = {path for path in found["files"] if path.startswith(module.stem)}
    expected = {f"{module.name}/{name}" for name in ("__init__.py", "part.py")}
    assert names == ({module.name} if module.suffix else expected), "no machine's path, no caches"
    assert module.stem not in found["versions"], "0.1 says nothing of what is in it"


def test_what_the_path_holds_goes_before_what_is_installed(answer):
    folder, _, found = answer

    for name, path in {
        "labtools": "lib/labtools.py",
        "numpy": "lib/numpy",
        "this": "lib/this.py",
        "zipped": "lib/packed.zip",
    }.items():
        assert found["own"][name] == [str(folder / path)]
    assert found["files"]["numpy/__init__.py"] == str(folder / "lib/numpy/__init__.py")
    assert found["files"]["packed.zip"] == str(folder / "lib/packed.zip")
    assert "numpy" not in found["versions"]


def test_a_folder_that_was_copied_into_site_packages_has_no_version(answer):
    folder, _, found = answer

    assert found["own"]["copied"] == [str(folder / "site-packages/copied")]
    assert {"shared/of_sit.py", "shared/of_lib.py"} <= found["files"].keys(), "a namespace"


def test_a_distribution_stands_for_its_modules(answer):
    _, _, found = answer

    assert [found["own"][name] for name in ("alone", "sklearn", "nothing")] == [[], [], []]
    assert found["versions"]["alone"] == "1.5"
    assert found["versions"]["nothing"] == "absent"
    assert found["versions"]["sklearn"][0].isdigit()


def test_the_folder_of_the_command_is_not_on_the_path_of_a_step(tmp_path):
    (tmp_path / "pandas.py").write_text("raise SystemExit('executed')")
    program = "from concrete_cli import installed; print(installed.origin('pandas').own)"
    (tmp_path / "ask.py").write_text(program)

    for words in (["-c", program], ["ask.py"], ["-m", "ask"]):
        done = subprocess.run(
            [sys.executable, *words], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        assert done.stdout == "()\n"


ADDED = {
    "sys.path.insert(0, str(Path(__file__).parent / 'lib'))": "lib",
    "sys.path.append(os.path.join(os.path.dirname(__file__), 'lib'))": "lib",
    "sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, 'up'))": (
        "../up"
    ),
    "HERE = Path(__file__).resolve().parent\nsys.path[:0] = [str(HERE.joinpath('lib', 'deep'))]": (
        "lib/deep"
    ),
    "sys.path.extend(['/opt/no', str(pathlib.Path(__file__).absolute().parents[1])])": "..",
    "sys.path = [os.path.dirname(__file__) + '/lib'] + sys.path": "lib",
    "sys.path += [os.path.realpath(os.path.dirname(__file__)) + '/lib']": "lib",
    "def f():\n    import site; site.addsitedir(Path(__file__).parent.as_posix() + '/lib')": "lib",
}


@pytest.mark.parametrize("text", ADDED)
def test_folders_that_a_script_adds_to_the_path(tmp_path, text):
    from concrete_cli import code

    place = tmp_path / "at" / ADDED[text]
    (tmp_path / "at").mkdir()
    place.mkdir(parents=True, exist_ok=True)
    (place / "labtools.py").write_text("import further")
    (place / "further.py").write_text("")
    script = tmp_path / "at" / "main.py"
    script.write_text(f"import os, sys, pathlib\nfrom pathlib import Path\n{text}\nimport labtools")

    found = code.closure(script)

    assert set(found) == {"main.py", "labtools.py", "further.py"}
    assert Path(found["labtools.py"]).samefile(place / "labtools.py")


@pytest.mark.parametrize(
    "text",
    [
        "sys.path.insert(0, os.environ['LIB'])",
        "sys.path.append('../lib')",
        "sys.path.append(a); a = b; b = a",
        "sys.path.append(Path(__file__).parents[99])",
        "sys.path.append(lib(1)(2)[3])",
        "sys.path.sort()",
        "x.path.append('/opt')",
    ],
)
def test_what_cannot_be_read_in_the_text_is_left_out(tmp_path, text):
    from concrete_cli import code

    (tmp_path / "main.py").write_text(f"import os, sys\n{text}\nimport labtools")

    assert set(code.closure(tmp_path / "main.py")) == {"main.py"}


@pytest.mark.parametrize(
    "text",
    [
        "importlib.import_module('a')",
        "import_module('a.b')",
        "__import__('a')",
        "runpy.run_module('a', run_name='__main__')",
    ],
)
def test_modules_that_are_imported_by_a_name_in_the_text(tmp_path, text):
    from concrete_cli import code

    (tmp_path / "a.py").write_text("")
    (tmp_path / "main.py").write_text(text)

    assert set(code.closure(tmp_path / "main.py")) == {"main.py", "a.py"}
