"""Steps on Databricks: a `DatabricksStep`, whose data is handed over in the older way.

It takes no `OutputFileDatasetConfig`; so every output that such a step makes or reads becomes
`PipelineData`, for all steps that touch it, and its sources are references to the datastore.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from azureml.core.databricks import PyPiLibrary
from azureml.data.data_reference import DataReference
from azureml.pipeline.core import PipelineData
from azureml.pipeline.steps import DatabricksStep

from concrete_cli.plan import Item, Output, Plan, Source, Step

from . import pins
from .compute import Compute
from .place import Place
from .settings import Settings
from .snapshot import Snapshot

LAUNCHER = "_on_databricks.py"
EXTRA = {LAUNCHER: Path(__file__).with_name("on_databricks.py")}


def data_of(plan: Plan, settings: Settings) -> frozenset[str]:
    """Return the outputs that a step on Databricks makes or reads."""
    found: set[str] = set()
    for one in plan.steps:
        if settings.compute_of(one.compute or settings.default_compute).kind == "databricks":
            found |= {str(output) for output in one.outputs}
            found |= {str(item) for _, item in one.items() if isinstance(item, Output)}
    return frozenset(found)


def output(made: Output, datastore: Any) -> Any:
    """Return an output that both kinds of steps can hand over."""
    return PipelineData(
        f"{made.step}__{made.name}",
        datastore=datastore,
        output_mode="mount" if made.mode == "mount" else "upload",
        output_overwrite=True,
        is_directory=True,
    )


def is_port(word: Any, outputs: Mapping[str, Any], step: Step) -> bool:
    """Whether a word of the command line is data of the older kind that the step reads."""
    own = [outputs[str(made)] for made in step.outputs]
    return isinstance(word, PipelineData) and word not in own


def step(
    one: Step,
    compute: Compute,
    staged: Snapshot,
    outputs: Mapping[str, Any],
    place: Place,
    *,
    reuse: bool,
) -> Any:
    """Return the step; its launcher turns what Databricks passes into our arguments."""
    inputs: list[Any] = []

    def put(item: Item) -> str:
        if isinstance(item, Source):
            name, (store, path) = f"source_{len(inputs)}", place.locate(item)
            folder = path.removesuffix("/**")
            inputs.append(DataReference(place.datastore(store), name, folder, mode="mount"))
            return f"<{name}>"
        if item.step != one.name and outputs[str(item)] not in inputs:
            inputs.append(outputs[str(item)])
        return f"<{outputs[str(item)].name}>"

    words = one.argv(put)
    options = dict(compute.options)
    cluster = {
        "existing_cluster_id": options.get("cluster"),
        "spark_version": options.get("spark_version"),
        "node_type": options.get("node_type"),
        "instance_pool_id": options.get("instance_pool"),
        "num_workers": options.get("workers", None if "cluster" in options else 1),
    }
    return DatabricksStep(
        name=one.name,
        inputs=inputs,
        outputs=[outputs[str(made)] for made in one.outputs],
        python_script_name=LAUNCHER,
        python_script_params=[Path(one.script).name, *map(str, words)],
        source_directory=str(staged.folder),
        run_name=one.name,
        timeout_seconds=int(one.timeout) or None,
        pypi_libraries=[PyPiLibrary(package=pin) for pin in pins.lock([one])],
        compute_target=compute.name,
        allow_reuse=reuse,
        **{name: value for name, value in cluster.items() if value is not None},
    )
