"""Who may import whom: DESIGN in a table, held by walking every import."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STDLIB = sys.stdlib_module_names
HEAVY = (
    "azure",
    "azureml",
    "fastapi",
    "lightgbm",
    "matplotlib",
    "mlflow",
    "numpy",
    "optuna",
    "pandas",
    "pyarrow",
    "scipy",
    "skops",
    "sklearn",
    "starlette",
    "uvicorn",
    "xgboost",
)
# The pure core: the standard library and each other.
CORE = {
    "__init__",
    "backend",
    "cache",
    "code",
    "counts",
    "destinations",
    "detached",
    "digest",
    "disk",
    "documents",
    "durations",
    "errors",
    "formats",
    "home",
    "installed",
    "interpreter",
    "journal",
    "leftovers",
    "lines",
    "locks",
    "memory",
    "names",
    "payload",
    "permissions",
    "plan",
    "plan_json",
    "planned",
    "processors",
    "registry",
    "runs",
    "shape",
    "sources",
    "syncing",
    "syspath",
}


def imports(path):
    """Yield the dotted name of each module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def files(*parts):
    found = sorted(ROOT.joinpath(*parts).rglob("*.py"))
    assert found
    return found


def core_name(module):
    """Return the first name below concrete_cli, or nothing for what is elsewhere."""
    package, _, rest = module.partition(".")
    return rest.partition(".")[0] if package == "concrete_cli" else ""


def dotted(path):
    """Return the name under which a file is imported."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def offences(paths, forbidden):
    return [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in paths
        for name in imports(path)
        if forbidden(name)
    ]


def test_steps_know_nothing_of_concrete():
    below = ("concrete_cli", "backends")
    assert not offences(files("steps"), lambda name: name.partition(".")[0] in below)


def test_the_core_needs_the_standard_library_and_itself():
    def forbidden(name):
        top = name.partition(".")[0]
        if top == "concrete_cli":
            module = ROOT / "concrete_cli" / f"{core_name(name)}.py"
            folder = ROOT / "concrete_cli" / core_name(name)
            return (module.is_file() or folder.is_dir()) and core_name(name) not in {"", *CORE}
        return top not in STDLIB

    core = [path for path in files("concrete_cli") if core_name(dotted(path)) in CORE]
    assert not offences(core, forbidden)


def test_pydantic_stays_in_config():
    elsewhere = [path for path in files("concrete_cli") if "config" not in path.parts]
    assert not offences(elsewhere + files("backends"), lambda name: name.startswith("pydantic"))


def test_workflows_read_experiments_and_make_plans():
    allowed = CORE | {"config", "workflows"}
    assert not offences(
        files("concrete_cli", "workflows"),
        lambda name: core_name(name) != "" and core_name(name) not in allowed,
    )


@pytest.mark.parametrize("above", ["cli", "config", "execute", "results", "view", "workflows"])
def test_backends_stand_on_the_core(above):
    assert not offences(files("backends"), lambda name: core_name(name) == above)


def test_nobody_imports_a_backend_by_name():
    assert not offences(
        files("concrete_cli"), lambda name: core_name(name) in ("backends", "emulators")
    )


def test_the_command_itself_imports_nothing_heavy():
    assert not offences(files("concrete_cli"), lambda name: name.partition(".")[0] in HEAVY)


@pytest.mark.parametrize("argv", [["--help"], ["train", "--help"], ["doctor", "--json"]])
def test_commands_start_without_heavy_modules(argv, tmp_path):
    script = (
        "import sys; from concrete_cli.cli.app import run; code = run(sys.argv[1:]);"
        "sys.stderr.write(' '.join(sorted({name.partition('.')[0] for name in sys.modules})));"
        "sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *argv],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not set(HEAVY) & set(done.stderr.split())


def test_each_module_of_the_command_line_adds_the_commands_that_the_table_names():
    from typer import Typer
    from typer.main import get_group

    from concrete_cli.cli import app

    for name, commands in app.COMMANDS.items():
        if name != "carry":  # adds to the group of `models`
            alone = Typer()
            alone.callback()(lambda: None)
            importlib.import_module(f"concrete_cli.cli.{name}").register(alone)
            assert set(get_group(alone).commands) == {*commands}
