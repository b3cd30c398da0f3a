"""The kernel's hash and versions."""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from logos_pxl.errors import KernelNotBuilt
from logos_pxl.kernel import KernelIdentity
from logos_pxl.kernel.confined import confined_command, confined_environment, coqtop_arguments
from logos_pxl.kernel.identity import hash_kernel, kernel_files
from logos_pxl.settings import SessionSettings


@pytest.fixture
def copied(session_settings: SessionSettings, tmp_path: Path) -> SessionSettings:
    """A compiled kernel that may be spoilt."""
    copy = tmp_path / "coq"
    shutil.copytree(session_settings.coq_dir, copy)
    return replace(session_settings, coq_dir=copy)


def test_the_identity_is_the_same_for_the_same_bytes(session_settings: SessionSettings, copied: SessionSettings) -> None:
    """A copied kernel has the same hash, wherever it lies."""
    identity = KernelIdentity.of(session_settings)
    assert identity == KernelIdentity.of(copied)
    assert len(bytes.fromhex(identity.kernel_hash)) == 32
    assert identity.coq_version == "8.16.1"


def test_what_a_session_loads_is_hashed(session_settings: SessionSettings, tmp_path: Path) -> None:
    """Of each library of ours that Coq lists as loaded, the compiled file is hashed."""
    script = tmp_path / "libraries.v"
    script.write_text("Require Import PXL.Plugin.Command.\nPrint Libraries.\n")
    command = confined_command(session_settings, [*coqtop_arguments(session_settings), "-l", str(script)], report_fd=None)
    said = subprocess.run(command, env=confined_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    loaded = {word for word in said.stdout.split() if word.startswith("PXL.")}
    coq = session_settings.coq_dir
    names = [file.relative_to(coq).with_suffix("").parts for file in kernel_files(coq) if file.suffix == ".vo"]
    assert len(loaded) > 5
    assert loaded <= {".".join(("PXL", *(parts[1:] if parts[0] == "theories" else ("Plugin", *parts[1:])))) for parts in names}
    assert [file.suffix for file in kernel_files(coq) if file.parent.name == "plugin"].count(".cmxs") == 1


def test_one_changed_byte_changes_the_hash(copied: SessionSettings) -> None:
    """Every file counts, in every byte."""
    before = hash_kernel(copied.coq_dir)
    for file in kernel_files(copied.coq_dir):
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
        assert hash_kernel(copied.coq_dir) != before
        before = hash_kernel(copied.coq_dir)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda coq: (coq / "theories/Kernel/Soundness.vo").unlink(),
        lambda coq: [file.unlink() for file in coq.glob("plugin/*.cmxs")],
        lambda coq: shutil.rmtree(coq / "theories/Checker"),
    ],
)
def test_a_kernel_that_is_not_built_is_refused(copied: SessionSettings, spoil: Callable[[Path], object]) -> None:
    """A missing compiled file is an error that says how to build it."""
    spoil(copied.coq_dir)
    with pytest.raises(KernelNotBuilt, match="make build"):
        KernelIdentity.of(copied)


def test_a_kernel_that_coq_refuses_is_refused(copied: SessionSettings) -> None:
    """A file that does not fit the others is found at the start, with Coq's own words."""
    (copied.coq_dir / "theories/Kernel/Syntax.vo").write_bytes(b"not a compiled file")
    with pytest.raises(KernelNotBuilt, match="Syntax"):
        KernelIdentity.of(copied)


def test_a_program_that_is_not_coq_is_refused(session_settings: SessionSettings) -> None:
    """PXL_COQTOP names something else: the error says what it is that does not speak the protocol."""
    with pytest.raises(KernelNotBuilt, match="/bin/echo does not speak the session protocol"):
        KernelIdentity.of(replace(session_settings, coqtop=Path("/bin/echo")))
