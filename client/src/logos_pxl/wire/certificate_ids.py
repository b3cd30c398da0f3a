"""The id of a certificate (docs/api.md), for who makes certificates and for who receives them. Standard library only."""

import hashlib

FORMAT = "pxl-certificate/1"


def certificate_id(kind: str, goal: str, evidence: bytes, kernel_hash: str) -> str:
    """64 hexadecimal digits: the SHA-256 of the four parts, each preceded by its length. ``kind`` is ``proof`` or ``countermodel``."""
    digest = hashlib.sha256(FORMAT.encode() + b"\0")
    for part in (kind.upper().encode(), goal.encode(), evidence, kernel_hash.encode()):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()
