"""The certificate that a service shows, as a client meets it."""

import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from logos_pxl.ops.report import Check, Status

ATTENTION_DAYS, CRITICAL_DAYS = 30, 7
_TIMEOUT_S = 10.0
_MIN_RSA_BITS = 2048
_WEAK_HASHES = ("md5", "sha1")
_LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Shown:
    """``trouble`` is why a client would not trust it; empty when it would."""

    certificate: x509.Certificate
    protocol: str
    trouble: str


def tls_checks(url: str, now: datetime) -> tuple[Check, ...]:
    """What a client of ``url`` meets: trust, name, expiry, key, protocol."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "https":
        local = host in _LOCAL
        advice = "" if local else "requests and answers can be read and changed on their way: put TLS in front, and name it by --tls-url"
        return (
            Check(
                "transport",
                Status.FINE if local else Status.ATTENTION,
                "plain HTTP, on this machine" if local else "plain HTTP",
                advice=advice,
            ),
        )
    try:
        shown = _ask(host, parts.port or 443)
    except (OSError, ValueError) as error:
        return (Check("TLS", Status.UNKNOWN, advice=f"{host}: no handshake: {error}"),)
    return (
        _trust(shown),
        _expiry(shown.certificate, now),
        key_check(shown.certificate),
        Check("protocol", Status.FINE, shown.protocol, threshold="TLSv1.2"),
    )


def _ask(host: str, port: int) -> Shown:
    """Two handshakes when the first is refused: one as a client, one that looks at what was shown."""
    trusting = ssl.create_default_context()
    trusting.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        return _handshake(trusting, host, port, "")
    except ssl.SSLCertVerificationError as error:
        looking = ssl.create_default_context()
        looking.check_hostname = False
        looking.verify_mode = ssl.CERT_NONE
        return _handshake(looking, host, port, error.verify_message or str(error))


def _handshake(context: ssl.SSLContext, host: str, port: int, trouble: str) -> Shown:
    with (
        socket.create_connection((host, port), timeout=_TIMEOUT_S) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        certificate = secured.getpeercert(binary_form=True)
        if certificate is None:
            raise ValueError("it shows no certificate")
        return Shown(x509.load_der_x509_certificate(certificate), secured.version() or "", trouble)


def _trust(shown: Shown) -> Check:
    advice = f"clients refuse it: {shown.trouble}" if shown.trouble else ""
    return Check("certificate trusted", Status.CRITICAL if shown.trouble else Status.FINE, not shown.trouble, advice=advice)


def _expiry(certificate: x509.Certificate, now: datetime) -> Check:
    left = (certificate.not_valid_after_utc - now).total_seconds() / 86_400
    status = Status.CRITICAL if left < CRITICAL_DAYS else Status.ATTENTION if left < ATTENTION_DAYS else Status.FINE
    advice = "" if status is Status.FINE else f"renew it: it ends {certificate.not_valid_after_utc.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return Check("certificate ends in", status, round(left, 1), "days", f">= {ATTENTION_DAYS} days, critical < {CRITICAL_DAYS}", advice)


def key_check(certificate: x509.Certificate) -> Check:
    """Whether its key and its signature are of today's strength."""
    key = certificate.public_key()
    match key:
        case rsa.RSAPublicKey():
            shown, strong = f"RSA {key.key_size} bits", key.key_size >= _MIN_RSA_BITS
        case ec.EllipticCurvePublicKey():
            shown, strong = f"EC {key.curve.name}", key.key_size >= 224  # noqa: PLR2004 - NIST SP 800-57: 112 bits of strength
        case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey():
            shown, strong = "EdDSA", True
        case _:
            shown, strong = type(key).__name__, False
    hashed = certificate.signature_hash_algorithm.name if certificate.signature_hash_algorithm else "none"
    strong = strong and hashed not in _WEAK_HASHES
    advice = "" if strong else f"make a new one: RSA of {_MIN_RSA_BITS} bits or more, or an elliptic curve, signed with SHA-256"
    return Check("certificate key", Status.FINE if strong else Status.CRITICAL, f"{shown}, signed with {hashed}", advice=advice)
