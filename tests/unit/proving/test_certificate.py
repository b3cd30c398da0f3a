"""Certificates: ids and the JSON form."""

import json
from dataclasses import replace
from typing import Any

import pytest

from logos_pxl.errors import MalformedCertificate
from logos_pxl.kernel import CheckKind
from logos_pxl.proving import Certificate, Versions

CERTIFICATE = Certificate(
    kind=CheckKind.PROOF,
    goal="BOX(A -> A)",
    evidence=bytes(range(256)),
    kernel_hash="ab" * 32,
    versions=Versions(coq="8.16.1", theory="1.0.0", engine="0.1.0", service="0.5.0"),
    statement='Prov (□ ("A" → "A"))',
    created="2025-10-19T09:00:00.000+00:00",
)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": CheckKind.COUNTERMODEL},
        {"goal": "BOX(A -> B)"},
        {"evidence": b"\x00"},
        {"kernel_hash": "cd" * 32},
        # The same bytes, cut elsewhere.
        {"goal": "BOX(A -> A)\x00", "evidence": bytes(range(1, 256))},
    ],
)
def test_another_kind_goal_evidence_or_kernel_is_another_id(change: dict[str, Any]) -> None:
    """The id stands for kind, goal, evidence and kernel."""
    assert replace(CERTIFICATE, **change).id != CERTIFICATE.id


def test_the_id_does_not_depend_on_when_or_by_what_it_was_made() -> None:
    """Asking again gives the same id."""
    later = replace(CERTIFICATE, created="2026-01-01T00:00:00.000+00:00", statement=None)
    assert later.id == CERTIFICATE.id


def test_the_json_form_reads_back() -> None:
    """What is written is what is read, byte for byte of the evidence."""
    assert Certificate.read(json.dumps(CERTIFICATE.as_json()).encode()) == CERTIFICATE


def test_members_that_explain_are_passed_over() -> None:
    """The readable description is no part of the certificate."""
    assert Certificate.from_json({**CERTIFICATE.as_json(), "description": {"steps": []}}) == CERTIFICATE


@pytest.mark.parametrize(
    ("member", "value", "named"),
    [
        ("format", "pxl-certificate/2", "format"),
        ("logic", "K", "logic"),
        ("kind", "rumour", "kind"),
        ("goal", "BOX(A -> B)", "id"),
        ("goal", 7, "goal"),
        ("goal", "\ud800", "goal"),
        ("certificate", "AAAA", "id"),
        ("certificate", "not base64!", "certificate"),
        ("kernel_hash", "cd" * 32, "id"),
        ("id", "00" * 32, "id"),
        ("versions", "8.16", "versions"),
        ("versions", {"coq": "8.16.1"}, "theory"),
        ("created", None, "created"),
    ],
)
def test_a_changed_member_is_refused_by_name(member: str, value: object, named: str) -> None:
    """A certificate that was tampered with, or is of another format, is refused, and the message names what is wrong."""
    with pytest.raises(MalformedCertificate, match=f"'{named}'"):
        Certificate.from_json({**CERTIFICATE.as_json(), member: value})


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"{", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(data: bytes) -> None:
    """Whatever the file holds, the answer is an error of ours, not a crash."""
    with pytest.raises(MalformedCertificate):
        Certificate.read(data)
