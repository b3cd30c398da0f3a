"""A folder bounded in number and bytes."""

import os
from pathlib import Path

import pytest

from logos_pxl.proving.bounded_directory import BoundedDirectory


def names(path: Path) -> set[str]:
    return {entry.name for entry in path.iterdir()}


def test_the_oldest_files_go_when_there_are_too_many(tmp_path: Path) -> None:
    """The number of files stays within its bound."""
    directory = BoundedDirectory(tmp_path, max_files=2, max_bytes=1000)
    for name in ("a", "b", "c"):
        assert directory.write(name, b"x")
    assert names(tmp_path) == {"b", "c"}
    assert (len(directory), directory.evicted) == (2, 1)


def test_the_oldest_files_go_when_there_are_too_many_bytes(tmp_path: Path) -> None:
    """The bytes stay within their bound, and as many files go as it takes."""
    directory = BoundedDirectory(tmp_path, max_files=10, max_bytes=10)
    for name, size in (("a", 4), ("b", 4), ("c", 9)):
        assert directory.write(name, bytes(size))
    assert names(tmp_path) == {"c"}
    assert directory.total_bytes == 9


def test_a_file_that_is_written_again_is_counted_once_and_young(tmp_path: Path) -> None:
    """Writing under a known name replaces the file and its age."""
    directory = BoundedDirectory(tmp_path, max_files=2, max_bytes=1000)
    for name in ("a", "b", "a", "c"):
        directory.write(name, b"12345")
    assert names(tmp_path) == {"a", "c"}
    assert directory.total_bytes == 10


def test_a_file_over_the_bound_is_not_kept_and_displaces_nothing(tmp_path: Path) -> None:
    """One file that is too large by itself is refused, and the others stay."""
    directory = BoundedDirectory(tmp_path, max_files=2, max_bytes=10)
    directory.write("a", b"x")
    assert not directory.write("b", bytes(11))
    assert names(tmp_path) == {"a"}


def test_a_bound_of_no_files_keeps_nothing(tmp_path: Path) -> None:
    """Zero switches keeping off."""
    assert not BoundedDirectory(tmp_path, max_files=0, max_bytes=10).write("a", b"x")
    assert names(tmp_path) == set()


def test_a_reopened_folder_knows_its_files_and_their_ages(tmp_path: Path) -> None:
    """After a restart the bound counts what is there, and the oldest still goes first."""
    for age, name in enumerate(("young", "old")):
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    directory = BoundedDirectory(tmp_path, max_files=2, max_bytes=1000)
    assert directory.read("old") == b"x"
    directory.write("new", b"x")
    assert names(tmp_path) == {"young", "new"}


def test_a_folder_opened_with_smaller_bounds_is_cut_down_at_once(tmp_path: Path) -> None:
    """Bounds hold from the opening on."""
    for name in "abc":
        (tmp_path / name).write_bytes(b"x")
    assert len(BoundedDirectory(tmp_path, max_files=1, max_bytes=1000)) == 1
    assert len(names(tmp_path)) == 1


def test_half_written_files_of_a_dead_writer_are_removed(tmp_path: Path) -> None:
    """What a killed process left half-written neither counts nor stays; that of a living one is left alone."""
    dead, living = tmp_path / f".a.{2**22 + 1}.writing", tmp_path / f".b.{os.getppid()}.writing"
    dead.write_bytes(b"ha")
    living.write_bytes(b"ha")
    directory = BoundedDirectory(tmp_path, max_files=5, max_bytes=1000)
    assert names(tmp_path) == {living.name}
    assert len(directory) == 0


def test_a_failed_write_raises_and_leaves_no_trace(tmp_path: Path) -> None:
    """When the disk refuses, the file that was there before is untouched and nothing half-written stays."""
    directory = BoundedDirectory(tmp_path / "kept", max_files=5, max_bytes=1000)
    directory.write("a", b"before")
    (tmp_path / "kept" / f".b.{os.getpid()}.writing").mkdir()
    with pytest.raises(OSError, match="directory"):
        directory.write("b", b"x")
    assert directory.read("a") == b"before"
    assert "b" not in directory
    assert directory.total_bytes == 6


@pytest.mark.parametrize("name", ["", "..", "../a", "a/b", ".hidden", "a\0b", "a" * 201])
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    """No name reaches outside the folder."""
    directory = BoundedDirectory(tmp_path, max_files=5, max_bytes=1000)
    with pytest.raises(ValueError, match="not a file name"):
        directory.read(name)


def test_a_file_that_somebody_removed_is_forgotten(tmp_path: Path) -> None:
    """Reading what is gone gives nothing, and its bytes no longer count."""
    directory = BoundedDirectory(tmp_path, max_files=5, max_bytes=1000)
    directory.write("a", b"x")
    (tmp_path / "a").unlink()
    assert directory.read("a") is None
    assert directory.total_bytes == 0


def test_many_are_written_each_for_itself(tmp_path: Path) -> None:
    """One that the disk refuses, or that is too large, takes nothing from the others; what is over the bound goes, oldest first."""
    directory = BoundedDirectory(tmp_path, max_files=3, max_bytes=1000)
    directory.write("first", b"1")
    (tmp_path / "refused").mkdir()
    written, refused, too_large, *others = directory.write_all(
        [("a", b"1"), ("refused", b"2"), ("large", b"x" * 1001), ("b", b"3"), ("c", b"4"), ("d", b"5")]
    )
    assert (written, too_large, others) == (True, False, [True, True, True])
    assert isinstance(refused, IsADirectoryError)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["b", "c", "d", "refused"]
    assert (len(directory), directory.total_bytes, directory.evicted) == (3, 3, 2)
    assert directory.read("c") == b"4"
