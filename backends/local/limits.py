"""Keeping the libraries that compute from starting more threads than a step may use."""

from __future__ import annotations

from collections.abc import Mapping


def single_threaded(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which the libraries that are loaded start no threads."""
    return dict(environment) | thread_limits(1)


def thread_limits(threads: int) -> dict[str, str]:
    """Return the variables that limit the threads of the libraries that compute."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "LOKY_MAX_CPU_COUNT")
    # Threads that wait must sleep: where several steps share the processors, spinning ones steal.
    same = {"PYTHONHASHSEED": "0", "OMP_WAIT_POLICY": "PASSIVE"}
    return dict.fromkeys(names, str(threads)) | same
