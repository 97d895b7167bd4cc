"""What the toy steps share."""

import json
from pathlib import Path


def write(folder: Path, metrics: dict[str, float]) -> None:
    (folder / "metrics.json").write_text(json.dumps(metrics, sort_keys=True))
