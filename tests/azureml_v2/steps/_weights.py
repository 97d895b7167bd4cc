"""Reads a bundle."""

from pathlib import Path


def load(folder: Path) -> float:
    return float((folder / "weight.txt").read_text())
