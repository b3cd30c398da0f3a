"""A countermodel as people read it, taken from the very bytes that the kernel accepted (docs/certificate-format.md).

The bytes are read here, and not by the engine, for they list each atom with its worlds, as the answer does, and are much smaller than all
worlds with their atoms: a large countermodel costs nothing but what is shown of it.
"""

from itertools import product

from logos_pxl.goals import Goal, leb128_numbers
from logos_pxl.proving.verdict import Countermodel

MAX_SHOWN_BYTES = 1 << 16
MAX_VALUATION_ENTRIES = 100_000
MAX_PAIR_WORLDS = 32


def readable(goal: Goal, evidence: bytes) -> Countermodel:
    """Name the worlds and list, for each of the goal's atoms, where it is true.

    ``evidence`` must be a countermodel that the kernel accepted.
    """
    worlds = tuple(f"w{index}" for index in range(next(leb128_numbers(evidence))))
    return Countermodel(
        worlds=worlds,
        failing_world=worlds[0],
        valuation=_valuation(goal, evidence, worlds) if len(evidence) <= MAX_SHOWN_BYTES else None,
        pairs=tuple(product(worlds, worlds)) if len(worlds) <= MAX_PAIR_WORLDS else None,
    )


def _valuation(goal: Goal, evidence: bytes, worlds: tuple[str, ...]) -> dict[str, tuple[str, ...]] | None:
    truths = _truths(evidence)
    atoms = goal.atoms
    if len(atoms) + sum(truths.get(atom, 0).bit_count() for atom in atoms) > MAX_VALUATION_ENTRIES:
        return None
    return {atom: tuple(world for index, world in enumerate(worlds) if truths.get(atom, 0) >> index & 1) for atom in atoms}


def _truths(evidence: bytes) -> dict[str, int]:
    """For each listed atom the number whose i-th bit is its truth in world i."""
    spelled = leb128_numbers(evidence)
    _, count = next(spelled), next(spelled)
    truths: dict[str, int] = {}
    for _ in range(count):
        name = bytes(next(spelled) for _ in range(next(spelled))).decode("utf-8", "replace")
        # Of two entries for one name the first counts.
        truths.setdefault(name, next(spelled))
    return truths
