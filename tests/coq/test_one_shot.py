"""``PXL Check``: the same check under other hosts of Coq."""

import hashlib
import struct
import subprocess
from pathlib import Path

import pytest
import wire

from logos_pxl.kernel import CheckKind
from logos_pxl.settings import Settings


def command(kind: CheckKind, goal: bytes, certificate: bytes) -> str:
    payload = bytes([1, kind.value]) + struct.pack(">QB", 7, 3) + struct.pack(">I", len(goal)) + goal + certificate
    return f'PXL Check "{payload.hex()}".'


@pytest.fixture
def run_in(tmp_path: Path):
    coq = Settings.load().session().coq_dir
    paths = ["-q", "-Q", str(coq / "theories"), "PXL", "-I", str(coq / "plugin"), "-Q", str(coq / "plugin"), "PXL.Plugin"]

    def run(host: str, line: str) -> subprocess.CompletedProcess[str]:
        source = f"Require Import PXL.Plugin.Command.\n{line}\n"
        if host == "coqc":
            file = tmp_path / f"check_{hashlib.sha256(line.encode()).hexdigest()[:8]}.v"
            file.write_text(source)
            return subprocess.run(["coqc", *paths, file], capture_output=True, text=True, timeout=60, check=False)
        return subprocess.run([host, *paths], input=source, capture_output=True, text=True, timeout=60, check=False)

    return run


@pytest.mark.parametrize("host", ["coqc", "coqtop"])
@pytest.mark.parametrize("example", wire.examples(), ids=lambda example: f"{example.kind.name}-{example.accepted}")
def test_the_verdict_is_that_of_a_session(run_in, host: str, example: wire.Example) -> None:
    """Accepted with the statement, or an error that says that it was not."""
    done = run_in(host, command(example.kind, example.goal, example.certificate))
    said = done.stdout + done.stderr
    assert ("accepted: " in said and "not accepted" not in said) is example.accepted, said
    if not example.accepted:
        assert "not accepted: " in said
    if host == "coqc":
        assert (done.returncode == 0) is example.accepted


@pytest.mark.parametrize(
    ("hexadecimal", "complaint"),
    [
        ("0", "odd number"),
        ("zz", "not a hexadecimal digit"),
        ("", "ends too early"),
        ("02" + "00" * 30, "protocol version 2"),
        ("01" + "63" + "00" * 30, "unknown kind"),
    ],
)
def test_a_malformed_request_is_an_error(run_in, hexadecimal: str, complaint: str) -> None:
    """What cannot be read is told, and Coq goes on."""
    done = run_in("coqc", f'PXL Check "{hexadecimal}".')
    assert done.returncode != 0
    assert complaint in done.stderr
