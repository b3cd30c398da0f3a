"""A countermodel as people read it, taken from the very bytes that the kernel accepted."""

from itertools import product

import logos_pxl_engine as engine

from logos_pxl.goals import Goal
from logos_pxl.proving.verdict import Countermodel

MAX_VALUATION_ENTRIES = 100_000
MAX_PAIR_WORLDS = 32


def readable(goal: Goal, evidence: bytes) -> Countermodel:
    """Name the worlds and list, for each of the goal's atoms, where it is true. Raises CertificateError (the engine's)."""
    described = engine.describe_model(evidence)
    atoms_true: list[list[str]] = described["worlds"]
    worlds = tuple(f"w{index}" for index in range(len(atoms_true)))
    small = len(goal.atoms) + sum(len(atoms) for atoms in atoms_true) <= MAX_VALUATION_ENTRIES
    return Countermodel(
        worlds=worlds,
        failing_world=worlds[described["failing_world"]],
        valuation=_valuation(goal, worlds, atoms_true) if small else None,
        pairs=tuple(product(worlds, worlds)) if len(worlds) <= MAX_PAIR_WORLDS else None,
    )


def _valuation(goal: Goal, worlds: tuple[str, ...], atoms_true: list[list[str]]) -> dict[str, tuple[str, ...]]:
    where: dict[str, list[str]] = {atom: [] for atom in goal.atoms}
    for world, atoms in zip(worlds, atoms_true, strict=True):
        for atom in atoms:
            # An atom that is not the goal's has no say in the goal's truth.
            if atom in where:
                where[atom].append(world)
    return {atom: tuple(true_at) for atom, true_at in where.items()}
