"""Start a step's script on Databricks, which passes data and secrets as arguments of its own.

`SCRIPT [WORD ...] [--NAME PATH ...] [--AZUREML_X VALUE ...]`: the words are the step's own
arguments, where `<NAME>` stands for the path that comes later as `--NAME PATH`; what starts with
AZUREML_ becomes an environment variable. Standard library only: this file travels.
"""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path


def arguments(given: list[str]) -> list[str]:
    """Return the step's own arguments, with paths in place of names."""
    words, paths = list(given), {}
    wanted = {word[1:-1] for word in given if word.startswith("<") and word.endswith(">")}
    while len(words) > 1 and words[-2].startswith("--"):
        name = words[-2][2:]
        if name.startswith("AZUREML_"):
            os.environ[name] = words[-1]
        elif name in wanted:
            paths[name] = words[-1].replace("dbfs:/", "/dbfs/")
        else:
            break
        del words[-2:]
    return [paths.get(word[1:-1], word) for word in words]


if __name__ == "__main__":
    script = Path(__file__).with_name(sys.argv[1])
    sys.argv = [str(script), *arguments(sys.argv[2:])]
    runpy.run_path(str(script), run_name="__main__")
