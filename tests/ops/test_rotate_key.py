"""A key is changed without a refused request, verified at each step, rolled back when a step fails, and never shown unasked."""

import contextlib
import io
import os
import re
import signal
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from dotenv import dotenv_values
from e2e.asking import ask_signed
from e2e.loading import Load
from e2e.running import Server, running_server
from hypothesis import given
from hypothesis import strategies as st

from logos_pxl.durable import replace_private_file
from logos_pxl.ops import rotate_key as rotation_module
from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.report import Report, Status
from logos_pxl.ops.rotate_key import edited, finish_rotation, rotate_key
from logos_pxl.ops.running import Operator
from logos_pxl.settings import Settings

FIRST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
CURRENT, NEW, OLD = "HMAC_SECRET_KEY", "HMAC_SECRET_KEY_NEW", "HMAC_SECRET_KEY_OLD"
ENV_FILE = f"""# The keys; see docs
ENABLE_HMAC_AUTH=true

export {CURRENT}="{FIRST}"  # since January
# Others
LOG_LEVEL='INFO'
"""


@dataclass
class Hangup:
    """Where a server runs that tests have started: it is told by SIGHUP."""

    server: Server
    reloads: list[bytes] = field(default_factory=list)
    name: str = "local"
    restart_command: str = "none"
    env_file: Path = Path()

    def reload(self) -> None:
        """Note what the file says, and send the signal."""
        self.reloads.append(self.env_file.read_bytes())
        os.kill(self.server.process.pid, signal.SIGHUP)


@dataclass
class Place:
    """A server that demands signatures, the file that its keys are in, and its operator."""

    server: Server
    env_file: Path
    target: Hangup

    def operator(self) -> Operator:
        """One who stands in the file's folder."""
        operator = Operator.of(Settings.load(ops_url=str(self.server.client.base_url), log_dir=self.server.logs))
        return Operator(operator.settings, operator.service, self.target)  # type: ignore[arg-type]

    def keys(self) -> dict[str, str | None]:
        """What the file says."""
        return {name: value for name, value in dotenv_values(self.env_file).items() if name.startswith("HMAC")}

    def accepts(self, key: str) -> bool:
        """Whether the server does."""
        return ask_signed(self.server, key).status_code == 200

    def log(self) -> str:
        """All that the server has said."""
        return self.server.log.read_text()


@contextlib.contextmanager
def started(folder: Path) -> Iterator[Place]:
    """A server whose keys are in a file of this folder."""
    env_file = folder / "env"
    env_file.write_text(ENV_FILE)
    env_file.chmod(0o640)
    with running_server(folder, PXL_ENV_FILE=str(env_file), PXL_POOL_SIZE="1") as server:
        yield Place(server, env_file, Hangup(server, env_file=env_file))


@pytest.fixture
def place(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A server whose log nobody else has filled."""
    with started(folder) as made:
        standing_there(made, monkeypatch)
        yield made


@pytest.fixture(scope="module")
def long_lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server for several tests."""
    with started(tmp_path_factory.mktemp("keys")) as made:
        yield made


@pytest.fixture
def shared(long_lived: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """It, with the first key alone in force."""
    standing_there(long_lived, monkeypatch)
    long_lived.env_file.write_text(ENV_FILE)
    before = long_lived.log().count("SIGHUP: in force from now on")
    long_lived.target = Hangup(long_lived.server, env_file=long_lived.env_file)
    long_lived.target.reload()
    long_lived.target.reloads.clear()
    ends = time.monotonic() + 20
    while long_lived.log().count("SIGHUP: in force from now on") == before:
        assert time.monotonic() < ends
        time.sleep(0.02)
    return long_lived


def standing_there(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """As its operator does."""
    monkeypatch.setenv("PXL_ENV_FILE", str(place.env_file))
    monkeypatch.chdir(place.env_file.parent)


def text_of(report: Report) -> str:
    return str(report.as_json())


def test_no_request_is_refused_during_the_whole_rotation(place: Place) -> None:
    """Clients with the old key before and after it began, with the new one once they have it, and when the old one is dropped."""
    with Load(place.server, key=FIRST) as load:
        time.sleep(0.3)
        report = rotate_key(place.operator(), show_secret=False)
        assert report.status is Status.FINE, text_of(report)
        time.sleep(0.3)
        new = place.keys()[CURRENT]
        assert new is not None
        load.key = new
        # A request may still be on its way that was signed before.
        time.sleep(1)
        finished = finish_rotation(place.operator(), grace_hours=0, force=True)
        assert finished.status is Status.FINE, text_of(finished)
        time.sleep(0.3)
    assert set(load.statuses) == {200}
    assert load.statuses[200] > 100
    assert place.keys() == {CURRENT: new}
    assert re.fullmatch(r"[0-9a-f]{64}", new)
    assert (place.accepts(new), place.accepts(FIRST)) == (True, False)
    assert place.env_file.read_text() == ENV_FILE.replace(FIRST, new), "comments, quotes and order are as they were"
    assert stat.S_IMODE(place.env_file.stat().st_mode) == 0o640
    for said in (text_of(report), text_of(finished), place.log()):
        assert FIRST not in said
        assert new not in said


def test_every_file_on_the_way_accepts_the_first_key(shared: Place) -> None:
    """Wherever the rotation were cut off, clients are answered."""
    rotate_key(shared.operator(), show_secret=False)
    assert [set(_values(data).values()) >= {FIRST} for data in shared.target.reloads] == [True]
    assert _values(shared.target.reloads[0]) == {CURRENT: shared.keys()[CURRENT], OLD: FIRST}


def _values(data: bytes) -> dict[str, str | None]:
    return {name: value for name, value in dotenv_values(stream=io.StringIO(data.decode())).items() if name.startswith("HMAC")}


def test_the_new_key_is_shown_when_asked_for(shared: Place) -> None:
    """Once, by the command that made it."""
    report = rotate_key(shared.operator(), show_secret=True)
    assert str(shared.keys()[CURRENT]) in text_of(report)
    again = rotate_key(shared.operator(), show_secret=True)
    assert again.status is Status.CRITICAL
    assert "the last rotation is not finished" in again.summary


def test_a_rotation_that_was_cut_off_goes_on(shared: Place) -> None:
    """With the key that it had made."""
    new = "3c" * 16 + "d41d8cd98f00b204e9800998ecf8427e"
    shared.env_file.write_text(ENV_FILE + f"{NEW}={new}\n")
    assert rotate_key(shared.operator(), show_secret=False).status is Status.FINE
    assert shared.keys() == {CURRENT: new, OLD: FIRST}


def test_a_step_that_fails_is_rolled_back(shared: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here the service does not get the signal; the file is as it was, byte by byte, and the first key is accepted."""
    monkeypatch.setattr(rotation_module, "_IN_FORCE_S", 1.0)
    reload, calls = shared.target.reload, iter(range(1, 100))
    shared.target.reload = lambda: None if next(calls) == 1 else reload()  # type: ignore[method-assign]
    report = rotate_key(shared.operator(), show_secret=False)
    assert report.status is Status.CRITICAL
    assert "is as it was" in report.summary
    assert shared.env_file.read_text() == ENV_FILE
    time.sleep(0.3)
    assert shared.accepts(FIRST)


def test_a_file_that_nobody_reads_is_found_out(shared: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator stands beside another file than the service's: its new key is never accepted, and it is rolled back."""
    monkeypatch.setattr(rotation_module, "_IN_FORCE_S", 1.0)
    other = shared.env_file.with_name("other")
    other.write_text(ENV_FILE)
    monkeypatch.setenv("PXL_ENV_FILE", str(other))
    report = rotate_key(shared.operator(), show_secret=False)
    assert report.status is Status.CRITICAL
    assert "not so: the new key is accepted" in report.summary
    assert other.read_text() == shared.env_file.read_text() == ENV_FILE


def test_the_old_key_is_kept_while_somebody_uses_it(place: Place, eventually: Callable[..., object]) -> None:
    """Within the time of grace, and as long as the log shows a client; our own requests do not count."""
    rotate_key(place.operator(), show_secret=False)
    fresh = finish_rotation(place.operator(), grace_hours=24, force=False)
    assert fresh.status is Status.ATTENTION
    assert "give clients their time" in text_of(fresh)
    yesterday = time.time() - 3 * 86_400
    os.utime(place.env_file, (yesterday, yesterday))
    assert place.accepts(FIRST)
    time.sleep(3)
    used = finish_rotation(place.operator(), grace_hours=24, force=False)
    assert used.status is Status.ATTENTION
    assert "1 requests were signed with it, the last one from 127.0.0.1" in text_of(used)
    assert place.keys()[OLD] == FIRST
    assert place.accepts(FIRST)


def test_an_old_key_that_nobody_uses_is_dropped(place: Place) -> None:
    """Without --force; and there is nothing to finish afterwards."""
    rotate_key(place.operator(), show_secret=False)
    yesterday = time.time() - 3 * 86_400
    os.utime(place.env_file, (yesterday, yesterday))
    time.sleep(1)
    assert finish_rotation(place.operator(), grace_hours=24, force=False).status is Status.FINE
    assert not place.accepts(FIRST)
    with pytest.raises(OperationFailed, match="no rotation is under way"):
        finish_rotation(place.operator(), grace_hours=24, force=False)


def test_what_cannot_be_verified_is_not_begun(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that demands no signatures; keys that are set elsewhere; none at all."""
    monkeypatch.chdir(folder)
    env_file = folder / ".env"
    env_file.write_text(ENV_FILE)
    place = Place(server, env_file, Hangup(server, env_file=env_file))
    assert "demands no signatures" in rotate_key(place.operator(), show_secret=False).summary
    assert env_file.read_text() == ENV_FILE
    monkeypatch.setenv(CURRENT, "4e" * 32)
    with pytest.raises(OperationFailed, match=r"HMAC_SECRET_KEY comes from environment, and not from .env: move it there"):
        rotate_key(place.operator(), show_secret=False)
    monkeypatch.delenv(CURRENT)
    env_file.write_text("")
    with pytest.raises(OperationFailed, match="there is no key to change"):
        rotate_key(place.operator(), show_secret=False)


# The environment file.

LINES = st.sampled_from(
    [
        "A=1",
        "export B='two words' # why",
        "# a comment",
        "",
        "   ",
        'C="x # y"',
        f"{OLD}=",
        f"{NEW} = ab # new",
        "D=",
        f"{CURRENT}={FIRST}",
        "E=a=b",
    ]
)


@given(lines=st.lists(LINES, max_size=8), end=st.sampled_from(["\n", "\r\n"]), whole=st.booleans())
def test_other_lines_stay_as_they_are(lines: list[str], end: str, *, whole: bool) -> None:
    """Every line about other variables, every comment, in its order; and the variables say what was asked."""
    text = end.join(lines) + (end if whole else "")
    result = edited(text, {CURRENT: "11", OLD: "22", NEW: None})
    kept = [line for line in lines if line and "HMAC" not in line]
    assert [line for line in result.splitlines() if line and "HMAC" not in line] == kept
    values = dotenv_values(stream=io.StringIO(result))
    assert (values[CURRENT], values[OLD], NEW in values) == ("11", "22", False)


def test_comments_and_quotes_of_a_changed_line_stay() -> None:
    """The operator's words are not ours to remove."""
    text = f'export {CURRENT}="ab" # from the vault\n'
    assert edited(text, {CURRENT: "cd"}) == f'export {CURRENT}="cd" # from the vault\n'


def test_a_file_that_cannot_be_read_is_not_changed() -> None:
    """Nothing is guessed."""
    with pytest.raises(OperationFailed, match="cannot be changed safely"):
        edited(f"{CURRENT}='ab\n", {CURRENT: "cd"})


def test_owner_and_mode_of_the_file_are_kept(tmp_path: Path) -> None:
    """The service must be able to read it after root has changed it."""
    env_file = tmp_path / "env"
    env_file.write_text("A=1\n")
    env_file.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(env_file, 123, 456)
    before = env_file.stat()
    replace_private_file(env_file, b"A=2\n")
    after = env_file.stat()
    assert (after.st_uid, after.st_gid, after.st_mode) == (before.st_uid, before.st_gid, before.st_mode)
    assert after.st_ino != before.st_ino, "a reader finds the former content or the new one"
