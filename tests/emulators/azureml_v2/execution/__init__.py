"""What a submitted graph does: order, values, processes, reuse, sweeps, registered outputs."""

from .root import execute

__all__ = ["execute"]
