"""A restore changes everything or nothing, wherever it is cut off, and can be undone."""

import os
import resource
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from killing import in_child
from projects import Contents, backup_of, contents, make_project

from logos_pxl.errors import ConfigurationError
from logos_pxl.ops.backup.places import Part, Places
from logos_pxl.ops.backup.restoring import finish, restore, undo
from logos_pxl.ops.backup.swapping import Swaps
from logos_pxl.ops.errors import OperationFailed
from logos_pxl.settings import Settings
from logos_pxl.sources import Sources

PARTS = list(Part)


@pytest.fixture
def fast(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory, where there is one: hundreds of restores wait for a disk hundreds of times."""
    memory = Path("/dev/shm")
    if not (memory.is_dir() and os.access(memory, os.W_OK)):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="pxl-", dir=memory) as folder:
        yield Path(folder)


def killed_everywhere(work: Callable[[Path], None], prepare: Callable[[Path], None], folder: Path) -> "list[tuple[int, Path]]":
    """A folder for each place in which ``work`` was killed, and in the end the one in which it was not."""
    places = []
    for number in range(1, 5000):
        here = folder / str(number)
        prepare(here)
        status = in_child(lambda here=here: work(here), killed_at=number)
        places.append((number, here))
        if status == 0:
            return places
        assert os.WIFSIGNALED(status), f"it ended by itself with status {status}"
    raise AssertionError("it never ended")


def expected_after(old: Contents, new: Contents) -> Contents:
    """What a restore of ``new`` makes of ``old``: configuration as it was, history and certificates added to, the rest left alone."""
    replaced = ("configs/", "kubernetes/", "monitoring/", "nginx/")
    kept = {name: found for name, found in old.items() if not name.startswith(replaced)}
    return {**kept, **{name: found for name, found in new.items() if not name.startswith("src")}}


def configuration(folder: Path) -> Settings:
    """What a service that starts in the folder would have."""
    return Settings.of(Sources({}, folder=folder).read())


def test_a_restore_over_another_state_gives_the_archives(tmp_path: Path) -> None:
    """Configuration becomes what it was, to the last file; history and certificates of other days stay."""
    archive = backup_of(make_project(tmp_path / "new", generation="new"), tmp_path / "backups").path
    places = make_project(tmp_path / "old", generation="former")
    before = contents(tmp_path / "old")
    restored = restore(archive, places, PARTS)
    after = contents(tmp_path / "old")
    assert after == expected_after(before, contents(tmp_path / "new"))
    assert "configs/former.toml" not in after
    assert "logs/archive/performance_6.json" in after
    assert (restored.files, restored.same, restored.finished) == (12, 0, None)
    again = restore(archive, places, PARTS)
    assert (again.files, again.same) == (8, 4), "what stands there already is not written again"


def test_a_restore_is_undone_and_done_again(tmp_path: Path) -> None:
    """Undoing gives back every byte; undoing that restores again."""
    archive = backup_of(make_project(tmp_path / "new", generation="new"), tmp_path / "backups").path
    places = make_project(tmp_path / "here", generation="former")
    before = contents(tmp_path / "here")
    restore(archive, places, PARTS)
    after = contents(tmp_path / "here")
    for wanted in (before, after, before):
        undo(places)
        assert contents(tmp_path / "here") == wanted


def test_a_restore_into_nothing_is_undone_to_nothing(tmp_path: Path) -> None:
    """No file is left of it."""
    archive = backup_of(make_project(tmp_path / "new"), tmp_path / "backups").path
    places = Places.below(tmp_path / "here")
    restore(archive, places, PARTS)
    undo(places)
    assert [name for name, _ in contents(tmp_path / "here").items() if (tmp_path / "here" / name).is_file()] == []


def test_there_is_nothing_to_undo(tmp_path: Path) -> None:
    """And that is told."""
    with pytest.raises(OperationFailed, match="nothing was restored"):
        undo(Places.below(tmp_path))


def test_only_what_is_asked_for_is_restored(tmp_path: Path) -> None:
    """Certificates alone leave the configuration as it is."""
    archive = backup_of(make_project(tmp_path / "new", generation="new"), tmp_path / "backups").path
    places = make_project(tmp_path / "here", generation="former")
    before = contents(tmp_path / "here")
    assert restore(archive, places, [Part.CERTIFICATES]).files == 1
    changed = {name for name, found in contents(tmp_path / "here").items() if before.get(name) != found}
    assert len(changed) == 1
    assert all(name.startswith("var/certificates/") for name in changed)


def test_what_the_archive_does_not_hold_is_left_and_told(tmp_path: Path) -> None:
    """A backup that has no folder nginx is no order to remove it."""
    archive = backup_of(make_project(tmp_path / "new", generation="new"), tmp_path / "backups", parts=(Part.HISTORY,)).path
    places = make_project(tmp_path / "here")
    before = contents(tmp_path / "here")
    assert set(restore(archive, places, PARTS).left) == {
        ".env", "configs", "docker-compose.prod.yml", "kubernetes", "monitoring", "nginx"
    }  # fmt: skip
    assert {name: before[name] for name in before if not name.startswith("logs")}.items() <= contents(tmp_path / "here").items()


def test_folders_anywhere_are_restored_into(tmp_path: Path) -> None:
    """Where logs, data, the configuration and the environment file have other places, the archive's files go there."""
    new = make_project(tmp_path / "new", generation="new")
    archive = backup_of(new, tmp_path / "backups").path
    settings = Settings.of({}, log_dir=tmp_path / "l", data_dir=tmp_path / "d", config_dir=tmp_path / "c", env_file=tmp_path / "e")
    places = Places.of(settings, tmp_path / "here")
    restore(archive, places, PARTS)
    assert (tmp_path / "l" / "performance.json").read_bytes() == new.path_of("logs/performance.json").read_bytes()
    assert (tmp_path / "c" / "pxl.toml").read_bytes() == new.path_of("configs/pxl.toml").read_bytes()
    assert (tmp_path / "e").read_bytes() == new.env_file.read_bytes()
    assert len(list((tmp_path / "d" / "certificates").iterdir())) == 1
    again = backup_of(places, tmp_path / "backups")
    assert [(one.name, one.sha256, one.mode) for one in again.manifest.files] == [
        (one.name, one.sha256, one.mode) for one in backup_of(new, tmp_path / "backups").manifest.files
    ]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_restores_belongs_to_the_service(tmp_path: Path) -> None:
    """A service that is not root reads its configuration afterwards."""
    archive = backup_of(make_project(tmp_path / "new", generation="new"), tmp_path / "backups").path
    places = make_project(tmp_path / "here", generation="former")
    for path in (tmp_path / "here", *(tmp_path / "here").rglob("*")):
        os.chown(path, 123, 456)
    restore(archive, places, PARTS)
    owners = {(path.stat().st_uid, path.stat().st_gid) for path in (tmp_path / "here").rglob("*") if ".pxl-restore" not in path.parts}
    assert owners == {(123, 456)}


def test_a_restore_that_is_killed_leaves_the_old_or_the_new(fast: Path) -> None:
    """At every change of a file. Either nothing has changed, or the service refuses to start until ``--finish`` makes all of it new."""
    archive = backup_of(make_project(fast / "new", generation="new"), fast / "backups").path
    make_project(fast / "old", generation="former")
    old, new = contents(fast / "old"), contents(fast / "new")
    wanted = {"old": old, "new": expected_after(old, new)}
    seen = []

    def prepare(here: Path) -> None:
        shutil.copytree(fast / "old", here)

    def work(here: Path) -> None:
        restore(archive, Places.below(here), PARTS)

    for number, here in killed_everywhere(work, prepare, fast / "runs"):
        places = Places.below(here)
        if (here / ".pxl-restore" / "journal.json").exists():
            with pytest.raises(ConfigurationError, match="pxl ops restore --finish"):
                configuration(here)
            assert finish(places) is not None
            seen.append("finished")
            assert contents(here) == wanted["new"], f"killed at change {number}"
        else:
            found = contents(here)
            seen.append(next((name for name, state in wanted.items() if state == found), f"a mixture after change {number}"))
        assert configuration(here).pool_size == 3
        assert finish(places) is None
    assert set(seen) == {"old", "finished", "new"}
    assert seen.count("finished") > 20
    # Once new, always new: the old state never comes after it.
    assert seen == sorted(seen, key=["old", "finished", "new"].index)


def test_undoing_that_is_killed_leaves_the_old_or_the_new(fast: Path) -> None:
    """As a restore does; and a later restore finishes it first."""
    archive = backup_of(make_project(fast / "new", generation="new"), fast / "backups").path
    make_project(fast / "former", generation="former")
    old, new = contents(fast / "former"), contents(fast / "new")
    restored = expected_after(old, new)

    def prepare(here: Path) -> None:
        shutil.copytree(fast / "former", here)
        restore(archive, Places.below(here), PARTS)

    def work(here: Path) -> None:
        undo(Places.below(here))

    for number, here in killed_everywhere(work, prepare, fast / "runs"):
        with Swaps.of(here) as swaps:
            cut_off = swaps.pending is not None
        if cut_off and number % 2:
            assert finish(Places.below(here)) is not None
            assert contents(here) == old
        elif cut_off:
            assert "undoing" in str(restore(archive, Places.below(here), PARTS).finished)
            assert contents(here) == restored
        else:
            assert contents(here) in (old, restored)


def test_what_the_service_wrote_after_a_crash_gives_way(fast: Path) -> None:
    """Between the crash and the finishing a running service writes performance.json again: the archive's comes into its place."""
    archive = backup_of(make_project(fast / "new", generation="new"), fast / "backups").path
    for number in range(1, 2000):
        here = fast / str(number)
        places = make_project(here, generation="former")
        status = in_child(lambda places=places: restore(archive, places, PARTS) and None, killed_at=number, changes={"os.rename"})
        performance = here / "logs" / "performance.json"
        if (here / ".pxl-restore" / "journal.json").exists() and not performance.exists():
            performance.write_text("written by the service")
            assert finish(places) is not None
            assert '"generation": "new"' in performance.read_text()
            return
        assert status != 0
    raise AssertionError("it was never cut off there")


def test_a_full_disk_changes_nothing(tmp_path: Path) -> None:
    """The restore ends with the reason, nothing is left of it, and the service starts with what it had."""
    archive = backup_of(make_project(tmp_path / "new", generation="new"), tmp_path / "backups").path
    places = make_project(tmp_path / "here", generation="former")
    before = contents(tmp_path / "here")
    status = in_child(lambda: _with_little_room(archive, places), killed_at=0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert contents(tmp_path / "here") == before
    assert {path.name for path in (tmp_path / "here").rglob(".pxl-restore/*") if path.is_dir()} == set()
    assert configuration(tmp_path / "here").pool_size == 3


def _with_little_room(archive: Path, places: Places) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    with pytest.raises(OperationFailed, match=r"could not be prepared: File too large: .*; nothing was changed"):
        restore(archive, places, PARTS)


def test_two_restores_at_once_are_one(tmp_path: Path) -> None:
    """The second is refused while the first is at work."""
    archive = backup_of(make_project(tmp_path / "new"), tmp_path / "backups").path
    places = Places.below(tmp_path / "here")
    with Swaps.of(places.project), pytest.raises(OperationFailed, match="another restore is at work"):
        restore(archive, places, PARTS)


def test_a_journal_that_is_none_is_told(tmp_path: Path) -> None:
    """Nothing is guessed from it."""
    (tmp_path / ".pxl-restore").mkdir()
    (tmp_path / ".pxl-restore" / "journal.json").write_text("{}")
    with pytest.raises(OperationFailed, match="is no journal of a restore"):
        finish(Places.below(tmp_path))
