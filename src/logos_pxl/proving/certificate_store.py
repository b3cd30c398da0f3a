"""Certificates on disk, found by their id.

Invariant: what ``get`` returns is what ``keep`` was given, for the file's SHA-256 stands at its head and the certificate's id, its own
hash, is its name; a damaged file is refused and removed. Keeping never costs a verdict: a full disk, a slow one and a crowded queue all
end in ``False``, within a bound. All disk work runs on one thread, off the event loop. See docs/decisions/certificate-store.md.
"""

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from dataclasses import dataclass
from pathlib import Path

from pydantic_core import to_json

from logos_pxl.errors import MalformedCertificate, StorageUnavailable
from logos_pxl.proving.bounded_directory import BoundedDirectory
from logos_pxl.proving.certificate import Certificate

_log = logging.getLogger(__name__)

_HEAD = b"pxl-certificate-file/1 "
_MAX_WAITING = 256
_WRITE_TIMEOUT_S = 1.0
_READ_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class StoreStats:
    """What a store holds and may hold, and what failed since it was opened.

    ``evicted``: certificates that made room for others. ``failed_writes``: those that the disk refused or was too slow for, or that came
    when too many waited. ``failed_reads``: those that could not be read in time or at all. ``damaged``: files that were not what their
    name says, and were removed.
    """

    held: int
    max_files: int
    size_bytes: int
    max_bytes: int
    evicted: int
    failed_writes: int
    failed_reads: int
    damaged: int


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A certificate on its way to the disk; ``context`` is that of the request which made it."""

    certificate: Certificate
    kept: "asyncio.Future[bool]"
    context: Context


class CertificateStore:
    """Keeps at most ``max_files`` certificates of ``max_bytes`` together; the oldest go first."""

    def __init__(self, path: Path, *, max_files: int, max_bytes: int) -> None:
        """Open the folder at ``path``. Raises OSError."""
        self._directory = BoundedDirectory(path, max_files=max_files, max_bytes=max_bytes)
        self._bounds = (max_files, max_bytes)
        # Each of these is counted on one thread only: the first three on the event loop's, the last one on the disk's.
        self._late_writes = self._refused_writes = self._failed_reads = 0
        self._damaged = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="certificates")
        # What waits for the disk, and what is being written now: together, for a change of threads costs more than a file.
        self._waiting: list[_Waiting] = []
        self._writing = 0
        self._closed = False

    async def keep(self, certificate: Certificate) -> bool:
        """Whether the certificate is on disk now, or was already."""
        if certificate.id in self._directory:
            return True
        if self._closed or len(self._waiting) + self._writing >= _MAX_WAITING:
            self._late_writes += 1
            return False
        kept: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(certificate, kept, copy_context()))
        if not self._writing:
            self._write_those_who_wait()
        await asyncio.wait((kept,), timeout=_WRITE_TIMEOUT_S)
        self._late_writes += not kept.done()
        return kept.done() and kept.result()

    def stats(self) -> StoreStats:
        """The figures now."""
        max_files, max_bytes = self._bounds
        return StoreStats(
            held=len(self._directory),
            max_files=max_files,
            size_bytes=self._directory.total_bytes,
            max_bytes=max_bytes,
            evicted=self._directory.evicted,
            failed_writes=self._late_writes + self._refused_writes,
            failed_reads=self._failed_reads,
            damaged=self._damaged,
        )

    def holds(self, certificate_id: str) -> bool:
        """Whether ``get`` would find it, as far as this process knows."""
        return certificate_id in self._directory

    async def get(self, certificate_id: str) -> Certificate | None:
        """The certificate with this id (64 hexadecimal digits).

        ``None`` when it is not kept, or its file is damaged. Raises StorageUnavailable.
        """
        reading = asyncio.get_running_loop().run_in_executor(self._thread, copy_context().run, self._read, certificate_id)
        try:
            async with asyncio.timeout(_READ_TIMEOUT_S):
                return await reading
        except (TimeoutError, OSError) as error:
            self._failed_reads += 1
            raise StorageUnavailable(f"the certificate store cannot be read now: {error or 'it is too slow'}") from error

    def close(self) -> None:
        """Finish what is being written; what still waits is not kept."""
        self._closed = True
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _write_those_who_wait(self) -> None:
        batch, self._waiting = self._waiting, []
        self._writing = len(batch)
        writing = asyncio.get_running_loop().run_in_executor(self._thread, self._write, [one.certificate for one in batch])
        writing.add_done_callback(lambda done: self._written(batch, done))

    def _written(self, batch: "list[_Waiting]", writing: "asyncio.Future[list[bool | OSError]]") -> None:
        self._writing = 0
        failed = writing.cancelled() or writing.exception()
        if isinstance(failed, BaseException):
            _log.error("%d certificates could not be kept", len(batch), exc_info=failed)
        outcomes = [False] * len(batch) if failed else writing.result()
        for one, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, OSError):
                self._refused_writes += 1
                # In the words of the request that it belongs to.
                one.context.run(_log.warning, "certificate %s could not be kept: %s", one.certificate.id, outcome)
            if not one.kept.done():
                one.kept.set_result(outcome is True)
        if self._closed:
            for one in self._waiting:
                if not one.kept.done():
                    one.kept.set_result(False)
            self._waiting.clear()
        elif self._waiting:
            self._write_those_who_wait()

    def _write(self, certificates: Sequence[Certificate]) -> list[bool | OSError]:
        return self._directory.write_all([(certificate.id, _sealed(certificate)) for certificate in certificates])

    def _read(self, certificate_id: str) -> Certificate | None:
        data = self._directory.read(certificate_id)
        if data is None:
            return None
        try:
            return _unsealed(data, certificate_id)
        except MalformedCertificate as error:
            self._damaged += 1
            _log.error("the file of certificate %s is damaged and was removed: %s", certificate_id, error)
            self._directory.discard(certificate_id)
            return None


def _sealed(certificate: Certificate) -> bytes:
    body = to_json(certificate.as_json())
    return b"%b%b\n%b" % (_HEAD, hashlib.sha256(body).hexdigest().encode(), body)


def _unsealed(data: bytes, certificate_id: str) -> Certificate:
    head, _, body = data.partition(b"\n")
    if head != _HEAD + hashlib.sha256(body).hexdigest().encode():
        raise MalformedCertificate("its bytes do not fit the hash at its head")
    certificate = Certificate.read(body)
    if certificate.id != certificate_id:
        raise MalformedCertificate(f"it holds the certificate {certificate.id}")
    return certificate
