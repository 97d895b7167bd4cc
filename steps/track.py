"""Tell MLflow of a run that has ended: parameters, metrics, files, the registered model.

Not a step of a plan: the command runs it aside. What has been told already is found by its tags
and brought up to date, so that telling a run twice is the same as telling it once.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from _step import Refused, arguments, read_json, run, write_json

RUN, VERSION = "concrete.run", "concrete.version"
MOST = 100  # parameters or metrics of one call
NAME = re.compile(r"[^\w\-. /]")
TYPES = {"number": "double", "boolean": "boolean", "category": "string"}


def parser() -> argparse.ArgumentParser:
    """Return the arguments of this script."""
    it = arguments(__doc__)
    it.add_argument("--uri", required=True, help="of the tracking server or store")
    it.add_argument("--facts", type=Path, required=True, help="what is to be told, as JSON")
    it.add_argument("--told", type=Path, required=True, help="output: told.json")
    return it


def main(args: argparse.Namespace) -> None:
    """Write told.json: MLflow's names of the run and of the model version."""
    facts = read_json(args.facts)
    try:
        mlflow = import_module("mlflow")
        mlflow.set_tracking_uri(args.uri)
        mlflow.set_registry_uri(args.uri)
        told = _tell(Tracker(mlflow, args.uri), facts)
    except Exception as error:
        text = str(error).strip()
        raise Refused(text.splitlines()[0] if text else type(error).__name__) from error
    write_json(args.told / "told.json", told)


def _tell(tracker: Tracker, facts: Mapping[str, Any]) -> dict[str, Any]:
    if deleted := facts.get("deleted"):
        tracker.delete(deleted)
        return {"version": None}
    model = facts.get("model")
    if model and "run" not in facts:
        return {"version": tracker.aliases(model)}
    tracker.experiment(facts["experiment"])
    parent = tracker.run(facts, facts["run"], facts["tags"])
    for child in facts["children"]:
        tags = {RUN: f"{facts['run']}/{child['name']}", "mlflow.parentRunId": parent}
        tracker.run({**facts, **child}, child["name"], tags)
    for file, folder in facts["files"]:
        tracker.client.log_artifact(parent, file, folder or None)
    told: dict[str, Any] = {"run_id": parent, "experiment_id": tracker.experiment_id}
    if model:
        told["version"] = tracker.version(model, parent)
        tracker.aliases(model)
    return told


class Tracker:
    """What of MLflow is used here."""

    def __init__(self, mlflow: Any, uri: str) -> None:
        self.mlflow = mlflow
        self.client = mlflow.MlflowClient(uri)
        self.experiment_id = ""

    def experiment(self, name: str) -> None:
        """Choose the experiment called `name`; make it if it is not there."""
        found = self.client.get_experiment_by_name(name)
        self.experiment_id = found.experiment_id if found else self.client.create_experiment(name)

    def run(self, facts: Mapping[str, Any], name: str, tags: Mapping[str, str]) -> str:
        """Write a run down, or bring it up to date; return MLflow's name of it."""
        wanted = f"tags.`{RUN}` = '{tags[RUN]}'"
        known = self.client.search_runs([self.experiment_id], wanted, max_results=1)
        begin, end = facts["begin"], facts["end"]
        run_ = known[0] if known else self.client.create_run(
            self.experiment_id, begin, dict(tags), name
        )  # fmt: skip
        run_id = str(run_.info.run_id)
        entities = import_module("mlflow.entities")
        params = [entities.Param(_name(key), text) for key, text in facts["params"].items()]
        series = {key: [[0, value]] for key, value in facts["metrics"].items()} | facts["series"]
        before = set(run_.data.metrics)
        metrics = [
            entities.Metric(_name(key), value, end, int(step))
            for key, points in series.items()
            if _name(key) not in before
            for step, value in points
        ]
        if not known:
            for some in _pieces(params):
                self.client.log_batch(run_id, params=some)
        for some in _pieces(metrics):
            self.client.log_batch(run_id, metrics=some)
        for key, text in tags.items():
            self.client.set_tag(run_id, key, text)
        self.client.set_terminated(run_id, facts["status"], end)
        return run_id

    def version(self, model: Mapping[str, Any], run_id: str) -> str:
        """Log and register the model, unless that has been done; return MLflow's number of it."""
        if known := self._version(model):
            return str(known.version)
        with self.mlflow.start_run(run_id=run_id):
            logged = self.mlflow.pyfunc.log_model(
                name="model",
                python_model=str(Path(__file__).with_name("_mlflow_model.py")),
                artifacts={"bundle": model["folder"]},
                code_paths=model["code"],
                signature=self._signature(model["signature"]),
                pip_requirements=_requirements(model["versions"]),
            )
        tags = {VERSION: str(model["version"])}
        return str(self.mlflow.register_model(logged.model_uri, model["name"], tags=tags).version)

    def aliases(self, model: Mapping[str, Any]) -> str:
        """Let the version have the aliases that it has in our registry, and no others."""
        found = self._version(model)
        if not found:
            raise Refused(f"{model['name']}:{model['version']} is not registered there")
        for alias in set(found.aliases) - set(model["aliases"]):
            self.client.delete_registered_model_alias(model["name"], alias)
        for alias in model["aliases"]:
            self.client.set_registered_model_alias(model["name"], alias, found.version)
        return str(found.version)

    def delete(self, model: Mapping[str, Any]) -> None:
        """Delete the version, if it is there; the run that logged it keeps its files."""
        if found := self._version(model):
            self.client.delete_model_version(model["name"], found.version)

    def _version(self, model: Mapping[str, Any]) -> Any:
        wanted = f"name='{model['name']}' AND tags.`{VERSION}` = '{model['version']}'"
        found = self.client.search_model_versions(wanted)
        # Searching leaves the aliases out.
        return self.client.get_model_version(model["name"], found[0].version) if found else None

    def _signature(self, signature: Mapping[str, Any]) -> Any:
        types = import_module("mlflow.types")
        inputs = [
            types.ColSpec(_type(column), column["name"], required=not column["missing"])
            for column in signature["columns"]
        ]
        outputs = [types.ColSpec("double", name) for name in ("prediction", "lower", "upper")]
        made = import_module("mlflow.models").ModelSignature
        return made(inputs=types.Schema(inputs), outputs=types.Schema(outputs))


def _type(column: Mapping[str, Any]) -> str:
    """Return what MLflow calls the type of a column as pandas reads it from the training data."""
    whole = str(column["dtype"]).startswith("int") and column["kind"] == "number"
    return "long" if whole else TYPES[column["kind"]]


def _requirements(versions: Mapping[str, str]) -> list[str]:
    return [f"{name}=={text}" for name, text in versions.items() if name != "python"] + ["pandas"]


def _name(text: str) -> str:
    return NAME.sub("_", text)[:250]


def _pieces(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    yield from (items[begin : begin + MOST] for begin in range(0, len(items), MOST))


if __name__ == "__main__":
    run(parser, main)
