"""Files are replaced whole, or not at all."""

import os
import stat
from pathlib import Path

import pytest

from logos_pxl.durable import replace_file, replace_private_file, write_whole


def test_a_full_disk_is_told() -> None:
    """On a device that refuses every byte, the error is that of a full disk."""
    with pytest.raises(OSError, match="No space left"):
        write_whole(Path("/dev/full"), b"x")


def test_what_cannot_be_written_leaves_the_last_file_whole(tmp_path: Path) -> None:
    """Here the name beside it is taken by a folder."""
    place = tmp_path / "a"
    place.write_bytes(b"former")
    (tmp_path / ".a.new").mkdir()
    for replace in (replace_file, replace_private_file):
        with pytest.raises(OSError, match="Is a directory"):
            replace(place, b"new")
    assert place.read_bytes() == b"former"


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
def test_a_private_file_keeps_its_mode_and_its_owner(tmp_path: Path, mode: int) -> None:
    """Whoever could read it before can read it afterwards, and nobody else."""
    place = tmp_path / "env"
    place.write_bytes(b"former")
    place.chmod(mode)
    if os.geteuid() == 0:
        os.chown(place, 12, 34)
    replace_private_file(place, b"new")
    found = place.stat()
    assert (place.read_bytes(), stat.S_IMODE(found.st_mode)) == (b"new", mode)
    assert os.geteuid() != 0 or (found.st_uid, found.st_gid) == (12, 34)
    assert list(tmp_path.iterdir()) == [place]


def test_a_private_file_that_is_new_belongs_to_its_owner_alone(tmp_path: Path) -> None:
    """Nobody else may read it, also not while it is being written."""
    replace_private_file(tmp_path / "env", b"new")
    assert stat.S_IMODE((tmp_path / "env").stat().st_mode) == 0o600


def test_a_link_to_a_private_file_stays_one(tmp_path: Path) -> None:
    """What it leads to is replaced."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "real").write_bytes(b"former")
    (tmp_path / "env").symlink_to(tmp_path / "folder" / "real")
    replace_private_file(tmp_path / "env", b"new")
    assert (tmp_path / "env").is_symlink()
    assert (tmp_path / "folder" / "real").read_bytes() == b"new"
