"""The OpenAPI document of an endpoint, made from the signature of its model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .settings import Settings

LARGEST_LEVEL = 1e300  # FINITE of the bundle's _request.py
ERRORS = {
    400: "The request is not HTTP as it should be, or the body not gzip data as it says.",
    401: "The key is missing or wrong.",
    408: "The request did not arrive in time.",
    413: "The body is too large, or holds too many rows.",
    415: "The body is not application/json, or compressed in another way than with gzip.",
    421: "The Host header names another site.",
    422: "The body is no JSON, or its rows do not fit the model.",
    500: "An error of the endpoint; its log has the traceback.",
    503: "The endpoint is busy or about to stop: ask again.",
}


def document(
    settings: Settings, about: Mapping[str, Any], manifest: Mapping[str, Any], largest: Any
) -> dict[str, Any]:
    """Return the document; `largest` gives the largest number that a column may hold."""
    signature = manifest["signature"]
    columns = signature["columns"]
    unit = signature["target_unit"]
    target = signature["target"] + (f" in {unit}" if unit else "")
    facts = ("target", "target_unit", "columns")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": settings.name,
            "version": about["model"],
            "description": f"Predicts {target}.",
        },
        **({"servers": [{"url": settings.root_path}]} if settings.root_path else {}),
        "paths": _paths(settings, about, manifest["interval"]["coverage"]),
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Row": _row(columns, largest),
                "Request": {
                    "description": "MLflow's dataframe_split, dataframe_records, inputs, Azure ML's"
                    " input_data, and {column: [value, ...]} are taken too.",
                    "type": "object",
                    "required": ["data"],
                    "additionalProperties": False,
                    "properties": {
                        "data": {
                            "type": "array",
                            "minItems": 1,
                            "description": f"At most {settings.max_rows} rows: more is 413.",
                            "items": _ref("Row"),
                        }
                    },
                },
                "Answer": _answer(),
                "Error": {
                    "type": "object",
                    "required": ["error", "request_id"],
                    "properties": {"error": {"type": "string"}, "request_id": {"type": "string"}},
                },
            },
        },
        "x-concrete": {
            "model": about["model"],
            "coverage": manifest["interval"]["coverage"],
            "sample": about["sample"]["request"]["data"][0],
            **{name: signature[name] for name in facts},
        },
    }


def _paths(settings: Settings, about: Mapping[str, Any], coverage: float) -> dict[str, Any]:
    secure: list[dict[str, list[str]]] = [{"key": []}]
    maybe = [] if settings.loopback else secure
    intervals = {
        "name": "intervals",
        "in": "query",
        "description": f"Whether to answer with intervals that cover {coverage:.0%} of the rows.",
        "schema": {"type": "boolean", "default": True},
    }
    request = {"schema": _ref("Request"), "example": about["sample"]["request"]}
    score = {
        "summary": "Predict",
        "operationId": "score",
        "security": secure,
        "parameters": [intervals],
        "requestBody": {"required": True, "content": {"application/json": request}},
        "responses": {"200": _json("One prediction per row.", _ref("Answer")), **_errors(*ERRORS)},
    }
    status = {
        "type": "object",
        "required": ["status"],
        "properties": {"status": {"type": "string"}},
    }
    seen = _errors(401, 421, 500)
    return {
        "/score": {"post": score},
        "/health": {"get": _get("Whether it is there", [], _json("Yes.", status), seen)},
        "/ready": {
            "get": _get("Whether it answers", [], _json("Yes.", status), seen | _errors(503))
        },
        "/openapi.json": {
            "get": _get("This document", maybe, _json("It.", {"type": "object"}), seen)
        },
        "/metrics": {"get": _get("Counters for Prometheus", maybe, _text(), seen)},
    }


def _get(summary: str, security: Any, ok: Any, errors: Any) -> dict[str, Any]:
    return {"summary": summary, "security": security, "responses": {"200": ok, **errors}}


def _row(columns: Any, largest: Any) -> dict[str, Any]:
    properties = {column["name"]: _column(column, largest) for column in columns}
    required = [column["name"] for column in columns if not column["missing"]]
    return {
        "type": "object",
        "required": required,
        "additionalProperties": False,
        "properties": properties,
    }


def _column(column: Mapping[str, Any], largest: Any) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": ["number"]}
    notes = [column["unit"]] if column["unit"] else []
    if column["kind"] == "number":
        most = largest(column["name"])
        schema |= {"minimum": -most, "maximum": most}
        if column["min"] is not None:
            notes.append(f"{column['min']:.10g} to {column['max']:.10g} in the training rows")
    elif column["kind"] == "boolean":
        schema = {"type": ["boolean"]}
    else:
        schema = {"type": ["string", "number", "boolean"], "examples": column["choices"][:20]}
        schema |= {"minimum": -LARGEST_LEVEL, "maximum": LARGEST_LEVEL}
    if column["missing"]:
        schema["type"] = [*schema["type"], "null"]
    return schema | ({"description": ", ".join(notes)} if notes else {})


def _answer() -> dict[str, Any]:
    pair = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
    return {
        "type": "object",
        "required": ["predictions", "model", "warnings"],
        "additionalProperties": False,
        "properties": {
            "predictions": {"type": "array", "items": {"type": "number"}},
            "intervals": {"type": "array", "items": pair},
            "model": {"type": "string"},
            "warnings": {"type": "array", "items": {"type": "string"}},
        },
    }


def _errors(*statuses: int) -> dict[str, Any]:
    return {str(status): _json(ERRORS[status], _ref("Error")) for status in statuses}


def _json(description: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _text() -> dict[str, Any]:
    return {"description": "Text.", "content": {"text/plain": {"schema": {"type": "string"}}}}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
