"""The parts of the service, in the order in which their routes are tried."""

from __future__ import annotations

from . import (
    artifacts,
    blobs,
    computes,
    datasets,
    history,
    login,
    models,
    modules,
    pipelines,
    published,
    services,
    snapshots,
    workspace,
)

PARTS = (
    login, workspace, computes, blobs, datasets, history, artifacts, snapshots, modules,
    pipelines, published, models, services,
)  # fmt: skip
ROUTES = [route for part in PARTS for route in part.TABLE.routes]
