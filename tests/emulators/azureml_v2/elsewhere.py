"""The file share and the data lake: their own ways to list a folder; bytes go as blobs do."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

from . import blobs
from .cloud import Cloud, blob_name
from .names import ACCOUNT
from .routing import Request, Response, Routes

routes = Routes()


@routes("GET", f"/{ACCOUNT}/.file.emulator/{{rest*}}")
def share(cloud: Cloud, request: Request) -> Response:
    """List a folder of a share, or read a file or a range of it."""
    if request.query.get("comp") != "list":
        return blobs.get(cloud, request)
    folder = cloud.blobs / blob_name(request.path)
    if not folder.is_dir():
        return blobs.error(404, "ResourceNotFound")
    entries = "".join(_entry(path) for path in sorted(folder.iterdir()))
    text = (
        '<?xml version="1.0"?><EnumerationResults>'
        f"<Entries>{entries}</Entries><NextMarker/></EnumerationResults>"
    )
    return Response(200, text.encode(), {**blobs.HEADERS, "Content-Type": "application/xml"})


@routes("GET", f"/{ACCOUNT}/.dfs.emulator/{{rest*}}")
def lake(cloud: Cloud, request: Request) -> Response:
    """List all below a folder of a file system; the files themselves are read as blobs."""
    system = cloud.blobs / blob_name(request.path)
    folder = system / request.query.get("directory", "")
    if not folder.is_dir():
        return blobs.error(404, "PathNotFound")
    paths = [
        {
            "name": path.relative_to(system).as_posix(),
            "isDirectory": str(path.is_dir()).lower(),
            "contentLength": str(path.stat().st_size),
            "lastModified": blobs.HEADERS["Last-Modified"],
            "etag": blobs.HEADERS["ETag"],
        }
        for path in sorted(folder.rglob("*"))
    ]
    return Response(body={"paths": paths}, headers=blobs.HEADERS)


def _entry(path: Path) -> str:
    if path.is_dir():
        return f"<Directory><Name>{escape(path.name)}</Name><Properties/></Directory>"
    size = f"<Properties><Content-Length>{path.stat().st_size}</Content-Length></Properties>"
    return f"<File><Name>{escape(path.name)}</Name>{size}</File>"
