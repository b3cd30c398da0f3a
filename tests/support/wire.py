"""Goals and certificates by their bytes (docs/certificate-format.md), written out by hand: nothing of the engine is used."""

from collections.abc import Iterable
from dataclasses import dataclass

from logos_pxl.kernel import CheckKind


@dataclass(frozen=True)
class Example:
    """A check and what the kernel must say to it."""

    kind: CheckKind
    goal: bytes
    certificate: bytes
    accepted: bool


def numbers(*values: int) -> bytes:
    """The values in LEB128, one after the other."""
    out = bytearray()
    for value in values:
        rest = value
        while rest > 0x7F:
            out.append(rest & 0x7F | 0x80)
            rest >>= 7
        out.append(rest)
    return bytes(out)


def text(name: bytes) -> list[int]:
    """A name in a certificate: its length and each of its bytes as a number (in a goal, the bytes stand as they are)."""
    return [len(name), *name]


def identity_goal(name: bytes = b"A") -> bytes:
    """``A -> A`` for the atom of this name."""
    return numbers(1, len(name)) + name + numbers(0, 0, 0, 0, 6)


def identity_proof(name: bytes = b"A", *, idle_steps: int = 0) -> bytes:
    """A proof of ``identity_goal``; ``idle_steps`` definitional steps that nobody needs make it long."""
    nodes = numbers(2, 0, *text(name), 6, 1, 1)
    steps = numbers(0, 2, 0, 0, 2, 1) + numbers(0, 2, 0) * idle_steps
    return nodes + steps + numbers(1, 1, 4, 2, 1, 2)


def atom_goal(name: bytes = b"A") -> bytes:
    """The atom of this name, which is not provable."""
    return numbers(1, len(name)) + name + numbers(0, 0)


EMPTY_MODEL = numbers(1, 0)
"""One world in which every atom is false."""


def examples(name: bytes = b"A") -> list[Example]:
    """Two that the kernel accepts, and the ways in which they must not be mixed up."""
    proof, model = CheckKind.PROOF, CheckKind.COUNTERMODEL
    return [
        Example(proof, identity_goal(name), identity_proof(name), accepted=True),
        Example(model, atom_goal(name), EMPTY_MODEL, accepted=True),
        Example(proof, atom_goal(name), identity_proof(name), accepted=False),
        Example(proof, identity_goal(name), EMPTY_MODEL, accepted=False),
        Example(model, identity_goal(name), EMPTY_MODEL, accepted=False),
        Example(model, identity_goal(name), identity_proof(name), accepted=False),
        Example(proof, identity_goal(name + b"x"), identity_proof(name), accepted=False),
    ]


def every_name(names: Iterable[bytes]) -> list[Example]:
    """The examples for each of these names."""
    return [example for name in names for example in examples(name)]
