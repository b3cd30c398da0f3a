"""Forms of ids, and the id of a certificate. Needs the standard library only."""

import hashlib

SHA256_PATTERN = "^[0-9a-f]{64}$"
"""A SHA-256 in lower-case hexadecimal digits: certificate ids and the kernel hash."""

JOB_ID_PATTERN = "^([A-Za-z0-9][A-Za-z0-9.-]*-)?[0-9a-f]{32}$"
"""A job's id: 32 hexadecimal digits, after the name of the replica (``PXL_REPLICA``) and a hyphen where it has one: ``8088-<hex>``."""

REQUEST_ID_PATTERN = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
"""A request id (``X-Request-Id``) that the service takes over from the client."""

CERTIFICATE_FORMAT = "pxl-certificate/1"


def certificate_id(kind: str, goal: str, evidence: bytes, kernel_hash: str) -> str:
    """The SHA-256 over the certificate's four parts, each preceded by its length. ``kind`` is ``proof`` or ``countermodel``."""
    digest = hashlib.sha256(CERTIFICATE_FORMAT.encode() + b"\0")
    for part in (kind.upper().encode(), goal.encode(), evidence, kernel_hash.encode()):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()
