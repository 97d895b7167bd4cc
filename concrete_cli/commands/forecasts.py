"""What a run would do, step by step, and why: for `plan`, `why` and `--dry-run`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from concrete_cli.plan import Output

if TYPE_CHECKING:
    from concrete_cli.execute import Prepared


def of(prepared: Prepared) -> list[dict[str, Any]]:
    """Return step, decision (run, reuse), run, why and seconds of each step.

    A backend whose service decides on reuse cannot foretell: there each step is `run`.
    """
    plan, options = prepared.plan, prepared.request.options
    foretell = getattr(prepared.backend, "forecast", None)
    if foretell is None:
        why = ["the service decides on reuse"]
        empty = {"decision": "run", "run": "", "why": why, "seconds": 0}
        return [{"step": step.name} | empty for step in plan.steps]
    rows = (vars(row) for row in foretell(plan, options))
    return [row | {"why": list(row["why"])} for row in rows]


def mermaid(prepared: Prepared) -> str:
    """Return the plan as a Mermaid flowchart; steps that would run are set off from reused ones."""
    decisions = {row["step"]: row["decision"] for row in of(prepared)}
    lines = ["flowchart LR"]
    for step in prepared.plan.steps:
        lines.append(f'    {step.name}["{step.name}"]:::{decisions[step.name]}')
        links = [(item.step, item.name) for _, item in step.items() if isinstance(item, Output)]
        lines += [f"    {origin} -- {output} --> {step.name}" for origin, output in links]
    lines += ["    classDef run stroke-width:2px", "    classDef reuse stroke-dasharray:4"]
    return "\n".join(lines)
