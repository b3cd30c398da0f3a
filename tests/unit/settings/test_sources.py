"""Where values come from, and in which order."""

from pathlib import Path

import pytest

from logos_pxl.errors import ConfigurationError
from logos_pxl.settings.sources import Sources


def write(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def found(folder: Path, **environment: str) -> dict[str, tuple[str, str]]:
    return {name: (held.value, held.origin) for name, held in Sources(environment, folder=folder).read().items()}


def test_the_last_source_counts(tmp_path: Path) -> None:
    """Files in configs/ by name, then the environment file, then the environment; each value knows its source."""
    write(tmp_path, "configs/10.toml", 'A = "toml 10"\nB = "toml 10"\nC = "toml 10"\nD = "toml 10"\n')
    write(tmp_path, "configs/20.toml", 'B = "toml 20"\nC = "toml 20"\nD = "toml 20"\n')
    write(tmp_path, ".env", "C=env file\nD=env file\n")
    assert found(tmp_path, D="environment") == {
        "A": ("toml 10", "configs/10.toml"),
        "B": ("toml 20", "configs/20.toml"),
        "C": ("env file", ".env"),
        "D": ("environment", "environment"),
    }


def test_an_empty_value_is_no_value(tmp_path: Path) -> None:
    """It does not hide what an earlier source says."""
    write(tmp_path, "configs/a.toml", 'A = "toml"\nB = ""\n')
    write(tmp_path, ".env", "A=\nB=\n")
    assert found(tmp_path, A="", B="") == {"A": ("toml", "configs/a.toml")}


def test_toml_values_are_those_of_the_environment(tmp_path: Path) -> None:
    """Numbers, truth values and lists are written as the environment would have them."""
    write(tmp_path, "configs/a.toml", 'I = 5\nF = 0.5\nT = true\nN = false\nL = ["/a", "/b"]\n')
    assert {name: value for name, (value, _) in found(tmp_path).items()} == {"I": "5", "F": "0.5", "T": "true", "N": "false", "L": "/a,/b"}


def test_env_files_are_read_as_shells_and_compose_read_them(tmp_path: Path) -> None:
    """Comments, export, quotes, nothing expanded; of two lines for one name the last counts."""
    write(tmp_path, ".env", "# a comment\nexport A=1\nB='two words' # why\nC=\"x\\ny\"\nD=${A}$(id)\nE=1\nE=2\n\n")
    assert {name: value for name, (value, _) in found(tmp_path).items()} == {
        "A": "1",
        "B": "two words",
        "C": "x\ny",
        "D": "${A}$(id)",
        "E": "2",
    }


def test_no_files_are_no_trouble(tmp_path: Path) -> None:
    """Neither folder nor file need be there, unless they were named."""
    assert found(tmp_path, A="1") == {"A": ("1", "environment")}
    for name in ("PXL_CONFIG_DIR", "PXL_ENV_FILE"):
        with pytest.raises(ConfigurationError, match=rf"{name}='nowhere': no such (folder|file)"):
            found(tmp_path, **{name: "nowhere"})


def test_other_places_may_be_named(tmp_path: Path) -> None:
    """Relative to the current folder, or absolute."""
    write(tmp_path, "etc/a.toml", "A = 1\n")
    write(tmp_path, "etc/pxl.env", "B=2\n")
    assert found(tmp_path, PXL_CONFIG_DIR="etc", PXL_ENV_FILE=str(tmp_path / "etc" / "pxl.env")).keys() == {
        "A",
        "B",
        "PXL_CONFIG_DIR",
        "PXL_ENV_FILE",
    }


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("configs/a.toml", "A = \n", r"configs/a.toml: .*line 1"),
        ("configs/a.toml", "[A]\nB = 1\n", r"configs/a.toml: A is a table"),
        ("configs/a.toml", "A = [1]\n", r"configs/a.toml: A is an array of other values"),
        ("configs/a.toml", "A = 2020-01-01\n", r"configs/a.toml: A is a date"),
        ("configs/a.toml", "PXL_ENV_FILE = 'x'\n", r"configs/a.toml: PXL_ENV_FILE names the files to read"),
        (".env", "A=1\nthis is secret\n", r"\.env, line 2: not a NAME=value line"),
        (".env", "A=1\n'\n", r"\.env, line 2"),
        (".env", "1A=secret\n", r"\.env, line 1"),
        (".env", "PXL_CONFIG_DIR=x\n", r"\.env: PXL_CONFIG_DIR names the files to read"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_its_place(tmp_path: Path, name: str, text: str, told: str) -> None:
    """And without what stands there: it may be a key."""
    write(tmp_path, name, text)
    with pytest.raises(ConfigurationError, match=told) as wrong:
        found(tmp_path)
    assert "secret" not in str(wrong.value)


@pytest.mark.parametrize("name", ["configs/a.toml", ".env"])
def test_what_is_no_utf8_is_told(tmp_path: Path, name: str) -> None:
    """With the file's name."""
    (tmp_path / "configs").mkdir()
    (tmp_path / name).write_bytes(b"A='\xff'\n")
    with pytest.raises(ConfigurationError, match=name):
        found(tmp_path)


def test_a_copy_in_the_environment_does_not_hide_the_file(tmp_path: Path) -> None:
    """A variable that had the same value in both when they were first read is the file's: changed there, removed there."""
    write(tmp_path, ".env", "A=1\nB=1\nC=1\n")
    sources = Sources({"A": "1", "B": "1", "C": "2"}, folder=tmp_path)
    assert {name: (held.value, held.origin) for name, held in sources.read().items()} == {
        "A": ("1", ".env"),
        "B": ("1", ".env"),
        "C": ("2", "environment"),
    }
    write(tmp_path, ".env", "A=2\nC=3\n")
    assert {name: held.value for name, held in sources.read().items()} == {"A": "2", "C": "2"}


def test_reading_again_after_a_failure_gives_what_is_there(tmp_path: Path) -> None:
    """A broken file leaves nothing behind."""
    write(tmp_path, ".env", "A=1\n")
    sources = Sources({"A": "1"}, folder=tmp_path)
    sources.read()
    write(tmp_path, ".env", "A\n")
    with pytest.raises(ConfigurationError):
        sources.read()
    write(tmp_path, ".env", "A=2\n")
    assert sources.read()["A"].value == "2"
