"""The audit finds what is open, weak or under attack, and shows no secret."""

import contextlib
import ipaddress
import json
import os
import secrets
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from e2e.running import ROOT, Server, running_server
from hypothesis import given
from hypothesis import strategies as st
from log_history import History, request

from logos_pxl.ops.report import Check, Report, Status
from logos_pxl.ops.running import Operator
from logos_pxl.ops.security_audit import audit_security, file_checks, tls_check, weak_key
from logos_pxl.settings import Settings
from logos_pxl.settings.configuration import Configuration

KEY = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
REFUSED = "HMAC authentication failed: "


def check(report: Report, name: str) -> Check:
    [found] = [one for one in report.checks() if one.name == name]
    return found


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A service that demands signatures."""
    folder = tmp_path_factory.mktemp("signed")
    with running_server(folder, PXL_POOL_SIZE="1", ENABLE_HMAC_AUTH="true", HMAC_SECRET_KEY=KEY) as started:
        yield started


def audit(url: str, folder: Path, monkeypatch: pytest.MonkeyPatch, **variables: str) -> Report:
    """The audit by an operator who stands in ``folder``, whose environment file has these variables."""
    monkeypatch.chdir(folder)
    (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
    (folder / ".env").chmod(0o600)
    (folder / "logs").mkdir(exist_ok=True)
    return audit_security(Operator.of(Settings.load(ops_url=url)), days=7, tls_url=None, attention_from=50)


def test_a_service_that_demands_signatures_is_asked(signed: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unsigned request is sent, and refused."""
    report = audit(str(signed.client.base_url), tmp_path, monkeypatch, ENABLE_HMAC_AUTH="true", HMAC_SECRET_KEY=KEY)
    assert check(report, "unsigned request").value == "refused (401)"
    assert check(report, "HMAC authentication").value == "ENABLED"
    assert [one.name for one in report.checks() if one.status is not Status.FINE] == ["log files read"], "this operator has no logs"


def test_a_service_that_demands_none_is_told(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More loudly when it was to demand them, or listens to everybody."""
    url = str(server.client.base_url)
    report = audit(url, tmp_path, monkeypatch)
    assert check(report, "HMAC authentication").value == "DISABLED"
    assert check(report, "unsigned request").status is Status.ATTENTION
    wanted = audit(url, tmp_path, monkeypatch, ENABLE_HMAC_AUTH="true", HMAC_SECRET_KEY=KEY)
    assert check(wanted, "unsigned request").status is Status.CRITICAL
    assert "restart it" in check(wanted, "unsigned request").advice
    assert check(audit(url, tmp_path, monkeypatch, PXL_SERVER_HOST="0.0.0.0"), "unsigned request").status is Status.CRITICAL


def test_attacks_and_top_sources_are_told(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By reason and by source, from archives too; a source that is over the quota while there is none."""
    history = History(tmp_path / "logs")
    refused = [request("198.51.100.7", status=401, remark=f"{REFUSED}Invalid signature; x")] * 60
    replayed = [request("198.51.100.8", status=401, remark=f"{REFUSED}Nonce reused; x")] * 2
    history.day(2, ((3600, line) for line in [*refused, *replayed]))
    history.day(0, ((1, request("203.0.113.5")) for _ in range(200)))
    history.day(20, ((1, request("198.51.100.9", status=401, remark=f"{REFUSED}Missing signature; x")) for _ in range(200)))
    report = audit(str(server.client.base_url), tmp_path, monkeypatch)
    attempts = check(report, "refused signatures")
    assert (attempts.value, attempts.status) == (62, Status.ATTENTION)
    assert "60 from 198.51.100.7" in attempts.advice
    assert check(report, "replayed requests").value == 2
    notes = [note for section in report.sections for note in section.notes]
    assert {"198.51.100.7: 60 refused", "Invalid signature: 60"} <= set(notes)
    assert "203.0.113.5: 200 requests, 200 in a minute at most, 0 over quota" in notes
    assert "RATE_LIMIT_ENABLED=true" in check(report, "rate limiting").advice
    limited = audit(str(server.client.base_url), tmp_path, monkeypatch, RATE_LIMIT_ENABLED="true")
    assert check(limited, "rate limiting").status is Status.FINE


def test_no_secret_is_shown(server: Server, tmp_path: Path) -> None:
    """Neither by the table nor by JSON, however weak the secrets are; the script ends with status 2."""
    secret = {"HMAC_SECRET_KEY": "ab" * 32, "HMAC_SECRET_KEY_OLD": "ab" * 32, "PXL_REDIS_URL": "redis://:hunter2@10.0.0.9/0"}
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in secret.items()))
    environment = {"PATH": "/usr/bin:/bin", "PXL_OPS_URL": str(server.client.base_url)}
    for option in ((), ("--json",)):
        ran = subprocess.run(
            [str(Path(sys.executable).with_name("pxl")), "ops", "security-audit", *option],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert ran.returncode == 2, ran.stderr
        shown = ran.stdout + ran.stderr
        for value in ("abab", "hunter2"):
            assert value not in shown
        for fault in ("it repeats itself", "two of the keys are the same", "others may use it"):
            assert fault in " ".join(shown.split()), fault
    script = subprocess.run(
        [str(ROOT / "scripts" / "weekly_security_audit.sh"), "--json"],
        cwd=tmp_path, env={**environment, "PXL_ENV_FILE": str(tmp_path / ".env")}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert script.returncode == json.loads(script.stdout)["exit_status"] == 2


@pytest.mark.parametrize(
    ("key", "fault"),
    [
        (bytes(range(32)).hex(), "documentation"),
        ("00" * 32, "repeats"),
        ("deadbeef" * 8, "repeats"),
        (bytes(range(200, 168, -1)).hex(), "pattern"),
        (b"correct horse battery staple etc".hex(), "text that was typed"),
        ("0123456789abcdef" * 2 + "0123456789abcdee" * 2, "pattern"),
        ("xyz", "not hexadecimal"),
    ],
)
def test_keys_that_can_be_guessed(key: str, fault: str) -> None:
    """Each kind is told by its fault."""
    assert fault in weak_key(key)


@given(st.binary(min_size=32, max_size=32).map(lambda seed: secrets.token_bytes(len(seed))))
def test_random_keys_are_not_called_weak(key: bytes) -> None:
    """Whatever the dice say."""
    assert weak_key(key.hex()) == ""


def test_an_old_key_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key is at least as old as the last change of its file."""
    monkeypatch.chdir(tmp_path)
    for days, wanted in ((10, Status.FINE), (400, Status.ATTENTION)):
        (tmp_path / ".env").write_text(f"HMAC_SECRET_KEY={KEY}\n")
        os.utime(tmp_path / ".env", (time.time() - days * 86_400,) * 2)
        report = audit_security(Operator.of(Settings.load(ops_url="http://127.0.0.1:1")), days=7, tls_url=None, attention_from=50)
        assert check(report, ".env has not changed for").status is wanted


def test_an_open_door_is_told(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Listening to everybody without signatures; paths that need none."""
    url = str(server.client.base_url)
    report = audit(url, tmp_path, monkeypatch, PXL_SERVER_HOST="0.0.0.0", PXL_OPEN_PATHS="/health,/prove")
    assert check(report, "listens on").status is Status.CRITICAL
    assert check(report, "open paths").advice == "no signature is needed there: /prove"


def test_many_clients_take_bounded_memory(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first ones are told apart, the rest is counted together."""
    monkeypatch.setattr("logos_pxl.ops.security_audit._MAX_CLIENTS", 5)
    History(tmp_path / "logs").day(0, ((1, request(f"10.0.0.{number}")) for number in range(20)))
    report = audit(str(server.client.base_url), tmp_path, monkeypatch)
    assert check(report, "clients").value == 6
    assert "others: 15 requests" in str(report.as_json())


def files_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Check]:
    monkeypatch.chdir(tmp_path)
    return {one.name: one for one in file_checks(Configuration.load()) if one.status is not Status.FINE}


def test_files_that_lie_open_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment file, a private key, a backup, a folder that everybody may write; certificates are for everybody."""
    private = (".env", "nginx/site.pem", "backups/logos-pxl-config_20260131_000000.tar.gz")
    texts = (f"HMAC_SECRET_KEY={KEY}", "-----BEGIN PRIVATE KEY-----", "", "-----BEGIN CERTIFICATE-----")
    for name, text in zip((*private, "nginx/ca.pem"), texts, strict=True):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o644)
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs").chmod(0o777)
    told = files_told(tmp_path, monkeypatch)
    assert told.keys() == {*private, "logs"}
    assert {one.status for one in told.values()} == {Status.CRITICAL}
    for name in private:
        (tmp_path / name).chmod(0o600)
    (tmp_path / "logs").chmod(0o755)
    (tmp_path / ".env").chmod(0o660)
    [left] = files_told(tmp_path, monkeypatch).values()
    assert (left.status, left.advice) == (Status.ATTENTION, "others may use it: chmod 640 .env")


def test_an_environment_file_in_version_control_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody who clones has its secrets."""
    (tmp_path / ".env").write_text("LOG_LEVEL=INFO\n")
    (tmp_path / ".env").chmod(0o600)
    git = ["git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run([*git, "init", "-q"], check=True)
    assert files_told(tmp_path, monkeypatch) == {}
    subprocess.run([*git, "add", "-f", ".env"], check=True)
    [told] = files_told(tmp_path, monkeypatch).values()
    assert told.status is Status.CRITICAL
    assert "rotate every secret" in told.advice


# TLS, with a real handshake.


@dataclass
class Authority:
    """Signs certificates for 127.0.0.1."""

    folder: Path

    def __post_init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
        now = datetime.now(UTC)
        made = self._builder(self._name, self._key.public_key(), now - timedelta(days=1), now + timedelta(days=3650))
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self.file = self.folder / "authority.pem"
        self.file.write_bytes(made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey, start: datetime, end: datetime
    ) -> x509.CertificateBuilder:
        named = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key)
        return named.serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end)

    def certificate(self, *, days: float, host: str = "127.0.0.1", bits: int | None = None) -> Path:
        """A chain file with its key."""
        key = rsa.generate_private_key(65537, bits) if bits else ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        made = self._builder(subject, key.public_key(), now - timedelta(days=90), now + timedelta(days=days))
        made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False)
        path = self.folder / f"{secrets.token_hex(4)}.pem"
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        path.write_bytes(private + made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        return path


@contextlib.contextmanager
def tls_server(certificate: Path) -> Iterator[str]:
    """Shakes hands, and ends the connection; its address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    ending = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)

        def serve() -> None:
            while not ending.is_set():
                with contextlib.suppress(OSError):
                    connection, _ = listener.accept()
                    connection.settimeout(5)
                    with connection, context.wrap_socket(connection, server_side=True):
                        pass

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            ending.set()
            thread.join(10)


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """One that this process trusts."""
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


@pytest.mark.parametrize(("days", "status"), [(90, Status.FINE), (29, Status.ATTENTION), (6, Status.CRITICAL), (-1, Status.CRITICAL)])
def test_the_end_of_a_certificate_is_seen(authority: Authority, days: float, status: Status) -> None:
    """A month before attention, a week before critical; clients refuse one that has ended."""
    with tls_server(authority.certificate(days=days)) as url:
        found = tls_check(url)
    assert found.status is status
    if days > 0:
        assert (found.name, found.value) == ("certificate ends in", pytest.approx(days, abs=0.1))
    else:
        assert "expired" in found.advice


def test_what_a_client_would_refuse_is_told(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another host's certificate, an unknown authority."""
    with tls_server(authority.certificate(days=90, host="127.0.0.2")) as url:
        assert (tls_check(url).status, "127.0.0.1" in tls_check(url).advice) == (Status.CRITICAL, True)
    with tls_server(authority.certificate(days=90)) as url:
        monkeypatch.setenv("SSL_CERT_FILE", os.devnull)
        assert (tls_check(url).status, tls_check(url).value) == (Status.CRITICAL, "refused")


def test_what_is_no_tls_is_told() -> None:
    """Plain HTTP to another machine needs attention; without an answer nothing is known; the wait is bounded."""
    assert tls_check("http://127.0.0.1:1").status is Status.FINE
    assert tls_check("http://pxl.example").status is Status.ATTENTION
    started = time.monotonic()
    assert tls_check("https://127.0.0.1:1").status is Status.UNKNOWN
    assert time.monotonic() - started < 20
