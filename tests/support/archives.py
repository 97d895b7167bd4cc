"""Models as zip files, as they should be and as somebody may change them."""

import io
import json
import stat
import zipfile

RIDGE = "sklearn.linear_model._ridge.Ridge"


def skops(*types):
    """Return the bytes of a file as skops writes it, as far as its types go."""
    schema = [
        {"__class__": name.rpartition(".")[2], "__module__": name.rpartition(".")[0]}
        for name in types
    ]
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        archive.writestr("schema.json", json.dumps({"content": schema}))
    return raw.getvalue()


def publish(models, folder, model, manifest=None):
    """Register a version whose model.skops holds these bytes."""
    folder.mkdir()
    (folder / "model.skops").write_bytes(model)
    facts = manifest or {"model": "ridge", "params": {}}
    (folder / "manifest.json").write_text(json.dumps(facts))
    (folder / "metrics.json").write_text('{"rmse": 5.0}')
    return models.publish("concrete", folder, {"run": "r"}, {"lineage.json": '{"runs": []}'})


def rewritten(file, change):
    """Write the archive again; `change` may alter the list of (ZipInfo, bytes)."""
    with zipfile.ZipFile(file) as archive:
        entries = [(info, archive.read(info)) for info in archive.infolist()]
    entries = change(entries)
    with zipfile.ZipFile(file, "w") as archive:
        for info, content in entries:
            archive.writestr(info, content)
    return file


def named(name, mode=stat.S_IFREG | 0o644):
    """Return what an archive says of a file with that name."""
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info
