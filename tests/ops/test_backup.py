"""Backups are whole, private and verified; an archive that differs from what was written in anything is refused."""

import gzip
import hashlib
import io
import json
import os
import random
import re
import resource
import signal
import stat
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from projects import KERNEL_HASH, backup_of, contents, make_project

from logos_pxl.ops.backup import tape
from logos_pxl.ops.backup.collecting import collect
from logos_pxl.ops.backup.envelope import TRAILER_BYTES, manifest_tar, trailer
from logos_pxl.ops.backup.manifest import ArchiveRefused
from logos_pxl.ops.backup.naming import archive_name, outdated
from logos_pxl.ops.backup.places import Part, Places
from logos_pxl.ops.backup.reading import Archive
from logos_pxl.ops.backup.restoring import restore
from logos_pxl.ops.backup.writing import write_archive
from logos_pxl.ops.errors import OperationFailed


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good one."""
    return backup_of(make_project(tmp_path_factory.mktemp("project")), tmp_path_factory.mktemp("backups")).path


def test_a_restore_elsewhere_gives_equal_files(tmp_path: Path) -> None:
    """Bytes, modes, times and empty folders of everything that was backed up, and nothing else."""
    places = make_project(tmp_path / "here")
    written = backup_of(places, tmp_path / "backups")
    restore(written.path, Places.below(tmp_path / "there"), list(Part))
    before, after = contents(tmp_path / "here"), contents(tmp_path / "there")
    assert {name: found for name, found in before.items() if not name.startswith("src")} == after


def test_an_archive_is_private_and_plain_tar_reads_it(archive: Path, tmp_path: Path) -> None:
    """Mode 0600; the manual's ``tar -tzf`` lists it, ``tar -xzf`` unpacks what its manifest names."""
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    assert list(archive.parent.iterdir()) == [archive]
    listed = subprocess.run(["tar", "-tzf", str(archive)], capture_output=True, text=True, check=True)
    assert listed.stderr == ""
    subprocess.run(["tar", "-xzf", str(archive), "-C", str(tmp_path)], check=True)
    manifest = json.loads((tmp_path / "MANIFEST.json").read_bytes())
    assert listed.stdout.splitlines()[0] == "MANIFEST.json"
    assert {"version", "kernel_hash", "created"} <= manifest.keys()
    for entry in manifest["files"]:
        unpacked = (tmp_path / entry["name"]).read_bytes()
        assert (len(unpacked), hashlib.sha256(unpacked).hexdigest()) == (entry["bytes"], entry["sha256"])


def test_only_what_is_asked_for_is_in_it(tmp_path: Path) -> None:
    """Configuration alone has neither logs nor certificates."""
    written = backup_of(make_project(tmp_path / "here"), tmp_path / "backups", parts=(Part.CONFIGURATION,))
    roots = {entry.name.partition("/")[0] for entry in written.manifest.files}
    assert roots == {".env", "configs", "docker-compose.prod.yml", "kubernetes", "monitoring", "nginx"}


def test_links_out_of_their_folder_and_devices_are_skipped_and_told(tmp_path: Path) -> None:
    """A link within a folder is kept as the file that it leads to, as mounted configurations have them."""
    places = make_project(tmp_path)
    (tmp_path / "configs" / "..data").mkdir()
    (tmp_path / "configs" / "..data" / "real.toml").write_text("A = 1\n")
    (tmp_path / "configs" / "inside.toml").symlink_to("..data/real.toml")
    (tmp_path / "configs" / "outside.toml").symlink_to("/etc/hostname")
    (tmp_path / "monitoring" / "folder").symlink_to("/etc")
    os.mkfifo(tmp_path / "kubernetes" / "pipe")
    found = collect(places, list(Part))
    assert found.files["configs/inside.toml"].read_text() == "A = 1\n"
    assert sorted(found.skipped) == [
        "configs/outside.toml is a link that leaves its folder",
        "kubernetes/pipe is no plain file",
        "monitoring/folder is a link to a folder",
    ]


def test_what_goes_away_meanwhile_is_told(tmp_path: Path) -> None:
    """Certificates are evicted at any time: that is no failure."""
    places = make_project(tmp_path)
    found = collect(places, list(Part))
    gone = next(name for name in found.files if name.startswith("var/certificates/"))
    found.files[gone].unlink()
    written = write_archive(tmp_path / "backups", found, kernel_hash=None)
    assert written.gone == (gone,)
    assert gone not in {entry.name for entry in written.manifest.files}


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    """Neither an archive nor a part of one; the message says why."""
    places = make_project(tmp_path / "here")
    with file_size_limit(2000), pytest.raises(OperationFailed, match=r"could not be written.*File too large; nothing was left behind"):
        backup_of(places, tmp_path / "backups")
    assert list((tmp_path / "backups").iterdir()) == []


def test_an_empty_folder_is_no_backup(tmp_path: Path) -> None:
    """An archive of nothing would look like a backup."""
    with pytest.raises(OperationFailed, match="nothing to back up"):
        backup_of(Places.below(tmp_path), tmp_path / "backups")


def test_old_archives_go_but_never_the_newest_good_one(tmp_path: Path) -> None:
    """Also when the newest good one is the oldest of all; other files stay."""
    now = datetime(2026, 1, 31, tzinfo=UTC)
    paths = {days: tmp_path / archive_name(now - timedelta(days=days)) for days in (0, 29, 31, 400)}
    for path in (*paths.values(), tmp_path / "logos-pxl-config_20250101_000000.tar.gz.part", tmp_path / "notes"):
        path.touch()
    assert list(outdated(tmp_path, newest_good=paths[0], keep_days=30, now=now)) == [paths[31], paths[400]]
    assert list(outdated(tmp_path, newest_good=paths[400], keep_days=30, now=now)) == [paths[31]]
    assert set(outdated(tmp_path, newest_good=paths[0], keep_days=0, now=now)) == {paths[29], paths[31], paths[400]}


# What must be refused.


@contextmanager
def file_size_limit(longest: int) -> Iterator[None]:
    """As on a full disk: no file may become longer."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (longest, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def refusal(data: bytes, folder: Path) -> str:
    """Why an archive with these bytes is not restored; nothing was written when it was not."""
    path = folder / "given.tar.gz"
    path.write_bytes(data)
    target = folder / "target"
    with pytest.raises(ArchiveRefused) as refused:
        restore(path, Places.below(target), list(Part))
    assert not target.exists()
    message = str(refused.value)
    assert message.startswith(f"{path}: ")
    assert message.endswith("; nothing of it was used")
    return message.removeprefix(f"{path}: ").removesuffix("; nothing of it was used")


@pytest.mark.parametrize("seed", range(60))
def test_a_flipped_bit_is_refused(archive: Path, tmp_path: Path, seed: int) -> None:
    """Anywhere: in heads that programs ignore, in the manifest, in a file, in the digest itself."""
    chance = random.Random(seed)
    data = bytearray(archive.read_bytes())
    # The first and the last hundred bytes are where formats have their seams.
    place = chance.choice([chance.randrange(100), len(data) - 1 - chance.randrange(TRAILER_BYTES), chance.randrange(len(data))])
    data[place] ^= 1 << chance.randrange(8)
    assert "does not end as a backup" in (said := refusal(bytes(data), tmp_path)) or "do not fit the SHA-256" in said


@pytest.mark.parametrize("seed", range(20))
def test_what_was_cut_off_or_lengthened_is_refused(archive: Path, tmp_path: Path, seed: int) -> None:
    """At any length, down to nothing."""
    chance = random.Random(seed)
    data = archive.read_bytes()
    cut = data + chance.randbytes(chance.randrange(1, 600)) if seed % 4 == 3 else data[: seed and chance.randrange(len(data))]
    assert "does not end as a backup" in refusal(cut, tmp_path)


def sealed(first: bytes, second: bytes) -> bytes:
    """Two tars as an archive whose digest fits: what somebody makes who knows the format."""
    data = gzip.compress(first, 1, mtime=0) + gzip.compress(second, 1, mtime=0)
    return data + trailer(hashlib.sha256(data).hexdigest())


def entry_of(name: str, data: bytes, **changed: Any) -> dict[str, Any]:
    return {"name": name, "mode": 0o644, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "mtime_ns": 10**18, **changed}


def manifest_of(*files: dict[str, Any], **changed: Any) -> bytes:
    document = {"format": "pxl-backup/1", "created": "2026-01-31T09:30:00+00:00", "version": "1", "kernel_hash": KERNEL_HASH}
    return json.dumps({**document, "files": files, "folders": [], **changed}).encode()


def tar_of(*files: tuple[str, bytes], behind: bytes = b"") -> bytes:
    parts = [tape.head(name, size=len(data), mode=0o644, mtime_s=10**9) + data + tape.filling(len(data)) for name, data in files]
    whole = b"".join(parts)
    return whole + behind + tape.ending(len(whole) + len(behind))


ENV = (".env", b"A=1\n")
TOML = ("configs/a.toml", b"B = 2\n")


def made(*files: tuple[str, bytes], manifest: bytes | None = None, body: bytes | None = None) -> bytes:
    given = manifest if manifest is not None else manifest_of(*(entry_of(*file) for file in files))
    return sealed(manifest_tar(given), tar_of(*files) if body is None else body)


def test_an_archive_that_is_made_by_hand_would_be_good(tmp_path: Path) -> None:
    """So that what is refused below is refused for what is wrong with it."""
    path = tmp_path / "given.tar.gz"
    path.write_bytes(made(ENV, TOML))
    with Archive.open(path) as archive:
        archive.verify()


def test_an_archive_that_lists_no_folders_is_restored_all_the_same(tmp_path: Path) -> None:
    """Its files find a folder, also where there is none yet; nothing is left half-way."""
    path = tmp_path / "given.tar.gz"
    files = (TOML, ("logs/archive/performance_20260131.json", b"{}"), ("var/certificates/ab", b"x"))
    path.write_bytes(made(*files))
    restore(path, Places.below(tmp_path / "target"), list(Part))
    assert all((tmp_path / "target" / name).read_bytes() == data for name, data in files)


def test_a_place_that_cannot_be_is_told_before_anything_changes(tmp_path: Path) -> None:
    """A file stands where a folder must be."""
    path = tmp_path / "given.tar.gz"
    path.write_bytes(made(ENV, ("logs/archive/performance_20260131.json", b"{}")))
    (tmp_path / "target" / "logs").mkdir(parents=True)
    (tmp_path / "target" / "logs" / "archive").write_text("a file")
    with pytest.raises(OperationFailed, match=r"could not be prepared: Not a directory: .*logs/archive; nothing was changed"):
        restore(path, Places.below(tmp_path / "target"), list(Part))
    assert not (tmp_path / "target" / ".env").exists()


def linked(kind: bytes) -> bytes:
    """A member that is no plain file, under a name that the manifest has."""
    info = tarfile.TarInfo(".env")
    info.type, info.linkname, info.mode, info.mtime = kind, "/etc/passwd", 0o644, 10**9
    return info.tobuf(tarfile.USTAR_FORMAT)


def repacked() -> bytes:
    """By a tar program."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, data in (("MANIFEST.json", manifest_of(entry_of(*ENV))), ENV):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "repacked by tar": (repacked, "does not end as a backup"),
    "no archive": (lambda: b"#!/bin/sh\n" * 100, "does not end as a backup"),
    "changed content": (lambda: made(ENV, manifest=manifest_of(entry_of(".env", b"A=2\n"))), "do not fit their SHA-256"),
    "longer content": (lambda: made(ENV, manifest=manifest_of(entry_of(".env", b"A=1"))), "stands a file of that name and 4 bytes"),
    "a changed hash": (lambda: made(ENV, manifest=manifest_of(entry_of(*ENV, sha256="0" * 64))), "do not fit their SHA-256"),
    "a changed mode": (lambda: made(ENV, manifest=manifest_of(entry_of(*ENV, mode=0o666))), "another mode, time or owner"),
    "setuid": (lambda: made(ENV, manifest=manifest_of(entry_of(*ENV, mode=0o4755))), "files.0.mode: Input should be less than or equal"),
    "another format": (lambda: made(ENV, manifest=manifest_of(entry_of(*ENV), format="pxl-backup/2")), "at format: "),
    "no hash of a kernel": (lambda: made(ENV, manifest=manifest_of(entry_of(*ENV), kernel_hash="x")), "at kernel_hash: "),
    "an unknown member": (lambda: made(ENV, manifest=manifest_of(entry_of(*ENV), extra=1)), "at extra: "),
    "no JSON": (lambda: made(ENV, manifest=b"{"), "Invalid JSON"),
    "a missing file": (lambda: made(ENV, manifest=manifest_of(entry_of(*ENV), entry_of(*TOML))), "where its manifest has configs/a.toml"),
    "a file too many": (lambda: made(ENV, TOML, manifest=manifest_of(entry_of(*ENV))), "longer than its manifest says|does not end where"),
    "another order": (lambda: made(TOML, ENV), "comes twice, or not in its order"),
    "a file twice": (lambda: made(ENV, ENV), "'.env' comes twice"),
    "twice in the tar alone": (
        lambda: made(ENV, manifest=manifest_of(entry_of(*ENV)), body=tar_of(ENV, ENV)),
        "does not end where|longer than its manifest",
    ),
    "a file as a folder": (lambda: made(("configs/a", b""), ("configs/a/b", b"")), "stands below a file"),
    "out of the folder": (lambda: made(("configs/../../x", b"")), r"leaves the folder \(\.\.\)"),
    "just out of it": (lambda: made(("../.env", b"")), r"leaves the folder \(\.\.\)"),
    "an absolute path": (lambda: made(("/etc/cron.d/x", b"")), "it is absolute"),
    "a dot": (lambda: made(("configs/./x", b"")), "an empty piece or a dot"),
    "two slashes": (lambda: made(("configs//x", b"")), "an empty piece or a dot"),
    "a backslash": (lambda: made(("configs/..\\x", b"")), "backslash"),
    "a line feed": (lambda: made(("configs/a\nb", b"")), "cannot be printed"),
    "source code": (lambda: made(("src/logos_pxl/sources.py", b"")), "a backup holds nothing there"),
    "a folder of compose": (lambda: made(("docker-compose/x.yml", b"")), "a backup holds nothing there"),
    "its own journal": (lambda: made((".pxl-restore/journal.json", b"{}")), "a backup holds nothing there"),
    "a folder outside": (
        lambda: made(ENV, manifest=manifest_of(entry_of(*ENV), folders=[{"name": "..", "mode": 0o755}])),
        "folders.0.name: .*leaves the folder",
    ),
    "a symbolic link": (lambda: made(ENV, body=linked(tarfile.SYMTYPE) + tape.ending(512)), "stands a link, a device or the like"),
    "a hard link": (lambda: made(ENV, body=linked(tarfile.LNKTYPE) + tape.ending(512)), "stands a link, a device or the like"),
    "a device": (lambda: made(ENV, body=linked(tarfile.CHRTYPE) + tape.ending(512)), "stands a link, a device or the like"),
    "a pipe": (lambda: made(ENV, body=linked(tarfile.FIFOTYPE) + tape.ending(512)), "stands a link, a device or the like"),
    "an extended head": (lambda: made(ENV, body=linked(tarfile.XHDTYPE) + tape.ending(512)), "stands a link, a device or the like"),
    "no tar": (lambda: made(ENV, body=b"x" * 10240), "something that is no head of a tar"),
    "something behind a file": (lambda: made(ENV, body=tar_of(ENV).replace(b"A=1\n\0", b"A=1\nx")), "something stands behind .env"),
    "something behind the end": (lambda: made(ENV, body=tar_of(ENV)[:-1] + b"x"), "does not end where"),
    "a bomb": (lambda: made(ENV, body=tar_of(ENV) + bytes(50 << 20)), "longer than its manifest says"),
    "a bomb for a manifest": (lambda: sealed(manifest_tar(bytes(65 << 20)), tar_of(ENV)), "manifest is longer than"),
    "two files at its head": (lambda: sealed(manifest_tar(manifest_of(entry_of(*ENV))) + tar_of(ENV), tar_of(ENV)), "does not begin with"),
    "no manifest": (lambda: sealed(tar_of(ENV), tar_of(ENV)), "does not begin with the file MANIFEST.json alone"),
    "nothing behind the manifest": (
        lambda: (data := gzip.compress(manifest_tar(manifest_of(entry_of(*ENV))), mtime=0)) + trailer(hashlib.sha256(data).hexdigest()),
        "its files end in the middle",
    ),
    "a stream behind the files": (
        lambda: (data := made(ENV)[:-TRAILER_BYTES] + gzip.compress(b"x")) + trailer(hashlib.sha256(data).hexdigest()),
        "something stands behind its files",
    ),
    "more than can be anywhere": (
        lambda: made(ENV, manifest=manifest_of(entry_of(*ENV, bytes=1 << 50))),
        "files.0.bytes: Input should be less than or equal",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_forged_archive_is_refused(tmp_path: Path, name: str) -> None:
    """Its digest fits, and something else is wrong; the message says what."""
    forge, says = HOSTILE[name]
    said = refusal(forge(), tmp_path)
    assert re.search(says, said), said


def test_a_pipe_and_a_folder_are_no_archives(tmp_path: Path) -> None:
    """Nobody waits for a writer that never comes."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(ArchiveRefused, match=r"it is no file|Is a directory"), Archive.open(path):
            pass
    with pytest.raises(ArchiveRefused, match="No such file"), Archive.open(tmp_path / "nothing"):
        pass
