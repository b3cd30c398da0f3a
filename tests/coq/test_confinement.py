"""What a session cannot do, tried by real processes under the launcher that starts sessions."""

import json
import os
import resource
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conftest import OpenPool

from logos_pxl.kernel.confined import confined_command, confined_environment, coqtop_arguments
from logos_pxl.settings import SessionSettings


def run_confined(settings: SessionSettings, argv: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a program in a session's place."""
    return subprocess.run(
        confined_command(settings, argv, report_fd=None),
        env=confined_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        **options,
    )


def attempt(settings: SessionSettings, code: str) -> Any:
    """Run Python code in a session's place; what it prints, read as JSON."""
    ended = run_confined(settings, [str(settings.python), "-I", "-c", f"import json, os, resource, socket\n{code}"])
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


async def test_what_was_applied_is_told(open_pool: OpenPool) -> None:
    """The pool tells what the newest session gave up; the limits are in force everywhere, the rest as far as the system allows."""
    pool = await open_pool()
    applied = pool.stats().confinement
    assert applied["parent_death"] == "applied"
    assert applied["limit_fsize"] == "0"
    assert applied["limit_core"] == "0"
    assert {"landlock", "seccomp", "limit_as", "limit_stack", "limit_cpu", "limit_nofile"} <= applied.keys()


def test_a_confined_process_opens_no_socket(session_settings: SessionSettings) -> None:
    """No network, not even to this machine."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for family in ("AF_INET", "AF_INET6"):
            tried = attempt(
                session_settings,
                f"try:\n socket.socket(socket.{family}).connect(('127.0.0.1', {port}))\n print('\"connected\"')\n"
                "except OSError as error:\n print(json.dumps(error.strerror))",
            )
            assert tried != "connected"


@pytest.mark.parametrize("how", ["'w'", "'a'", "'r+'"])
def test_a_confined_process_writes_no_file(session_settings: SessionSettings, tmp_path: Path, how: str) -> None:
    """No file is made, changed or emptied."""
    kept = tmp_path / "kept"
    kept.write_text("as it was")
    for file in (kept, tmp_path / "new"):
        code = f"try:\n with open({str(file)!r}, {how}) as f: f.write('spoilt')\n print('1')\nexcept OSError as error:\n print('0')"
        assert attempt(session_settings, code) == 0
    assert kept.read_text() == "as it was"
    assert [file.name for file in tmp_path.iterdir()] == ["kept"]


def test_a_confined_process_removes_and_renames_no_file(session_settings: SessionSettings, tmp_path: Path) -> None:
    """Folders are as closed as files."""
    kept = tmp_path / "kept"
    kept.write_text("as it was")
    for act in (f"os.unlink({str(kept)!r})", f"os.rename({str(kept)!r}, {str(kept)!r} + '2')", f"os.mkdir({str(kept)!r} + '3')"):
        assert attempt(session_settings, f"try:\n {act}\n print('1')\nexcept OSError as error:\n print('0')") == 0
    assert [file.name for file in tmp_path.iterdir()] == ["kept"]


def test_coq_writes_no_file(session_settings: SessionSettings, tmp_path: Path) -> None:
    """Coq's own commands for writing fail in a session's place, and leave nothing."""
    script = tmp_path / "script.v"
    script.write_text(f'Cd "{tmp_path}".\nRedirect "stolen" Print nat.\n')
    before = sorted(tmp_path.iterdir())
    ended = run_confined(session_settings, [*coqtop_arguments(session_settings), "-l", str(script)], cwd=tmp_path)
    assert ended.returncode != 0
    assert sorted(tmp_path.iterdir()) == before


def test_coq_writes_that_file_without_confinement(session_settings: SessionSettings, tmp_path: Path) -> None:
    """The same commands do write when nothing is given up: the test before this one can fail."""
    script = tmp_path / "script.v"
    script.write_text('Redirect "stolen" Print nat.\n')
    subprocess.run(
        [*coqtop_arguments(session_settings), "-l", str(script)],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    assert "nat" in (tmp_path / "stolen.out").read_text()


def test_the_limits_are_in_force(session_settings: SessionSettings) -> None:
    """Each limit binds what runs in a session's place, and cannot be raised again."""
    limits = attempt(
        session_settings,
        "print(json.dumps({name: resource.getrlimit(getattr(resource, 'RLIMIT_' + name))"
        " for name in ('AS', 'STACK', 'CPU', 'FSIZE', 'CORE', 'NOFILE')}))",
    )
    highest = resource.getrlimit(resource.RLIMIT_STACK)[1]
    stack = session_settings.stack_bytes if highest == resource.RLIM_INFINITY else min(session_settings.stack_bytes, highest)
    assert limits == {
        "AS": [session_settings.memory_bytes] * 2,
        "STACK": [stack] * 2,
        "CPU": [session_settings.cpu_s] * 2,
        "FSIZE": [0, 0],
        "CORE": [0, 0],
        "NOFILE": [64, 64],
    }


def test_nothing_is_inherited(session_settings: SessionSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """No secret of the environment and no open file of the service reaches a session."""
    monkeypatch.setenv("HMAC_SECRET_KEY", "0" * 64)
    leaked = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(leaked, True)
    try:
        ended = subprocess.run(
            confined_command(
                session_settings,
                [
                    str(session_settings.python),
                    "-I",
                    "-c",
                    "import json, os; print(json.dumps([sorted(os.environ), sorted(map(int, os.listdir('/proc/self/fd')))]))",
                ],
                report_fd=None,
            ),
            env=confined_environment(),
            close_fds=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        )
    finally:
        os.close(leaked)
    variables, descriptors = json.loads(ended.stdout)
    assert set(variables) <= {"OCAMLRUNPARAM", "LC_ALL", "HOME", "PATH", "LC_CTYPE", "COQLIB", "COQCORELIB", "OCAMLPATH"}
    assert leaked not in descriptors
    assert descriptors == [0, 1, 2, 3]  # 3: the folder that is being listed


def test_a_session_does_not_start_for_a_parent_that_is_gone(session_settings: SessionSettings) -> None:
    """A launcher that finds another parent than it was told of ends before it becomes Coq."""
    command = confined_command(session_settings, ["/bin/echo", "started"], report_fd=None)
    plan = json.loads(command[-1])
    ended = subprocess.run([*command[:-1], json.dumps(plan | {"parent_pid": 1})], capture_output=True, text=True, check=False)
    assert ended.stdout == ""
    assert "the parent is gone" in ended.stderr
