"""Parts of the supervisor that need no service."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from ops.supervising import ended

from logos_pxl.ops.report import Status
from logos_pxl.ops.supervisor.backoff import Backoff
from logos_pxl.ops.supervisor.lock import holder, take
from logos_pxl.ops.supervisor.overview import Overview, overview
from logos_pxl.ops.supervisor.places import Places
from logos_pxl.ops.supervisor.processes import age_s, born, marked
from logos_pxl.ops.supervisor.state import Phase, ServiceRecord, State, read_state

TAKES = """
import sys
from pathlib import Path
from logos_pxl.ops.supervisor.lock import take
print(take(Path(sys.argv[1])), flush=True)
input()
"""


def test_delays_double_up_to_the_longest_and_never_end() -> None:
    """And begin anew when the service did well."""
    backoff = Backoff(1, 60)
    assert [backoff.next_s() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert {backoff.next_s() for _ in range(5000)} == {60}
    backoff.did_well()
    assert backoff.next_s() == 1


def test_the_lock_is_the_process(tmp_path: Path) -> None:
    """Another process cannot take it, everybody sees who holds it, and it is free when its holder is killed."""
    path = tmp_path / "made" / "lock"
    assert holder(path) is None
    command = [sys.executable, "-c", TAKES, str(path)]
    with ended(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        assert holder(path) == other.pid == int(path.read_text())
        assert take(path) is False
        # That we looked and tried has not freed it.
        assert holder(path) == other.pid
        other.kill()
        other.wait()
        assert holder(path) is None
        assert int(path.read_text()) == other.pid
    again = subprocess.run(command, input="\n", capture_output=True, text=True, check=True)
    assert again.stdout == "True\n"


def test_a_process_is_known_by_its_birth() -> None:
    """One number, one time; the dead and those who never were have none."""
    with ended(subprocess.Popen(["sleep", "60"])) as sleeping:
        first = born(sleeping.pid)
        assert first is not None
        assert first == born(sleeping.pid) >= (born(os.getpid()) or 0)
        assert 0 <= age_s(first) < 60
        sleeping.send_signal(signal.SIGKILL)
        # A zombie, until it is awaited.
        os.waitid(os.P_PID, sleeping.pid, os.WEXITED | os.WNOWAIT)
        assert born(sleeping.pid) is None
    assert born(2**22 + 1) is None


def test_only_marked_services_are_found(tmp_path: Path) -> None:
    """Not every process that inherited the mark, and none of another folder."""
    environment = {**os.environ, "SUPERVISED_BY_PXL_IN": str(tmp_path)}
    with ended(subprocess.Popen(["sleep", "60"], env=environment)) as inheriting:
        assert list(marked(tmp_path)) == []
        inheriting.kill()


def test_a_state_is_what_was_written(tmp_path: Path) -> None:
    """A damaged or missing file is no state."""
    path = tmp_path / "state.json"
    assert read_state(path) is None
    state = State(7, 1.5, Phase.WAITING, ServiceRecord(8, 9, reuse_port=True, url="http://x"), deaths=2, last_words=["a"], next_start=3.0)
    state.write(path)
    assert read_state(path) == state
    path.write_text(path.read_text()[:40])
    assert read_state(path) is None


def test_a_state_is_believed_of_its_own_supervisor_only(tmp_path: Path) -> None:
    """What a dead one told is the past."""
    places = Places(tmp_path)
    State(7, 1.5, Phase.READY, ServiceRecord(8, 9, reuse_port=True)).write(places.state)
    found = overview(places)
    assert (found.state, found.status) == (None, Status.CRITICAL)


def test_what_the_status_says() -> None:
    """Fine when ready; attention while it comes up, is not ready, dies often or has no supervisor; critical without a service."""
    service = ServiceRecord(8, 9, reuse_port=True)

    def status(phase: Phase, *, there: bool = True, in_a_row: int = 0) -> Status:
        return Overview("x", 7, State(7, 1.5, phase, service if there else None, in_a_row=in_a_row), ()).status

    assert status(Phase.READY) is Status.FINE
    assert status(Phase.READY, in_a_row=3) is Status.ATTENTION
    assert status(Phase.STARTING) is Status.ATTENTION
    assert status(Phase.NOT_READY) is Status.ATTENTION
    assert status(Phase.WAITING, there=False) is Status.CRITICAL
    assert Overview("x", None, None, (8,)).status is Status.ATTENTION
    assert Overview("x", None, None, ()).status is Status.CRITICAL
