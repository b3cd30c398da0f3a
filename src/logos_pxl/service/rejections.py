"""Refusals, counted by reason on their way out."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from logos_pxl.errors import PxlError
from logos_pxl.observing import Observer
from logos_pxl.service.connections import TellUnread
from logos_pxl.service.problems import http_code, on_defect, on_http_exception, on_pxl_error


class CountedRefusals:
    """The handlers of ``problems.py``, each of which tells ``observer`` the code of what it answers."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    async def on_pxl_error(self, request: Request, error: Exception) -> Response:
        """For errors of ours that leave a handler."""
        if isinstance(error, PxlError):
            self._observer.rejected(error.code)
        return await on_pxl_error(request, error)

    async def on_http_exception(self, request: Request, error: Exception) -> Response:
        """For what the router itself refuses."""
        if isinstance(error, HTTPException):
            self._observer.rejected(http_code(error))
        return await on_http_exception(request, error)

    async def on_defect(self, request: Request, error: Exception) -> Response:
        """For errors that nobody foresaw."""
        self._observer.rejected("internal")
        return await on_defect(request, error)

    def counting(self, code: str, app: ASGIApp) -> ASGIApp:
        """``app``, each of whose answers is a refusal with this code."""

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            self._observer.rejected(code)
            await app(scope, receive, send)

        return counted

    def counting_unread(self, tell: TellUnread) -> TellUnread:
        """``tell``, which is told of requests that cannot be read, and of the code of their refusal."""

        def counted(client: str | None, status: int, code: str) -> str:
            self._observer.rejected(code)
            return tell(client, status, code)

        return counted
