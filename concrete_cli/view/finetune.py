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
    if (missing := found.get("unregistered")) and found.get("status") == "done":
        yield f"not registered: to register the model, add to {style.path(missing['file'])}"
        yield from (f"          {line}" for line in missing["add"])


def _tuning(tuning: dict[str, Any]) -> list[str]:
    gain, spread = tuning["gain"], tuning["gain_se"]
    scale = None if tuning["metric"] == "r2" else tuning["untuned"]
    said = f"gain {score(gain, scale)}"
    said += "" if spread is None else f" ± {score(spread, scale)}"
    count = f"{tuning['trials']} trials in {style.seconds(tuning['seconds'])}"
    if tuning["kept"] == "tuned":
        before, after = (score(tuning[key], scale) for key in ("untuned", "best"))
        scores = f"{tuning['metric']} {before} → {after}"
        return [f"{scores}, {said}", f"{count}: the tuned model is kept", *_measured(tuning, scale)]
    verdict = "not more than its standard error, the untuned model is kept"
    return [f"{said}, {count}", verdict, *_measured(tuning, scale)]


def _measured(tuning: dict[str, Any], scale: float | None) -> list[str]:
    """Return how the score was measured, where another one was shown while tuning went on."""
    best = tuning.get("best_trial")
    if best is None:
        return []
    shown = score(best, scale)
    return [
        "measured on folds that had no say in the choice;",
        f"the best trial's own {tuning['metric']}, {shown}, is optimistic",
    ]
