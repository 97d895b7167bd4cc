"""The one subscription, workspace and storage account that exist here."""

from __future__ import annotations

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
GROUP = "rg"
WORKSPACE = "ws"
TENANT = "11111111-1111-1111-1111-111111111111"
ACCOUNT = "acct"
CONTAINER = "azureml"
STORES = ("workspaceblobstore", "workspaceartifactstore")
# Stores with containers of their own, each with the word for it; all keep bytes alike.
OTHER_STORES = {
    "archive": ("AzureBlob", "containerName"),
    "share": ("AzureFile", "fileShareName"),
    "lake": ("AzureDataLakeGen2", "filesystem"),
    "old_lake": ("AzureDataLakeGen1", "storeName"),
}
PROVIDER = "Microsoft.MachineLearningServices"
WORKSPACE_ID = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/{PROVIDER}"
    f"/workspaces/{WORKSPACE}"
)
SAS = "sv=2021-08-06&sr=c&sig=ZmFrZQ%3D%3D&sp=rwl"


def store_uri(path: str, store: str = STORES[0]) -> str:
    """Return the long azureml:// address of a path in the workspace's default store."""
    return (
        f"azureml://subscriptions/{SUBSCRIPTION}/resourcegroups/{GROUP}/workspaces/{WORKSPACE}"
        f"/datastores/{store}/paths/{path}"
    )
