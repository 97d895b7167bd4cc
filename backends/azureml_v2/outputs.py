"""Outputs of runs in the cloud: where they live, and how they come here."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from concrete_cli.errors import NotFound
from concrete_cli.plan import Output

from .client import Client
from .standing import step_of


def children(client: Client, handle: str) -> dict[str, Any]:
    """Return the runs of the steps that have begun, by step."""
    found = client.call(
        f"look at run {handle}", lambda ml: list(ml.jobs.list(parent_job_name=handle))
    )
    return {step_of(run): run for run in found}


def computed(run: Any) -> str:
    """Return the name of the run that has computed a step: an older one when it was reused."""
    return str((run.properties or {}).get("azureml.reusedrunid") or run.name)


def find(client: Client, handle: str, step: str, output: str) -> str:
    """Return the `azureml://` address of an output."""
    run = _run(client, handle, step)
    name = computed(run)
    uris = client.call(
        f"find {step}.{output}",
        lambda ml: ml.jobs._get_named_output_uri(name, output),  # noqa: SLF001  no public way
    )
    if output not in uris:
        raise NotFound("output", f"{handle}/{step}.{output}")
    return str(uris[output])


def fetch(client: Client, handle: str, output: Output, into: Path) -> None:
    """Download an output to `into`, which must not exist or be empty."""
    name = _run(client, handle, output.step).name
    into.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into.parent, prefix=".fetch-") as scratch:
        client.call(
            f"fetch {output}",
            lambda ml: ml.jobs.download(name, download_path=scratch, output_name=output.name),
        )
        folder = Path(scratch) / "named-outputs" / output.name
        if not folder.is_dir():
            raise NotFound("output", f"{handle}/{output}")
        if into.is_dir():
            into.rmdir()
        shutil.move(folder, into)


def _run(client: Client, handle: str, step: str) -> Any:
    runs = children(client, handle)
    if step not in runs:
        raise NotFound("step", step, sorted(runs))
    return runs[step]
