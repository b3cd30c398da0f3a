"""Atoms of a certificate renamed in its bytes (docs/certificate-format.md).

The engine renames what it has just found; here a certificate is renamed that is all there is left of a search. Nothing rests on it: a
certificate that was renamed wrongly is refused by the kernel.
"""

import re
from collections.abc import Mapping

from logos_pxl.errors import MalformedCertificate
from logos_pxl.kernel import CheckKind

_NUMBER = rb"[\x80-\xff]*[\x00-\x7f]"
_SPELLED = re.compile(_NUMBER)
# A node of a proof up to its operands; an atom's operands are its name and are read one by one.
_NODE = re.compile(rb"\x00|[\x01\x02]|[\x03\x08\x09]%b|[\x04-\x07]%b%b" % ((_NUMBER,) * 3))

# Nothing is counted that has more than 2^35 of anything.
_COUNT_BYTES = 5


def renamed(kind: CheckKind, evidence: bytes, names: Mapping[str, str]) -> bytes:
    """``evidence`` with each atom that ``names`` lists under its new name, all at once.

    Raises MalformedCertificate.
    """
    spelled = {_spell_name(old): _spell_name(new) for old, new in names.items()}
    try:
        return _renamed_proof(evidence, spelled) if kind is CheckKind.PROOF else _renamed_model(evidence, spelled)
    except _CutShort as error:
        raise MalformedCertificate(f"the {kind.name.lower()}'s bytes end, or make no sense, at byte {error.place}") from None


class _CutShort(Exception):
    def __init__(self, place: int) -> None:
        super().__init__(place)
        self.place = place


def _renamed_proof(evidence: bytes, names: Mapping[bytes, bytes]) -> bytes:
    nodes, place = _number(evidence, 0)
    copied, parts = 0, []
    for _ in range(nodes):
        node = _NODE.match(evidence, place)
        if node is None:
            raise _CutShort(place)
        start, place = place, node.end()
        if evidence[start] == 0:
            name, after = _name(evidence, place)
            parts += [evidence[copied:place], names.get(name, name)]
            copied = place = after
    return b"".join([*parts, evidence[copied:]])


def _renamed_model(evidence: bytes, names: Mapping[bytes, bytes]) -> bytes:
    place = _after(evidence, 0)
    count, place = _number(evidence, place)
    parts = [evidence[:place]]
    for _ in range(count):
        name, start = _name(evidence, place)
        place = _after(evidence, start)
        parts += [names.get(name, name), evidence[start:place]]
    if place != len(evidence):
        raise _CutShort(place)
    return b"".join(parts)


def _name(evidence: bytes, place: int) -> tuple[bytes, int]:
    """A name as it is spelled, with its length, and the place after it."""
    start = place
    length, place = _number(evidence, place)
    for _ in range(length):
        place = _after(evidence, place)
    return evidence[start:place], place


def _number(evidence: bytes, place: int) -> tuple[int, int]:
    """A count and the place after it."""
    after = _after(evidence, place)
    if after - place > _COUNT_BYTES:
        raise _CutShort(place)
    return _value(evidence[place:after]), after


def _after(evidence: bytes, place: int) -> int:
    spelled = _SPELLED.match(evidence, place)
    if spelled is None:
        raise _CutShort(place)
    return spelled.end()


def _value(spelled: bytes) -> int:
    number = 0
    for byte in reversed(spelled):
        number = number << 7 | byte & 0x7F
    return number


def _spell(number: int) -> bytes:
    spelled = bytearray()
    while number >> 7:
        spelled.append(number & 0x7F | 0x80)
        number >>= 7
    spelled.append(number)
    return bytes(spelled)


def _spell_name(name: str) -> bytes:
    encoded = name.encode()
    return _spell(len(encoded)) + b"".join(_spell(byte) for byte in encoded)
