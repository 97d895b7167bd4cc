"""What finetune adds to the summary of a run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from concrete_cli.view import style
from concrete_cli.view.scores import score


def lines(found: dict[str, Any]) -> Iterator[str]:
    """Yield lines on tuning, gates and registration, as far as there is something to say."""
    if tuning := found.get("tuning"):
        first, *others = _tuning(tuning)
        yield f"tuning    {first}"
        yield from (f"          {other}" for other in others)
    for gate in found.get("gates") or ():
        sign = style.mark("done" if gate["met"] else "failed")
        value = "unknown" if gate["value"] is None else f"{gate['value']:.4g}"
        yield f"gate      {sign} {gate['metric']} {value}, wanted {gate['rule']}"
        if gate.get("note"):
            yield f"            {gate['note']}"
    if version := found.get("registered"):
        name = style.paint(f"{version['name']}:{version['version']}", "bold")
        yield f"registered {name}"


def _tuning(tuning: dict[str, Any]) -> list[str]:
    gain, spread = tuning["gain"], tuning["gain_se"]
    scale = None if tuning["metric"] == "r2" else tuning["untuned"]
    said = f"gain {score(gain, scale)}"
    said += "" if spread is None else f" ± {score(spread, scale)}"
    count = f"{tuning['trials']} trials in {style.seconds(tuning['seconds'])}"
    if tuning["kept"] == "tuned":
        before, after = (score(tuning[key], scale) for key in ("untuned", "best"))
        scores = f"{tuning['metric']} {before} → {after}"
        return [f"{scores}, {said}", f"{count}: the tuned model is kept"]
    verdict = "not more than its standard error, the untuned model is kept"
    return [f"{said}, {count}", verdict]
