"""GET /certificates/{id}: as JSON, or as a file for Coq."""

import asyncio
import re

from starlette.requests import Request
from starlette.responses import Response

from logos_pxl.errors import CertificateNotFound
from logos_pxl.proving import Certificate, CertificateStore
from logos_pxl.proving.documents import described
from logos_pxl.proving.export import coq_file
from logos_pxl.service.answers import json_response
from logos_pxl.service.negotiation import best_form
from logos_pxl.service.problems import InvalidFields, NotAcceptable

COQ_MEDIA_TYPE = "text/x-coq"

_NAME = re.compile(r"(?P<id>[0-9a-f]{64})(?:\.(?P<suffix>json|v))?")
_FORMS = {"application/json": "json", COQ_MEDIA_TYPE: "v", "text/plain": "v"}


class CertificateEndpoint:
    """The door to kept certificates."""

    def __init__(self, store: CertificateStore) -> None:
        self._store = store

    async def get(self, request: Request) -> Response:
        """A kept certificate. The form: the path's suffix, else ``?format=``, else ``Accept``, else JSON."""
        name: str = request.path_params["name"]
        parts = _NAME.fullmatch(name)
        if parts is None:
            raise CertificateNotFound(
                f"no certificate has the id {name[:80]!r}: an id is 64 digits 0-9 a-f, and the suffix .json or .v may follow it"
            )
        form = parts["suffix"] or _form(request)
        certificate = await self._store.get(parts["id"])
        if certificate is None:
            raise CertificateNotFound(f"no certificate is kept under the id {parts['id']}; ask for the verdict again, and it is made anew")
        return await asyncio.to_thread(_response, certificate, form)


def _response(certificate: Certificate, form: str) -> Response:
    if form == "json":
        return json_response(described(certificate))
    name = f"pxl_{certificate.id[:16]}.v"
    return Response(
        coq_file(certificate),
        media_type=COQ_MEDIA_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _form(request: Request) -> str:
    asked = request.query_params.get("format")
    if asked is not None:
        if asked not in ("json", "v"):
            raise InvalidFields(f"format: {asked[:40]!r} is no form; give json or v", [{"field": "format", "message": "give json or v"}])
        return asked
    accept = ",".join(request.headers.getlist("accept"))
    form = best_form(accept, tuple(_FORMS))
    if form is None:
        raise NotAcceptable(f"a certificate comes as application/json or {COQ_MEDIA_TYPE}, and Accept names neither: {accept[:200]!r}")
    return _FORMS[form]
