"""What a run that has succeeded publishes becomes a version of a model.

Called again, by `concrete resume` say, it finds the same content and comes to the same version:
a process that is killed in here has lost nothing.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from concrete_cli import disk, runs
from concrete_cli.cache import Cache
from concrete_cli.errors import Damaged, NotFound
from concrete_cli.registry import lineage
from concrete_cli.registry.models import Models
from concrete_cli.runs import Run


def publish(run: Run, home: Path) -> None:
    """Register the outputs that the plan of a finished run publishes; note it in the run."""
    if _is_registered(run, home):  # else going on with an old run would make it the newest
        return
    plan, last = run.plan, run.last_events()
    status = runs.status(plan, last, driven=False, cancelled=run.cancelled)
    if not plan.publishes or status != "done":
        return
    for name, output in plan.publishes.items():
        entry = Cache(home).entry(last[output.step].entry)
        if damage := entry.damage():
            again = f"concrete resume {run.id} makes it again"
            raise Damaged(f"what {output.step} has left is damaged: {damage}", help=again)
        folder = entry.output(output.name)
        texts = lineage.texts(run, home)
        facts = {"run": run.id, "experiment": run.record.get("experiment")}
        version = Models(home).publish(name, folder, facts, texts)
        disk.failpoint("run:registered")
        run.note(registered={"name": version.name, "version": version.number})


def _is_registered(run: Run, home: Path) -> bool:
    """Whether a run has noted the version that it registered, and that is still there."""
    noted = run.record.get("registered")
    with contextlib.suppress(NotFound):
        return bool(noted and Models(home).find(f"{noted['name']}:{noted['version']}"))
    return False
