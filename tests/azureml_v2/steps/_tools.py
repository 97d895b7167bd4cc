"""What power.py and best.py share."""

import json
from pathlib import Path


def write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, sort_keys=True))
