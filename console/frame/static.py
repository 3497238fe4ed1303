"""Style, icons and what little script there is: in memory, compressed once, kept by browsers until changed."""

import gzip
import hashlib
from dataclasses import dataclass
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
KEPT = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class StaticFile:
    """A file, and its first digits of a hash: what its address says of its version."""

    content: bytes
    compressed: bytes
    media_type: str
    version: str


def load_static() -> dict[str, StaticFile]:
    """Every file of console/static, by name."""
    found = {}
    for file in (files("console") / "static").iterdir():
        suffix = "." + file.name.rpartition(".")[2]
        if suffix in TYPES:
            content = file.read_bytes()
            found[file.name] = StaticFile(
                content, gzip.compress(content, mtime=0), TYPES[suffix], hashlib.sha256(content).hexdigest()[:12]
            )
    return found


async def serve_static(request: Request) -> Response:
    """A file of the console's own."""
    file: StaticFile | None = request.app.state.static.get(request.path_params["name"])
    if file is None:
        return PlainTextResponse("There is no such file.\n", 404)
    headers = {"cache-control": KEPT, "vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(
            file.compressed, media_type=file.media_type, headers={**headers, "content-encoding": "gzip"}
        )
    return Response(file.content, media_type=file.media_type, headers=headers)
