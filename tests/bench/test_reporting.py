"""Reports keep what was measured."""

import math
import tarfile
from pathlib import Path

import pytest
from bench.figures import median, percentile, shown
from bench.lwb import ArchiveMissing, problems
from bench.reporting import Floor, Part, Table, write_summary


def part() -> Part:
    """A small part."""
    return Part(
        name="http",
        title="Small goals",
        measured_on="2 cores",
        remarks=["A remark."],
        floors=[Floor("latency", "at most 5 ms", "7 ms", passed=False)],
        findings=["a finding"],
        tables=[Table("Latency", ["clients", "p50 (ms)"], [[1, 1.234], [16, None]])],
        plots=["latency.svg"],
        rows=[{"latency_ms": math.nan}],
    )


def test_the_percentile_is_a_measured_value() -> None:
    """Nearest rank: never an average of two measurements."""
    assert [percentile([4, 1, 3, 2], p) for p in (25, 50, 75, 95, 100)] == [1, 2, 3, 4, 4]
    assert math.isnan(median([]))


def test_figures_are_shown_with_three_digits() -> None:
    """Large and small numbers stay readable, and what is missing is a dash."""
    assert [shown(value) for value in (1234567, 1234.5, 0.012345, None, math.nan, True)] == [
        "1,234,567",
        "1,234",
        "0.0123",
        "-",
        "-",
        "yes",
    ]


def test_a_part_that_was_saved_reads_the_same(tmp_path: Path) -> None:
    """The summary can be made from an earlier run's parts."""
    part().save(tmp_path)
    loaded = Part.load(tmp_path, "http")
    assert loaded is not None
    assert loaded.lines() == part().lines()
    assert Part.load(tmp_path, "lwb") is None


def test_the_summary_tells_floors_that_were_missed(tmp_path: Path) -> None:
    """A missed floor is written in capitals, with the figure and the bound."""
    part().save(tmp_path)
    assert "FAIL: latency: 7 ms (floor: at most 5 ms)" in write_summary(tmp_path).read_text()


def test_the_problems_are_read_in_order(tmp_path: Path) -> None:
    """By family and by size; what a family's name ends in tells what is expected."""
    for name in ("k_x_n.0010", "k_x_n.0002", "k_x_p.0001"):
        (tmp_path / f"{name}.intohylo").write_text("begin p end")
    archive = tmp_path / "archive.tar"
    with tarfile.open(archive, "w") as opened:
        for path in tmp_path.glob("*.intohylo"):
            opened.add(path, f"LWB/{path.name}")
    found = problems(archive)
    assert [(p.family, p.size, p.expected) for p in found] == [("k_x_n", 2, None), ("k_x_n", 10, None), ("k_x_p", 1, "valid")]


def test_a_missing_archive_is_told_with_what_to_do(tmp_path: Path) -> None:
    """Without an archive nothing is measured and nothing is counted as decided."""
    for archive in (None, tmp_path / "none.tar.xz"):
        with pytest.raises(ArchiveMissing, match="PXL_LWB_ARCHIVE"):
            problems(archive)
