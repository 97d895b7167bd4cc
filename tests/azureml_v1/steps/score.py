"""The entry script of an endpoint."""

import json
import os
from pathlib import Path

import _tools  # noqa: F401  a sibling travels along

MODEL = {}


def init():
    (file,) = Path(os.environ["AZUREML_MODEL_DIR"]).rglob("factor.json")
    MODEL["factor"] = json.loads(file.read_text())
    print("the model is loaded")


def run(data):
    return json.dumps([MODEL["factor"] * number for number in json.loads(data)["numbers"]])
