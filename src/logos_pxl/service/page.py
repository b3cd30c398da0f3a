"""The page for people: the files of ``web/``, read once at the start and served from memory.

Invariant: only files that were in the folder at the start are served, each under its own name; nothing of a request becomes a path.
What a browser may show as a document carries the policy below: it may load and ask its own origin only, and never turn text into markup.
"""

import gzip
import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from logos_pxl.errors import ConfigurationError
from logos_pxl.service.problems import NotFound

if TYPE_CHECKING:
    from logos_pxl.service.service import Service

_log = logging.getLogger(__name__)

_INDEX = "index.html"
_NO_PAGE = "this service serves no page (PXL_WEB_DIR); /openapi.json lists what there is"
_MEDIA_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".png": "image/png"}
_MAX_BYTES = 8 << 20

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_DOCUMENTS = ("text/html", "image/svg+xml")
_DOCUMENT_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Asked for again at each visit, and answered with 304 while nothing has changed: a new version is never mixed with an old one.
    "Cache-Control": "no-cache",
    "Vary": "Accept-Encoding",
}


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file, as it is and compressed. ``tag`` is the hash of its bytes."""

    media_type: str
    plain: bytes
    compressed: bytes
    tag: str

    @classmethod
    def read(cls, path: Path) -> "PageFile":
        """Raises OSError."""
        plain = path.read_bytes()
        return cls(_MEDIA_TYPES[path.suffix], plain, gzip.compress(plain, 9, mtime=0), hashlib.sha256(plain).hexdigest()[:32])

    def answer(self, request: Request) -> Response:
        """The file in the coding that the client takes, or 304 when it has it."""
        zipped = len(self.compressed) < len(self.plain) and _takes_gzip(",".join(request.headers.getlist("accept-encoding")))
        # Two codings are two representations: a strong tag must tell them apart.
        tag = f'"{self.tag}-gzip"' if zipped else f'"{self.tag}"'
        headers = {**_HEADERS, "ETag": tag}
        if self.media_type in _DOCUMENTS:
            headers |= _DOCUMENT_HEADERS
        if tag in [known.strip().removeprefix("W/") for known in request.headers.get("if-none-match", "").split(",")]:
            return Response(status_code=304, headers=headers)
        if zipped:
            headers["Content-Encoding"] = "gzip"
        return Response(self.compressed if zipped else self.plain, media_type=self.media_type, headers=headers)


class Page:
    """The page and the files that it loads."""

    def __init__(self, files: Mapping[str, PageFile]) -> None:
        self._files = files

    @classmethod
    def open(cls, given: Path | None) -> "Page | None":
        """Read the folder: ``given``, else where it lies by default. None when there is none there. Raises ConfigurationError."""
        candidates = _default_folders() if given is None else [given]
        folder = next((candidate for candidate in candidates if (candidate / _INDEX).is_file()), None)
        if folder is not None:
            return cls(_read(folder))
        if given is not None:
            raise ConfigurationError(
                f"PXL_WEB_DIR={str(given)!r}: there is no {_INDEX} in it; name the folder web/ of the project, or nothing"
            )
        _log.warning("no page is served: there is no %s in %s (PXL_WEB_DIR)", _INDEX, ", ".join(map(str, candidates)))
        return None

    def answer(self, name: str, request: Request) -> Response:
        """The file of this name. Raises NotFound."""
        file = self._files.get(name)
        if file is None:
            raise NotFound(f"the page has no file {name[:80]!a}")
        return file.answer(request)


async def index(service: "Service", request: Request) -> Response:
    """The page."""
    return _file(service, _INDEX, request)


async def status(service: "Service", _: Request) -> Response:
    """The page's status view."""
    if service.page is None:
        raise NotFound(_NO_PAGE)
    return RedirectResponse("/#status", status_code=307)


async def file(service: "Service", request: Request) -> Response:
    """A file that the page loads."""
    return _file(service, request.path_params["name"], request)


def _file(service: "Service", name: str, request: Request) -> Response:
    if service.page is None:
        raise NotFound(_NO_PAGE)
    return service.page.answer(name, request)


def _default_folders() -> list[Path]:
    package = Path(__file__).resolve().parents[1]
    return [package / "web", package.parents[1] / "web", Path.cwd() / "web"]


def _read(folder: Path) -> dict[str, PageFile]:
    paths = [path for path in sorted(folder.iterdir()) if path.suffix in _MEDIA_TYPES and path.is_file()]
    try:
        if sum(path.stat().st_size for path in paths) > _MAX_BYTES:
            raise ConfigurationError(
                f"PXL_WEB_DIR: the files in {folder} are larger than {_MAX_BYTES} bytes together; they are no page of ours"
            )
        return {path.name: PageFile.read(path) for path in paths}
    except OSError as error:
        raise ConfigurationError(f"PXL_WEB_DIR: {error.filename} cannot be read: {error.strerror}") from error


def _takes_gzip(accept_encoding: str) -> bool:
    for part in accept_encoding.split(","):
        coding, _, weight = part.strip().lower().partition(";")
        if coding.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
