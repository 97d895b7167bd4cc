"""What the `${{...}}` expressions of a submitted graph stand for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from ..cloud import Cloud
from ..routing import Json

Value = str | Path | None
BINDING = re.compile(
    r"\$\{\{\s*parent\.(?:inputs\.(?P<input>\w+)|jobs\.(?P<step>\w+)\.outputs\.(?P<output>\w+))\s*\}\}"
)
DURATION = re.compile(r"P(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?")


@dataclass
class Scope:
    """The values that are known inside one pipeline: text, or a file or folder of the store."""

    cloud: Cloud
    inputs: Json = field(default_factory=dict)
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)

    def value(self, spec: Json | None) -> Value:
        """Return what an input is given."""
        if spec is None:
            return None
        kind = spec.get("job_input_type") or spec.get("jobInputType")
        if kind != "literal":
            return self.cloud.local(spec["uri"])
        text = str(spec.get("value"))
        match = BINDING.fullmatch(text)
        if match is None:
            return text
        if match["input"]:
            return self.value(self.inputs[match["input"]])
        return self.cloud.local(self.outputs[match["step"]][match["output"]])


def needs(inputs: Json) -> set[str]:
    """Return the steps whose outputs these inputs wait for."""
    found: set[str] = set()
    for spec in inputs.values():
        text = str(spec.get("value")) if isinstance(spec, dict) else str(spec)
        found |= {match["step"] for match in BINDING.finditer(text) if match["step"]}
    return found


def fill(command: str, inputs: dict[str, Value], outputs: dict[str, Path]) -> str:
    """Return a component's command line with its optional parts and expressions resolved."""

    def optional(match: re.Match[str]) -> str:
        names = re.findall(r"inputs\.(\w+)", match[1])
        return match[1] if all(inputs.get(name) is not None for name in names) else ""

    command = re.sub(r"\$\[\[(.*?)\]\]", optional, command)
    given = r"\$\{\{\s*(?:inputs|search_space)\.(\w+)\s*\}\}"
    command = re.sub(given, lambda m: str(inputs[m[1]]), command)
    return re.sub(r"\$\{\{\s*outputs\.(\w+)\s*\}\}", lambda m: str(outputs[m[1]]), command)


def seconds(duration: str | float | None) -> float:
    """Return the seconds in a limit such as `PT1H30M`; 0 is no limit."""
    if not duration:
        return 0
    match = DURATION.fullmatch(str(duration))
    if match is None:
        return float(duration)
    hours, minutes, rest = (float(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + rest
