"""Backups are whole, private and verified, say what was absent, and are never all removed by a wrong clock."""

import gzip
import hashlib
import io
import json
import os
import random
import resource
import signal
import stat
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from e2e.running import ROOT
from projects import backup_of, contents, make_project

from logos_pxl.ops.archive import ArchiveRefused, Places, digest_file, verified
from logos_pxl.ops.backup import KEEP_AT_LEAST, NAME, archives, back_up, collect, prune
from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.report import Check, Report, Status
from logos_pxl.ops.restore import chosen, restore
from logos_pxl.ops.running import Operator
from logos_pxl.settings import Settings

NOW = datetime(2026, 1, 31, tzinfo=UTC)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good one."""
    return backup_of(make_project(tmp_path_factory.mktemp("project")), tmp_path_factory.mktemp("backups")).path


def check(report: Report, name: str) -> Check:
    [found] = [one for one in report.checks() if one.name == name]
    return found


def backed_up(folder: Path, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> Report:
    """``pxl ops backup`` in this folder, where no service answers."""
    monkeypatch.chdir(folder)
    return back_up(Operator.of(Settings.of({}, ops_url="http://127.0.0.1:1", **settings)), folder=None, keep_days=None)


def test_an_archive_is_private_and_plain_tools_read_it(archive: Path, tmp_path: Path) -> None:
    """Mode 0600; ``tar`` lists and unpacks it, ``sha256sum`` checks it, and the manifest has the digest of each file."""
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    listed = subprocess.run(["tar", "-tzf", str(archive)], capture_output=True, text=True, check=True)
    assert (listed.stderr, listed.stdout.splitlines()[0]) == ("", "MANIFEST.json")
    subprocess.run(["sha256sum", "--check", "--status", digest_file(archive).name], cwd=archive.parent, check=True)
    subprocess.run(["tar", "-xzf", str(archive), "-C", str(tmp_path)], check=True)
    manifest = json.loads((tmp_path / "MANIFEST.json").read_bytes())
    unpacked = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert unpacked == {"MANIFEST.json", *manifest["files"]}
    for name, entry in manifest["files"].items():
        data = (tmp_path / name).read_bytes()
        assert entry == {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def test_expected_files_that_are_absent_make_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backup without the file of the keys is no success, and the archive itself says what was absent."""
    make_project(tmp_path)
    assert backed_up(tmp_path, monkeypatch).status is Status.FINE
    (tmp_path / ".env").unlink()
    report = backed_up(tmp_path, monkeypatch)
    absent = check(report, "expected files that were absent")
    assert (report.status, absent.value) == (Status.ATTENTION, 1)
    assert absent.advice.startswith(".env: ")
    assert verified(Path(report.sections[0].data["path"])).absent == [".env"]


def test_what_is_expected_depends_on_the_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a service in compose needs its compose file; a warning every night would be read by nobody."""
    make_project(tmp_path)
    (tmp_path / "docker-compose.prod.yml").unlink()
    assert backed_up(tmp_path, monkeypatch, ops_target="systemd").status is Status.FINE
    assert "docker-compose.prod.yml" in check(
        backed_up(tmp_path, monkeypatch, ops_target="compose"), "expected files that were absent"
    ).advice  # fmt: skip


def test_links_out_of_their_folder_and_devices_are_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a warning. A link within a folder is archived as a file, as mounted configurations have them."""
    places = make_project(tmp_path)
    (tmp_path / "configs" / "..data").mkdir()
    (tmp_path / "configs" / "..data" / "real.toml").write_text("A = 1\n")
    (tmp_path / "configs" / "inside.toml").symlink_to("..data/real.toml")
    (tmp_path / "configs" / "outside.toml").symlink_to("/etc/hostname")
    os.mkfifo(tmp_path / "kubernetes" / "pipe")
    found = collect(places)
    assert found.files["configs/inside.toml"].read_text() == "A = 1\n"
    assert [text.partition(":")[0] for text in found.skipped] == ["configs/outside.toml", "kubernetes/pipe"]
    (tmp_path / "configs" / "inside.toml").unlink()
    assert check(backed_up(tmp_path, monkeypatch), "files skipped").status is Status.ATTENTION


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    """Neither an archive nor a part of one; the message says why."""
    places = make_project(tmp_path / "here")
    with file_size_limit(2000), pytest.raises(OperationFailed, match=r"could not be written.*File too large; nothing was left behind"):
        backup_of(places, tmp_path / "backups")
    assert list((tmp_path / "backups").iterdir()) == []


def test_an_empty_folder_is_no_backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive of nothing would look like a backup."""
    with pytest.raises(OperationFailed, match="nothing to back up"):
        backed_up(tmp_path, monkeypatch)


def made_on(folder: Path, *days: int) -> list[Path]:
    """Archives whose manifests say that they were made so many days before ``NOW``; their names say nothing."""
    paths = []
    for number, ago in enumerate(days):
        paths.append(folder / f"{NAME}_2026010{number // 10}_00000{number % 10}.tar.gz")
        paths[-1].write_bytes(built(manifest_of({}, created=(NOW - timedelta(days=ago)).isoformat())))
    return paths


def test_a_wrong_clock_does_not_remove_the_last_archives(tmp_path: Path) -> None:
    """In 2099 every archive is old: the newest seven by their manifests stay."""
    paths = made_on(tmp_path, *range(10, 20))
    removed, _ = prune(tmp_path, NAME, keep_days=30, now=datetime(2099, 1, 1, tzinfo=UTC))
    assert KEEP_AT_LEAST == 7
    assert removed == [path.name for path in paths[7:]]
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in paths[:7]}


def test_old_archives_go_with_their_digests_and_unreadable_ones_stay(tmp_path: Path) -> None:
    """Age is told by the manifest. What cannot be read is reported, and left to a person."""
    paths = made_on(tmp_path, 1, 2, 3, 4, 5, 6, 7, 29, 31, 400)
    for path in paths:
        digest_file(path).touch()
    (tmp_path / f"{NAME}_20250101_000000.tar.gz").write_bytes(b"damaged")
    removed, unreadable = prune(tmp_path, NAME, keep_days=30, now=NOW)
    assert removed == [paths[8].name, paths[9].name]
    assert not digest_file(paths[8]).exists()
    assert unreadable == [f"{NAME}_20250101_000000.tar.gz"]


def test_the_newest_is_chosen_by_its_manifest(tmp_path: Path) -> None:
    """Neither by its name nor by the time of the file; a damaged one is passed over."""
    paths = made_on(tmp_path, 3, 1, 2)
    os.utime(paths[2], (4e9, 4e9))
    assert [path for _, path in archives(tmp_path, NAME)] == [paths[1], paths[2], paths[0]]
    assert chosen(tmp_path) == paths[1]
    paths[1].write_bytes(paths[1].read_bytes()[:-8] + b"damaged!")
    assert chosen(tmp_path) == paths[2]


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
    """Why an archive with these bytes is not restored. Nothing is touched then."""
    path = folder / "given.tar.gz"
    path.write_bytes(data)
    make_project(folder / "target")
    before = contents(folder / "target")
    with pytest.raises(ArchiveRefused, match="nothing of it was used") as caught:
        restore(path, Places.below(folder / "target"), safety_folder=folder / "backups")
    assert contents(folder / "target") == before
    assert not (folder / "backups").exists()
    return str(caught.value)


@pytest.mark.parametrize("seed", range(40))
def test_a_flipped_bit_of_a_file_is_refused(archive: Path, tmp_path: Path, seed: int) -> None:
    """Anywhere in the compressed bytes, also without the file that has the archive's digest."""
    chance = random.Random(seed)
    data = bytearray(archive.read_bytes())
    # The ten bytes before them say nothing of the content: the time, the system.
    place = len(data) - 1 - chance.randrange(8) if seed % 3 == 0 else chance.randrange(10, len(data))
    data[place] ^= 1 << chance.randrange(8)
    refusal(bytes(data), tmp_path)


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.99])
def test_what_was_cut_off_is_refused(archive: Path, tmp_path: Path, share: float) -> None:
    """At any length."""
    data = archive.read_bytes()
    refusal(data[: int(share * len(data))], tmp_path)


def test_the_digest_beside_an_archive_is_compared(archive: Path, tmp_path: Path) -> None:
    """It covers every byte."""
    copy = tmp_path / archive.name
    copy.write_bytes(archive.read_bytes())
    digest_file(copy).write_text(f"{'0' * 64}  {copy.name}\n")
    with pytest.raises(ArchiveRefused, match="do not fit the SHA-256"):
        verified(copy)


def manifest_of(held: dict[str, bytes], **changed: Any) -> bytes:
    entries = {name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in held.items()}
    document = {"format": "pxl-backup/2", "created": NOW.isoformat(), "version": "1", "kernel_hash": None, "absent": [], "files": entries}
    return json.dumps(document | changed).encode()


def built(manifest: bytes, *members: tarfile.TarInfo | tuple[str, bytes]) -> bytes:
    """An archive of anything."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for member in (("MANIFEST.json", manifest), *members):
            info, data = (member, b"") if isinstance(member, tarfile.TarInfo) else (tarfile.TarInfo(member[0]), member[1])
            if not isinstance(member, tarfile.TarInfo):
                info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def special(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


ENV = (".env", b"A=1\n")
GOOD = manifest_of(dict([ENV]))
UNSAFE = "/etc/passwd", "../up", "configs/../../up", "configs//x", "configs/./x", "src/x.py", "configs/a\nb", "configs\\x", "logs/other"


@pytest.mark.parametrize("name", UNSAFE)
def test_unsafe_names_are_refused(tmp_path: Path, name: str) -> None:
    """In the manifest, as a file and as a folder."""
    data = b"x"
    assert "its manifest is wrong" in refusal(built(manifest_of({name: data}), (name, data)), tmp_path)
    assert "unsafe" in (said := refusal(built(GOOD, ENV, (name, data)), tmp_path)) or "holds no such file" in said
    if name not in ("logs/other", "src/x.py"):
        refusal(built(GOOD, ENV, special(name, tarfile.DIRTYPE)), tmp_path)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_refused(tmp_path: Path, kind: bytes) -> None:
    """Under allowed names too."""
    assert "is not a plain file" in refusal(built(GOOD, special(".env", kind, "/etc/passwd")), tmp_path)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (built(GOOD), "missing"),
        (built(GOOD, ENV, ENV), "twice"),
        (built(GOOD, ENV, ("configs/a", b"")), "not in its manifest"),
        (built(GOOD, (".env", b"A=2\n")), "not what its manifest says"),
        (built(GOOD, (".env", b"A=1\n\n")), "not what its manifest says"),
        (built(b"{}"), "its manifest is wrong"),
        (built(manifest_of({}, format="pxl-backup/9")), "its manifest is wrong at ('format',)"),
        (gzip.compress(b"", mtime=0), "empty"),
        (gzip.compress(gzip.decompress(built(GOOD, ENV)) + b"more"), "more bytes after its last file"),
        (gzip.compress(gzip.decompress(built(GOOD, ENV)) + bytes(1 << 20)), "more bytes after its last file"),
        (b"no gzip", "not a gzip file"),
    ],
)
def test_whatever_is_not_as_the_manifest_says_is_refused(tmp_path: Path, data: bytes, says: str) -> None:
    """Missing, twice, more, other bytes, another format, no archive."""
    assert says in refusal(data, tmp_path)


def test_an_archive_of_the_former_format_is_restored(tmp_path: Path) -> None:
    """Whose manifest had a list, and whose last member was an empty gzip with a comment."""
    entry = {"name": ".env", "mode": 0o600, "bytes": 4, "sha256": hashlib.sha256(ENV[1]).hexdigest(), "mtime_ns": 0}
    manifest = manifest_of({}, format="pxl-backup/1", files=[entry], folders=[])
    trailer = b"\x1f\x8b\x08\x10\x00\x00\x00\x00\x00\xffsha256:" + b"0" * 64 + b"\x00\x03\x00" + bytes(8)
    (tmp_path / "old.tar.gz").write_bytes(built(manifest, ENV) + trailer)
    restore(tmp_path / "old.tar.gz", Places.below(tmp_path / "there"), safety_folder=tmp_path)
    assert (tmp_path / "there" / ".env").read_bytes() == ENV[1]


def test_the_manuals_script_backs_up_and_restores(tmp_path: Path) -> None:
    """``backup_config.sh`` and ``restore_config.sh`` are the commands, with the settings of their own folder."""
    for script, arguments in (("backup_config.sh", ["--to", str(tmp_path)]), ("restore_config.sh", ["--check", str(tmp_path)])):
        ran = subprocess.run(
            [str(ROOT / "scripts" / script), *arguments, "--json"], capture_output=True, text=True, check=False, timeout=60
        )
        report = json.loads(ran.stdout)
        assert report["exit_status"] == ran.returncode < 2
        assert report["asked"]["folder"] == str(ROOT)
