"""The certificate as it is kept and handed out: a goal, its evidence, and what the kernel said of it.

Invariant: a certificate's ``id`` is the SHA-256 of its kind, goal, evidence and kernel hash, each preceded by its length, so that two
different certificates have different ids and a changed one no longer fits its own. The JSON form is ``pxl-certificate/1`` (docs/api.md).
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from logos_pxl.errors import MalformedCertificate
from logos_pxl.goals import LOGIC
from logos_pxl.kernel import CheckKind
from logos_pxl.wire.ids import CERTIFICATE_FORMAT as FORMAT
from logos_pxl.wire.ids import certificate_id


@dataclass(frozen=True, slots=True)
class Versions:
    """The parts that a verdict rests on: Coq, the kernel's theory, the search engine and this service."""

    coq: str
    theory: str
    engine: str
    service: str

    def as_json(self) -> dict[str, str]:
        """By name."""
        return {"coq": self.coq, "theory": self.theory, "engine": self.engine, "service": self.service}


@dataclass(frozen=True)
class Certificate:
    """Evidence that the kernel accepted: a proof of ``goal``, or a countermodel to it.

    ``goal`` is in the operations manual's notation, ``evidence`` in the byte form of docs/certificate-format.md, ``created`` a time in
    ISO 8601 (UTC), ``statement`` the theorem as Coq printed it, when it did.
    """

    kind: CheckKind
    goal: str
    evidence: bytes
    kernel_hash: str
    versions: Versions
    statement: str | None
    created: str

    @cached_property
    def id(self) -> str:
        """64 hexadecimal digits."""
        return certificate_id(self.kind.name, self.goal, self.evidence, self.kernel_hash)

    def as_json(self) -> dict[str, Any]:
        """The JSON form without its readable description."""
        return {
            "format": FORMAT,
            "id": self.id,
            "kind": self.kind.name.lower(),
            "logic": LOGIC,
            "goal": self.goal,
            "statement": self.statement,
            "certificate": base64.b64encode(self.evidence).decode("ascii"),
            "kernel_hash": self.kernel_hash,
            "versions": self.versions.as_json(),
            "created": self.created,
        }

    @classmethod
    def read(cls, data: bytes) -> "Certificate":
        """Read the text of a JSON certificate. Raises MalformedCertificate."""
        try:
            document = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise MalformedCertificate(f"not a JSON document in UTF-8: {error}") from error
        if not isinstance(document, dict):
            raise MalformedCertificate("a JSON certificate is an object")
        return cls.from_json(document)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Certificate":
        """Read the JSON form; other members, such as the description, are passed over. Raises MalformedCertificate."""
        if document.get("format") != FORMAT:
            raise MalformedCertificate(f"the member 'format' must be {FORMAT!r}, not {document.get('format')!r}")
        if document.get("logic") != LOGIC:
            raise MalformedCertificate(f"the member 'logic' must be {LOGIC!r}, not {document.get('logic')!r}")
        versions = document.get("versions")
        if not isinstance(versions, Mapping):
            raise MalformedCertificate("the member 'versions' must be an object")
        certificate = cls(
            kind=_kind(_text(document, "kind")),
            goal=_text(document, "goal"),
            evidence=_evidence(_text(document, "certificate")),
            kernel_hash=_text(document, "kernel_hash"),
            versions=Versions(*(_text(versions, name) for name in ("coq", "theory", "engine", "service"))),
            statement=None if document.get("statement") is None else _text(document, "statement"),
            created=_text(document, "created"),
        )
        if document.get("id") != certificate.id:
            raise MalformedCertificate(
                f"the member 'id' is {document.get('id')!r}, but kind, goal, certificate and kernel_hash "
                f"give {certificate.id!r}: one of them was changed"
            )
        return certificate


def _text(document: Mapping[str, Any], member: str) -> str:
    value = document.get(member)
    if not isinstance(value, str):
        raise MalformedCertificate(f"the member {member!r} must be a string, not {type(value).__name__}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise MalformedCertificate(f"the member {member!r} holds a lone surrogate at character {error.start}") from error
    return value


def _kind(name: str) -> CheckKind:
    for kind in CheckKind:
        if kind.name.lower() == name:
            return kind
    raise MalformedCertificate(f"the member 'kind' must be 'proof' or 'countermodel', not {name!r}")


def _evidence(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedCertificate(f"the member 'certificate' is not base64: {error}") from error
