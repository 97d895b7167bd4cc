"""Behave otherwise in the cloud than here."""

import argparse
import json
import os
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--said", type=Path)
args = parser.parse_args()
cloud = "AZUREML_RUN_ID" in os.environ
(args.said / "where.json").write_text(json.dumps({"cloud": cloud, "took_seconds": os.getpid()}))
