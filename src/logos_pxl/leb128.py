"""Natural numbers in LEB128, as goals and certificates have them on the wire (docs/certificate-format.md)."""

from collections.abc import Iterable, Iterator


def numbers(data: Iterable[int]) -> Iterator[int]:
    """The numbers that the bytes spell, one after the other; bytes after the last complete number spell none."""
    number = shift = 0
    for byte in data:
        number |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            yield number
            number = shift = 0
