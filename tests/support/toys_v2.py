"""Plans of tiny steps for the tests of the Azure ML v2 backend."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from concrete_cli.plan import Output, Plan, Source, Step

STEPS = Path(__file__).parent.parent / "azureml_v2" / "steps"


def fault(how: str, *, source: Path | None = None, **fields: Any) -> Plan:
    """Return a plan of one step that misbehaves, and one that waits for it."""
    outputs = (Output("fault", "kept", "mount"), Output("fault", "lost"))
    inputs = {"source": Source(str(source))} if source else {}
    step = Step("fault", str(STEPS / "fault.py"), inputs, outputs, {"how": how}, **fields)
    after = Step("after", str(STEPS / "fault.py"), {"source": outputs[1]}, (), {"how": "nothing"})
    return Plan("broken", (step, after))
