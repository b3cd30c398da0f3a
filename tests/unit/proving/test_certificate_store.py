"""Certificates on disk."""

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from logos_pxl.errors import StorageUnavailable
from logos_pxl.kernel import CheckKind
from logos_pxl.proving import Certificate, CertificateStore, Versions

CERTIFICATE = Certificate(
    kind=CheckKind.COUNTERMODEL,
    goal="BOX(A)",
    evidence=b"\x01\x00",
    kernel_hash="ab" * 32,
    versions=Versions(coq="8.16.1", theory="1.0.0", engine="0.1.0", service="0.5.0"),
    statement=None,
    created="2025-10-19T09:00:00.000+00:00",
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CertificateStore]:
    opened = CertificateStore(tmp_path / "certificates", max_files=100, max_bytes=1 << 20)
    yield opened
    opened.close()


async def test_what_is_kept_is_found_by_its_id(store: CertificateStore) -> None:
    """A kept certificate comes back whole; an id that was never kept gives nothing."""
    assert await store.keep(CERTIFICATE)
    assert await store.get(CERTIFICATE.id) == CERTIFICATE
    assert await store.get("00" * 32) is None


async def test_a_certificate_survives_a_restart(store: CertificateStore, tmp_path: Path) -> None:
    """Another store over the same folder finds it."""
    await store.keep(CERTIFICATE)
    again = CertificateStore(tmp_path / "certificates", max_files=100, max_bytes=1 << 20)
    assert await again.get(CERTIFICATE.id) == CERTIFICATE
    again.close()


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: b"",
        lambda data: data.replace(b"BOX(A)", b"BOX(B)"),
        lambda data: data.replace(b"8.16.1", b"8.16.2"),
    ],
)
async def test_a_damaged_file_is_refused_and_made_anew(store: CertificateStore, tmp_path: Path, damage) -> None:
    """A cut, an emptied and a changed file are all noticed, whatever was changed; the next verdict writes the file again."""
    await store.keep(CERTIFICATE)
    file = tmp_path / "certificates" / CERTIFICATE.id
    file.write_bytes(damage(file.read_bytes()))
    assert await store.get(CERTIFICATE.id) is None
    assert await store.keep(CERTIFICATE)
    assert await store.get(CERTIFICATE.id) == CERTIFICATE


async def test_one_certificates_file_does_not_pass_for_anothers(store: CertificateStore, tmp_path: Path) -> None:
    """A whole file under the wrong name is refused."""
    await store.keep(CERTIFICATE)
    folder = tmp_path / "certificates"
    shutil.copy(folder / CERTIFICATE.id, folder / ("00" * 32))
    assert await store.get("00" * 32) is None


async def test_a_disk_that_refuses_costs_a_false_and_nothing_more(store: CertificateStore, tmp_path: Path) -> None:
    """Keeping never raises."""
    shutil.rmtree(tmp_path / "certificates")
    assert await store.keep(CERTIFICATE) is False


async def test_the_store_tells_what_it_holds_and_what_failed(store: CertificateStore, tmp_path: Path) -> None:
    """Each kind of failure is counted once, and the bounds stand beside what they bound."""
    await store.keep(CERTIFICATE)
    file = tmp_path / "certificates" / CERTIFICATE.id
    stats = store.stats()
    assert (stats.held, stats.max_files, stats.size_bytes, stats.max_bytes) == (1, 100, file.stat().st_size, 1 << 20)
    assert (stats.failed_writes, stats.failed_reads, stats.damaged) == (0, 0, 0)
    file.write_bytes(b"damaged")
    await store.get(CERTIFICATE.id)
    file.mkdir()
    with pytest.raises(StorageUnavailable):
        await store.get(CERTIFICATE.id)
    await store.keep(CERTIFICATE)
    stats = store.stats()
    assert (stats.held, stats.failed_writes, stats.failed_reads, stats.damaged) == (0, 1, 1, 1)
    assert stats.evicted == 0


async def test_many_at_once_are_all_kept_or_told_not_to_be(store: CertificateStore) -> None:
    """A burst over the bound on waiting writes is answered at once with false for the rest; what was answered with true is there."""
    burst = [replace(CERTIFICATE, goal=f"p{number}") for number in range(600)]
    kept = await asyncio.gather(*(store.keep(certificate) for certificate in burst))
    assert 0 < sum(kept) < 600
    last = max(number for number, answer in enumerate(kept) if answer)
    assert await store.get(burst[last].id) == burst[last]
    assert await store.get(burst[kept.index(False)].id) is None
