"""The environment that the steps run in: a registered one, an image, or built from what is here."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from azureml.core import Environment
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.runconfig import DockerConfiguration, RunConfiguration

from .compute import Compute

NAME = "concrete"
IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"
GPU_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-cuda11.8-cudnn8-ubuntu22.04"
# With these a step's metrics arrive at its run.
RUN_PACKAGES = ("azureml-core>=1.61", "setuptools<81")


def environment(
    given: str, pins: Iterable[str], registered: Callable[[str], Any], *, gpu: bool = False
) -> Any:
    """Return the SDK's environment; only `registered` may ask the workspace, for a name."""
    if "/" in given:
        made = Environment(f"{NAME}-image")
        made.docker.base_image = given
        made.python.user_managed_dependencies = True
        return made
    if given:
        return registered(given)
    made = Environment(f"{NAME}-gpu" if gpu else NAME)
    made.docker.base_image = GPU_IMAGE if gpu else IMAGE
    wanted = CondaDependencies()
    wanted.set_python_version("{}.{}".format(*sys.version_info))
    for requirement in (*sorted(pins), *RUN_PACKAGES):
        wanted.add_pip_package(requirement)
    made.python.conda_dependencies = wanted
    return made


def named(given: str) -> Any:
    """Return a stand-in for a registered environment, `NAME` or `NAME:VERSION`."""
    name, _, version = given.partition(":")
    made = Environment(name)
    made.version = version or None
    return made


def configuration(
    compute: Compute, environment: Any, timeout: float, variables: Mapping[str, str]
) -> Any:
    """Return how the steps on one compute target are run; `timeout` is in seconds, 0 is none."""
    config = RunConfiguration()
    config.environment = environment
    config.target = compute.name
    config.environment_variables = dict(variables)
    if timeout:
        config.max_run_duration_seconds = math.ceil(timeout)  # it counts in whole seconds
    if compute.kind == "hdinsight":
        config.framework = "PySpark"
    elif compute.kind == "remote_vm" and "python" in compute.options:
        environment.python.interpreter_path = compute.options["python"]
        environment.python.user_managed_dependencies = True
    elif compute.kind != "databricks":
        arguments = ["--gpus", "all"] if compute.options.get("gpu") else []
        config.docker = DockerConfiguration(
            use_docker=True,
            arguments=arguments,
            shm_size=compute.options.get("shm_size", "2g"),
        )
    if compute.kind == "kubernetes" and "instance_type" in compute.options:
        config.kubernetescompute.instance_type = compute.options["instance_type"]
    return config
