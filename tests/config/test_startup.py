from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from concrete_cli import payload
from concrete_cli.errors import NotFound
from config_examples import FULL

HEAVY = ("numpy", "pandas", "pyarrow", "sklearn", "xgboost", "lightgbm", "rich", "typer")
LATER = ("tree_sitter", "tomli_w", "concrete_cli.config.outline")
CODE = "import sys, json; from concrete_cli.config import load; load(sys.argv[1]); "


def loaded(path):
    code = f"{CODE}print(json.dumps(sorted(sys.modules)))"
    command = [sys.executable, "-c", code, str(path)]
    environment = {**os.environ, "PYTHONPATH": str(payload.HERE.parent)}
    return json.loads(
        subprocess.run(command, env=environment, capture_output=True, check=True).stdout
    )


def test_reading_an_experiment_imports_nothing_heavy(write):
    modules = loaded(write(FULL))
    assert not {*HEAVY, *LATER} & set(modules)


def test_the_payload_is_where_the_code_is():
    assert payload.script("train.py").is_file()
    before = list(sys.path)
    assert payload.module("_families").FAMILIES
    assert sys.path == before
    with pytest.raises(NotFound, match=r"no step script called 'trian\.py'") as caught:
        payload.script("trian.py")
    assert "'train.py'" in caught.value.help
