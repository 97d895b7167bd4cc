"""Sentences and numbers of a report, as a person would say them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from concrete_cli.counts import counted
from concrete_cli.view import style

NONE = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
NOTHING = 1e-12
MANY = 1e6
MOST = 6  # decimals; a number that wants more is told as so many times a power of ten
BETTER = {"rmse": "lowest", "mae": "lowest", "r2": "highest"}


def num(value: Any, digits: int = 4) -> str:
    """Return a number with so many digits that count, a dash where there is none."""
    if value is None or isinstance(value, str):
        return str(value or NONE)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}".replace(",", "\N{THIN SPACE}") if abs(value) >= 10_000 else str(value)
    if abs(value) < NOTHING:
        return "0"
    text = f"{value:.{digits}g}"
    if "e" not in text and abs(value) < MANY:
        text = f"{float(text):.{max(0, digits - _whole(value))}f}"
    return text.replace("-", MINUS) if text.startswith("-") else text


def places(value: float | None, digits: int = 4) -> int:
    """Return how many decimals show so many digits of a value; more in its column need not tell."""
    if not value or abs(value) < NOTHING:
        return digits - 1
    return max(0, digits - _whole(value))


def fixed(value: Any, decimals: int, sign: bool = False) -> str:  # noqa: FBT001, FBT002 - a filter
    """Return a number with so many decimals, as all of its column have them."""
    if value is None or abs(value) >= MANY:
        return num(value)
    form = "3e" if decimals > MOST else f"{decimals}f"
    text = f"{value:{'+' if sign else ''}.{form}}"
    if not float(text):
        text = text.replace("-", "").replace("+", "")
    return text.replace("-", MINUS)


def plain(value: Any, digits: int = 6) -> str:
    """Return a number without zeros that tell nothing, a dash where there is none."""
    if value is None:
        return NONE
    text = str(value) if isinstance(value, int) else f"{value:.{digits}g}"
    return text.replace("-", MINUS)


def short(value: Any) -> str:
    """Return a number with four digits that count, or more where more stand before the point."""
    return plain(round(value) if value is not None and 1000 <= abs(value) < MANY else value, 4)


def given(value: Any, most: int = 160) -> str:
    """Return a parameter as an experiment has it."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= most else f"{text[:most]}\N{HORIZONTAL ELLIPSIS}"


def percent(value: Any, digits: int = 0) -> str:
    """Return a share in percent."""
    return NONE if value is None else f"{value:.{digits}%}".replace("%", "\N{THIN SPACE}%")


def date(text: str) -> str:
    """Return a date and a time of day from ISO 8601."""
    try:
        return datetime.fromisoformat(text).strftime("%d %B %Y, %H:%M").lstrip("0")
    except ValueError:
        return text


def why_selected(found: Mapping[str, Any]) -> str:
    """Say by what the chosen candidate was chosen, and how clear that is."""
    selected, metric, unit = found["selected"], found["metric"], found["unit"]
    if not selected:
        return ""
    done = [one for one in found["leaderboard"] if one["status"] == "done"]
    cv = selected["cv"]
    said = (
        f"{selected['candidate']} was chosen because its mean {metric} over the cross-validation"
        f" folds is the {BETTER[metric]} of {counted(len(done), 'candidate')}:"
        f" {_with(num(cv[metric]), metric, unit)}, standard error {num(cv['se'], 2)}."
    )
    others = [one for one in done if one["candidate"] != selected["candidate"]]
    if others:
        said += " " + _runner_up(others[0])
    return f"{said} The test rows had no say in it."


def why_kept(tuning: Mapping[str, Any], unit: str) -> str:
    """Say what the search came to, and which model was kept for it."""
    metric = tuning["metric"]
    gain = _with(num(abs(tuning["gain"]), 3), metric, unit)
    early = f", {tuning['stopped']} of them given up early" if tuning.get("stopped") else ""
    tried = f"{counted(tuning['trials'], 'configuration')} of {tuning['candidate']} were tried in"
    tried += f" {style.seconds(tuning['seconds'])}{early}."
    worse = tuning["gain"] < 0
    fact = f"Over the paired folds the best is {gain} {'worse' if worse else 'better'} than the"
    fact += f" untuned model, with a standard error of {num(tuning['gain_se'], 2)}"
    if tuning["kept"] == "tuned":
        return f"{tried} {fact}: the tuned model was kept."
    unsure = "" if worse else ": too little to be sure"
    return f"{tried} {fact}{unsure}, so the untuned model stays."


def _runner_up(other: Mapping[str, Any]) -> str:
    gap = other["difference"]
    if not gap or gap["se"] is None:
        return ""
    distance = f"{num(abs(gap['mean']), 3)} \N{PLUS-MINUS SIGN} {num(gap['se'], 2)}"
    clear = "" if abs(gap["mean"]) > 2 * gap["se"] else ", which is no clear difference"
    return f"Next comes {other['candidate']}, {distance} behind{clear}."


def _with(text: str, metric: str, unit: str) -> str:
    return f"{text} {unit}" if unit and metric != "r2" else text


def _whole(value: float) -> int:
    """Return how many digits stand before the point; a zero is none."""
    whole = int(abs(value))
    if whole:
        return len(str(whole))
    place = 0
    while value and abs(value) * 10 ** (place + 1) < 1:
        place += 1
    return -place
