"""Outputs of runs in the cloud: where they live, and how they come here."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from concrete_cli.errors import NotFound
from concrete_cli.plan import Output

from . import shares
from .client import Client
from .standing import step_of

ADDRESS = re.compile(r"/datastores/(?P<store>[^/]+)/paths/(?P<path>.*)")


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
    return _address(client, handle, _run(client, handle, step), Output(step, output))


def fetch(client: Client, handle: str, output: Output, into: Path) -> None:
    """Download an output to `into`, which must not exist or be empty."""
    run = _run(client, handle, output.step)
    found = ADDRESS.search(_address(client, handle, run, output))
    into.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into.parent, prefix=".fetch-") as scratch:
        folder = Path(scratch) / "named-outputs" / output.name

        def bring(ml: Any) -> None:
            if found and client.datastore(found["store"]).type == shares.KIND:
                shares.download(ml, client.datastore(found["store"]), found["path"], folder)
            else:
                ml.jobs.download(run.name, download_path=scratch, output_name=output.name)

        client.call(f"fetch {output}", bring)
        if not folder.is_dir():
            raise NotFound("output", f"{handle}/{output}")
        if into.is_dir():
            into.rmdir()
        shutil.move(folder, into)


def _address(client: Client, handle: str, run: Any, output: Output) -> str:
    uris = client.call(
        f"find {output}",
        lambda ml: ml.jobs._get_named_output_uri(  # noqa: SLF001  no public way
            computed(run), output.name
        ),
    )
    if output.name not in uris:
        raise NotFound("output", f"{handle}/{output}")
    return str(uris[output.name])


def _run(client: Client, handle: str, step: str) -> Any:
    runs = children(client, handle)
    if step not in runs:
        raise NotFound("step", step, sorted(runs))
    return runs[step]
