"""GET /certificates/{id}: as JSON, as a file for Coq, or as a LaTeX document."""

import asyncio
import re

from starlette.requests import Request
from starlette.responses import Response

from logos_pxl.errors import CertificateNotFound
from logos_pxl.proving import Certificate
from logos_pxl.proving.documents import described
from logos_pxl.proving.export import coq_file
from logos_pxl.proving.latex import TooLargeToSet, latex_file
from logos_pxl.service.answers import json_response
from logos_pxl.service.problems import InvalidFields, NotAcceptable
from logos_pxl.service.reading import best_form
from logos_pxl.service.service import Service
from logos_pxl.wire.http import CERTIFICATE_FORMS, COQ, LATEX
from logos_pxl.wire.ids import SHA256_PATTERN

_FORMS = {media_type: form for form, media_type in CERTIFICATE_FORMS.items()} | {"application/x-tex": "tex", "text/plain": "v"}
_FORM_NAMES = "json, v or tex"


async def certificate(service: Service, request: Request) -> Response:
    """A kept certificate. Its form is the path's suffix, else ``?format=``, else the best of ``Accept``, else JSON."""
    name: str = request.path_params["id"]
    certificate_id, dot, suffix = name.partition(".")
    if not re.fullmatch(SHA256_PATTERN, certificate_id) or (dot and suffix not in CERTIFICATE_FORMS):
        raise CertificateNotFound(
            f"no certificate has the id {name[:80]!r}: an id is 64 digits 0-9 a-f, and the suffix .json, .v or .tex may follow it"
        )
    form = suffix or _form(request)
    store = service.runtime.certificates
    kept = None if store is None else await store.get(certificate_id)
    if kept is None:
        raise CertificateNotFound(f"no certificate is kept under the id {certificate_id}; ask for the verdict again, and it is made anew")
    return await asyncio.to_thread(_response, kept, form)


def _response(certificate: Certificate, form: str) -> Response:
    if form == "json":
        return json_response(described(certificate))
    try:
        text, media_type = (coq_file(certificate), COQ) if form == "v" else (latex_file(certificate), LATEX)
    except TooLargeToSet as error:
        raise NotAcceptable(str(error)) from error
    headers = {"Content-Disposition": f'attachment; filename="pxl_{certificate.id[:16]}.{form}"'}
    return Response(text, media_type=media_type, headers=headers)


def _form(request: Request) -> str:
    asked = request.query_params.get("format")
    if asked is not None:
        if asked not in _FORMS.values():
            raise InvalidFields(
                f"format: {asked[:40]!r} is no form; give {_FORM_NAMES}", [{"field": "format", "message": f"give {_FORM_NAMES}"}]
            )
        return asked
    accept = ",".join(request.headers.getlist("accept"))
    form = best_form(accept, tuple(_FORMS))
    if form is None:
        raise NotAcceptable(f"a certificate comes as application/json, {COQ} or {LATEX}, and Accept names none: {accept[:200]!r}")
    return _FORMS[form]
