"""What a graph is made of: data types, data sources, and a module for each script of a step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .routing import Call, Table, missing
from .state import now, public, uid

if TYPE_CHECKING:
    from .server import Emulator

TABLE = Table()
TYPES = (
    "AnyFile", "AnyDirectory", "AzureBlobReference", "AzureDataLakeReference",
    "AzureDataLakeGen2Reference", "AzureFilesReference", "AzureSqlDatabaseReference",
    "AzurePostgresDatabaseReference", "AzureMySqlDatabaseReference",
)  # fmt: skip
STRING = "3"


@TABLE.on("GET", "pipelines/v1.0/{ws}/DataTypes")
def types(emulator: Emulator, _call: Call) -> Any:
    """List the kinds of data that ports can carry."""
    known = [
        {"Id": name, "Name": name, "IsDirectory": name == "AnyDirectory", "ParentDataTypeIds": []}
        for name in TYPES
    ]
    return known + list(emulator.state.types.values())


@TABLE.on("POST", "pipelines/v1.0/{ws}/DataTypes")
def make_type(emulator: Emulator, call: Call) -> Any:
    """Add a kind of data."""
    given = call.json()
    emulator.state.types[given["Id"]] = given
    return given


@TABLE.on("GET", "pipelines/v1.0/{ws}/Modules/Hash/{hash}")
def by_hash(emulator: Emulator, call: Call) -> Any:
    """Find a module that is known already, so that nothing is uploaded again."""
    known = emulator.state.hashes.get(call["hash"])
    return _described(emulator.state.modules[known]) if known else missing("module", "NotFound")


@TABLE.on("GET", "pipelines/v1.0/{ws}/Modules/{id}")
def module(emulator: Emulator, call: Call) -> Any:
    """Describe a module."""
    return _described(emulator.state.modules[call["id"]])


@TABLE.on("POST", "pipelines/v1.0/{ws}/Modules")
def make_module(emulator: Emulator, call: Call) -> Any:
    """Keep a module: the interface of a script and the snapshot it lives in."""
    given = call.json()
    names = (
        "Name", "Description", "IsDeterministic", "ModuleExecutionType", "StructuredInterface",
        "IdentifierHash", "StepType", "Runconfig",
    )  # fmt: skip
    kept = {name: given.get(name) for name in names} | {
        "Id": uid(),
        "UploadState": "Completed",
        "EntityStatus": "Active",
        "CreatedDate": now(),
        "_snapshot": given.get("StorageId"),
    }
    emulator.state.modules[kept["Id"]] = kept
    emulator.state.hashes[kept["IdentifierHash"]] = kept["Id"]
    return public(kept)


@TABLE.on("GET", "pipelines/v1.0/{ws}/DataSources/Hash/{hash}")
def source_by_hash(emulator: Emulator, call: Call) -> Any:
    """Find a data source that is known already."""
    known = emulator.state.sources.get(call["hash"])
    return public(known) if known else missing("data source", "NotFound")


@TABLE.on("POST", "pipelines/v1.0/{ws}/DataSources")
def make_source(emulator: Emulator, call: Call) -> Any:
    """Keep a data source."""
    given = call.json()
    kept = given | {"Id": uid(), "CreatedDate": now()}
    emulator.state.sources[given.get("IdentifierHash") or kept["Id"]] = kept
    return kept


def _described(module: dict[str, Any]) -> Any:
    given = module["StructuredInterface"]
    inputs = [
        {
            "Name": port["Name"],
            "DataTypesIds": port["DataTypeIdsList"],
            "IsOptional": port.get("IsOptional"),
        }
        for port in given["Inputs"]
    ]
    outputs = [
        {"Name": port["Name"], "DataTypeId": port["DataTypeId"]} for port in given["Outputs"]
    ]
    interface = {
        "Parameters": [_parameter(one) for one in given["Parameters"]],
        "MetadataParameters": [_parameter(one) for one in given["MetadataParameters"]],
        "Ports": {"Inputs": inputs, "Outputs": outputs},
    }
    return {"Data": public(module), "Interface": interface}


def _parameter(given: dict[str, Any]) -> Any:
    facts = {name: given.get(name) for name in ("Name", "DefaultValue", "IsOptional")}
    return facts | {"Type": STRING}
