"""Quantiles of many numbers in little memory, to within one per cent.

Invariant: ``quantile(q)`` differs from the number at rank ``ceil(q * count)`` of all that were added by at most 1 % of it, for numbers from
a microsecond to a day; smaller and larger ones count as these bounds.

The buckets are those of C. Masson, J. E. Rim, H. K. Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error
Guarantees", PVLDB 12(12), 2019.
"""

from collections.abc import Iterable
from math import ceil, log
from typing import Self

RELATIVE_ERROR = 0.01

_GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
_PER_LOG = 1 / log(_GAMMA)
_SMALLEST = 1e-6
_LARGEST = 86_400.0


class QuantileSketch:
    """How often each bucket was hit. Buckets grow geometrically, so that their width is a share of their place."""

    __slots__ = ("_buckets", "count")

    def __init__(self) -> None:
        self.count = 0
        self._buckets: dict[int, int] = {}

    def add(self, number: float) -> None:
        """Count one number."""
        if not _SMALLEST <= number <= _LARGEST:
            number = min(max(number, _SMALLEST), _LARGEST)
        bucket = ceil(log(number) * _PER_LOG)
        buckets = self._buckets
        buckets[bucket] = buckets.get(bucket, 0) + 1
        self.count += 1

    @classmethod
    def merged(cls, sketches: Iterable[Self]) -> Self:
        """One sketch of what all of them have counted."""
        merged = cls()
        for sketch in sketches:
            merged.count += sketch.count
            for bucket, hits in sketch._buckets.items():
                merged._buckets[bucket] = merged._buckets.get(bucket, 0) + hits
        return merged

    def quantile(self, share: float) -> float:
        """The number that ``share`` (0 to 1) of all numbers do not pass; 0 when there are none."""
        rank = max(1, ceil(share * self.count))
        for bucket in sorted(self._buckets):
            rank -= self._buckets[bucket]
            if rank <= 0:
                # The middle of (gamma^(b-1), gamma^b] in the sense of relative error.
                return float(2 * _GAMMA**bucket / (_GAMMA + 1))
        return 0.0
