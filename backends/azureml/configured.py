"""Which workspace is meant: the experiment names it, or a config.json. No SDK in here."""

from __future__ import annotations

import json
import os
from pathlib import Path

from concrete_cli.errors import BackendUnavailable

from .settings import Settings

HELP = "subscription, resource_group and workspace in [backend.azureml], or a config.json"
KEYS = ("subscription_id", "resource_group", "workspace_name")


def place(settings: Settings) -> tuple[str, str, str]:
    """Return subscription, resource group and workspace; raise where they are not said."""
    if settings.named:
        return settings.subscription, settings.resource_group, settings.workspace
    file = config_file()
    if file is None:
        what = f"no workspace is named, and there is no config.json in {Path.cwd()} or above"
        raise BackendUnavailable(what, help=HELP)
    try:
        found = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise BackendUnavailable(f"{file} is not JSON: {error}", help=HELP) from error
    if not isinstance(found, dict):
        raise BackendUnavailable(f"{file} is not JSON with names", help=HELP)
    for key in KEYS:
        if not isinstance(found.get(key), str) or not found[key]:
            raise BackendUnavailable(f"{file} has no {key}", help=HELP)
    subscription, group, workspace = (found[key] for key in KEYS)
    return subscription, group, workspace


def config_file() -> Path | None:
    """Return the config.json that the SDK would find from here."""
    for folder in (Path.cwd(), *Path.cwd().parents):
        for name in (".azureml/config.json", "aml_config/config.json", "config.json"):
            if os.access(folder / name, os.R_OK):
                return folder / name
    return None
