"""The graph of a compiled pipeline as JSON: what would be posted, with names in place of ids.

The SDK draws ids at random; here a step is called by its name, so that two graphs of equal plans
are equal texts and a golden file shows a change as a diff.
"""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

from azureml.pipeline.core._restclients.aeva import models

RANDOM = ("CreatedDate", "LastModifiedDate")


def document(pipeline: Any, provider: Any) -> dict[str, Any]:
    """Return `{"run": ..., "modules": {step: ...}}` of a pipeline compiled offline."""
    pipeline._set_experiment_name("dry-run")  # noqa: SLF001  what `submit` does
    pipeline.graph.finalize()
    info = pipeline.graph._get_pipeline_run_creation_info_with_graph()  # noqa: SLF001
    kinds = {name: kind for name, kind in vars(models).items() if isinstance(kind, type)}
    serializer: Any = import_module("msrest").Serializer(kinds)  # it has half its types
    run = serializer.body(info, "PipelineRunCreationInfoWithGraph")
    store = provider._service_caller  # noqa: SLF001  the dry run's own
    entities = store._module_entities  # noqa: SLF001
    modules = {key: serializer.body(one, "ModuleEntity") for key, one in entities.items()}
    names = {key: one["Name"] for key, one in modules.items()}
    graph = run["Graph"]
    for node in graph["ModuleNodes"]:
        names[node["Id"]] = names[node["ModuleId"]]
    for node in graph.get("DatasetNodes") or []:
        if "DataSetDefinition" in node:
            value = node["DataSetDefinition"]["Value"]
            reference = value.get("DataSetReference") or value["SavedDataSetReference"]
            names[node["Id"]] = reference["Id"]
        else:  # a reference to a datastore, which steps on Databricks read
            older = store._datasource_entities[node["DatasetId"]]  # noqa: SLF001
            names[node["Id"]] = names[node["DatasetId"]] = (
                older.data_location.data_reference.azure_blob_reference.relative_path
            )
    found = {"run": run, "modules": {names[key]: one for key, one in modules.items()}}
    text = json.dumps(_tidy(found), sort_keys=True)
    for key, name in names.items():
        text = text.replace(json.dumps(key), json.dumps(name))
    return _sorted(json.loads(text))


def _tidy(data: Any) -> Any:
    if isinstance(data, dict):
        kept = {key: _tidy(value) for key, value in data.items() if key not in RANDOM}
        if set(kept) <= {"Name", "ValueType"} and "ValueType" in kept:
            return None  # a parameter that nothing was said about
        if "Runconfig" in kept and isinstance(kept["Runconfig"], str):
            kept["Runconfig"] = json.loads(kept["Runconfig"])
        return kept
    if isinstance(data, list):
        return [one for one in map(_tidy, data) if one is not None]
    return data


def _sorted(found: dict[str, Any]) -> dict[str, Any]:
    graph = found["run"]["Graph"]
    graph["ModuleNodes"].sort(key=lambda node: node["Id"])
    graph["Edges"].sort(key=json.dumps)
    for module in found["modules"].values():
        given = module["StructuredInterface"]
        given["Parameters"] = [one for one in given["Parameters"] if one.get("DefaultValue")]
    return found
