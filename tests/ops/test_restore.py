"""A restore gives files back with owner and mode; a crash leaves each file whole; what it replaces is kept."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from killing import in_child
from projects import Contents, backup_of, contents, make_project

from logos_pxl.errors import ConfigurationError
from logos_pxl.ops import restore as restoring
from logos_pxl.ops.alone import alone_in
from logos_pxl.ops.archive import ArchiveRefused, Places
from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.report import Status
from logos_pxl.ops.restore import Restored, bring_back, restore, undo
from logos_pxl.ops.running import Operator
from logos_pxl.settings import Settings

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


def restored_in(archive: Path, folder: Path) -> Restored:
    return restore(archive, Places.below(folder), safety_folder=folder / "backups")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Of a project of the generation ``new``, which stands in ``tmp_path / "new"``."""
    return backup_of(make_project(tmp_path / "new", generation="new"), tmp_path / "backups").path


@pytest.fixture
def fast(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory, where there is one: hundreds of restores wait for a disk hundreds of times."""
    memory = Path("/dev/shm")
    if not (memory.is_dir() and os.access(memory, os.W_OK)):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="pxl-", dir=memory) as folder:
        yield Path(folder)


def files(found: Contents) -> Contents:
    """Without folders and what is no part of a backup. Times are whole microseconds in an archive."""
    return {name: (data, mode, 0) for name, (data, mode, mtime) in found.items() if mtime and not name.startswith("src")}


def expected_after(old: Contents, new: Contents) -> Contents:
    """Configuration folders become the archive's; history and certificates are added to; the rest is left alone."""
    replaced = ("configs/", "kubernetes/", "monitoring/", "nginx/")
    return {**{name: found for name, found in files(old).items() if not name.startswith(replaced)}, **files(new)}


def test_a_restore_elsewhere_gives_equal_files(archive: Path, tmp_path: Path) -> None:
    """Bytes and modes of everything, empty and private folders too."""
    restored_in(archive, tmp_path / "there")
    before, after = contents(tmp_path / "new"), contents(tmp_path / "there")
    assert files(after) == files(before)
    assert stat.S_IMODE((tmp_path / "there" / "configs" / "deep").stat().st_mode) == 0o750
    assert (tmp_path / "there" / "configs" / "empty").is_dir()
    assert (tmp_path / "there" / ".env").stat().st_mtime == pytest.approx((tmp_path / "new" / ".env").stat().st_mtime)


def test_a_restore_over_another_state_gives_the_archives(archive: Path, tmp_path: Path) -> None:
    """Configuration becomes what it was, to the last file; history and certificates of other days stay."""
    make_project(tmp_path / "old", generation="former")
    before = contents(tmp_path / "old")
    restored = restored_in(archive, tmp_path / "old")
    assert files(contents(tmp_path / "old")) == expected_after(before, contents(tmp_path / "new"))
    assert restored.removed == ["configs/former.toml"]
    assert restored_in(archive, tmp_path / "old").replaced == []


def test_a_restore_is_undone_by_its_safety_copy(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``--undo`` restores it, and can be undone in turn; a restore of the folder never takes a safety copy for a backup."""
    make_project(tmp_path / "here", generation="former")
    monkeypatch.chdir(tmp_path / "here")
    operator = Operator.of(Settings.of({}, backup_dir=tmp_path / "backups"))
    before = files(contents(tmp_path / "here"))
    assert bring_back(operator, tmp_path / "backups").status is Status.FINE
    after = files(contents(tmp_path / "here"))
    for wanted in (before, after):
        assert undo(operator).status is Status.FINE
        assert {name: found for name, found in files(contents(tmp_path / "here")).items() if name in wanted} == wanted
    assert bring_back(operator, tmp_path / "backups").sections[0].data["archive"] == str(archive)


def test_there_is_nothing_to_undo(tmp_path: Path) -> None:
    """And that is told, with the folder."""
    with pytest.raises(OperationFailed, match=f"{tmp_path} has no before-restore"):
        undo(Operator.of(Settings.of({}, backup_dir=tmp_path)))


def test_folders_anywhere_are_restored_into(archive: Path, tmp_path: Path) -> None:
    """Where logs, data, the configuration and the environment file have other places, the archive's files go there; links stay."""
    (tmp_path / "real-env").write_text("A=1\n")
    (tmp_path / "e").symlink_to("real-env")
    settings = Settings.of({}, log_dir=tmp_path / "l", data_dir=tmp_path / "d", config_dir=tmp_path / "c", env_file=tmp_path / "e")
    restore(archive, Places.of(settings, tmp_path / "here"), safety_folder=tmp_path / "safety")
    new = tmp_path / "new"
    assert (tmp_path / "l" / "performance.json").read_bytes() == (new / "logs" / "performance.json").read_bytes()
    assert (tmp_path / "c" / "pxl.toml").read_bytes() == (new / "configs" / "pxl.toml").read_bytes()
    assert (tmp_path / "e").is_symlink()
    assert (tmp_path / "real-env").read_bytes() == (new / ".env").read_bytes()
    assert len(list((tmp_path / "d" / "certificates").iterdir())) == 1


@as_root
def test_owner_and_mode_are_kept(tmp_path: Path) -> None:
    """Also for a service that runs as another user than the one who restores."""
    places = make_project(tmp_path / "new")
    for path in (tmp_path / "new", *(tmp_path / "new").rglob("*")):
        os.chown(path, 123, 456)
    (tmp_path / "new" / "configs" / "pxl.toml").chmod(0o640)
    os.chown(tmp_path / "new" / "configs" / "pxl.toml", 123, 789)
    archive = backup_of(places, tmp_path / "backups").path
    shutil.rmtree(tmp_path / "new" / "configs")
    (tmp_path / "new" / ".env").write_text("")
    restored_in(archive, tmp_path / "new")
    status = (tmp_path / "new" / "configs" / "pxl.toml").stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (123, 789, 0o640)
    status = (tmp_path / "new" / ".env").stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (123, 456, 0o600)
    assert {path.stat().st_uid for path in (tmp_path / "new").rglob("*") if "backups" not in path.parts} == {123}


@as_root
def test_the_services_user_can_read_what_root_restores(archive: Path, tmp_path: Path) -> None:
    """A private file of root's in the archive is given to the owner of the service's folders, and the report says so."""
    make_project(tmp_path / "here", generation="former")
    for path in (tmp_path / "here", *(tmp_path / "here").rglob("*")):
        os.chown(path, 123, 456)
    restored = restored_in(archive, tmp_path / "here")
    assert restored.adopted == [".env"]
    status = (tmp_path / "here" / ".env").stat()
    assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (123, 0o600)


def test_a_restore_that_is_killed_leaves_each_file_whole(fast: Path) -> None:
    """At every change of a file; and the next restore ends it, whatever was left."""
    archive = backup_of(make_project(fast / "new", generation="new"), fast / "backups").path
    make_project(fast / "former", generation="former")
    old, new = files(contents(fast / "former")), files(contents(fast / "new"))
    wanted = expected_after(contents(fast / "former"), contents(fast / "new"))
    mixed = 0
    for number in range(1, 2000):
        here = fast / "runs" / str(number)
        shutil.copytree(fast / "former", here)
        status = in_child(lambda here=here: restored_in(archive, here) and None, killed_at=number)
        found = files(contents(here))
        for name, one in found.items():
            if not name.endswith(".restoring"):
                assert one in (old.get(name), new.get(name)), f"{name} after change {number}"
        changed = any(found.get(name) != one for name, one in old.items())
        if changed:
            assert list((here / "backups").glob("before-restore_*.tar.gz")), "the former state is safe before the first file changes"
        mixed += changed and found != wanted
        restored_in(archive, here)
        assert files(contents(here)) == wanted
        shutil.rmtree(here)
        if status == 0:
            assert mixed > 5
            return
    raise AssertionError("it never ended")


def test_a_full_disk_changes_nothing(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is written beside its place first."""
    make_project(tmp_path / "here", generation="former")
    before = contents(tmp_path / "here")
    write, calls = restoring._write, iter(range(100))

    def full(*arguments: object) -> None:
        if next(calls) == 5:
            raise OSError(28, "No space left on device")
        write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(restoring, "_write", full)
    with pytest.raises(OperationFailed, match=r"No space left on device.*nothing was changed"):
        restored_in(archive, tmp_path / "here")
    assert contents(tmp_path / "here") == before


def test_a_link_that_leaves_its_folder_is_not_followed(archive: Path, tmp_path: Path) -> None:
    """Who can write into a folder of the service cannot have root write elsewhere."""
    make_project(tmp_path / "here")
    shutil.rmtree(tmp_path / "here" / "configs" / "deep")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "here" / "configs" / "deep").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ArchiveRefused, match="is a link that leaves"):
        restored_in(archive, tmp_path / "here")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_broken_configuration_is_mended(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be why somebody restores."""
    make_project(tmp_path / "here", generation="former")
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "here" / ".env").write_text("no line\n")
    with pytest.raises(ConfigurationError):
        Settings.load()
    assert bring_back(Operator.of(restoring.settings_for_restoring()), archive).status is Status.FINE
    assert Settings.load().pool_size == 3


def test_a_damaged_archive_is_critical(archive: Path, tmp_path: Path) -> None:
    """Cron must report it."""
    archive.write_bytes(archive.read_bytes()[:-9])
    report = bring_back(Operator.of(Settings.of({})), archive, target=tmp_path / "there")
    assert report.status is Status.CRITICAL
    assert "nothing of it was used" in report.summary
    assert not (tmp_path / "there").exists()


def test_one_restore_at_a_time(archive: Path, tmp_path: Path) -> None:
    """Two would mix their files."""
    (tmp_path / "here").mkdir()
    with alone_in(tmp_path / "here", "restore"), pytest.raises(OperationFailed, match="another restore is at work"):
        restored_in(archive, tmp_path / "here")
