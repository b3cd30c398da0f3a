"""Certificates in LaTeX: what stands in the document, and that nothing of a goal becomes a command."""

import re

import logos_pxl_engine as engine
import pytest

from logos_pxl.goals import Goal
from logos_pxl.kernel import CheckKind
from logos_pxl.proving import Certificate
from logos_pxl.proving.certificate import Versions
from logos_pxl.proving.latex import TooLargeToSet, latex_file

COMMANDS = frozenset(
    re.findall(
        r"\w+",
        """documentclass usepackage ifPDFTeX else fi setlength parindent parskip emergencystretch begin end section subsection texttt
        textwidth item footnotesize ttfamily hline endhead vdash bot top neg Box Diamond land lor to leftrightarrow allowbreak
        varphi mathit text itshape ensuremath lambda Gamma""",
    )
)
GOALS = [
    "[](p -> q) -> ([]p -> []q)",
    "p -> []p",
    "snake_case -> []snake_case",
    "λ' \\/ ~λ'",
    "x1 -> <>x1",
    "a₁ /\\ Γ_2 -> a₁",
    "true",
    "false",
    "~(true /\\ false) <-> (überall \\/ ~überall)",
    "[](a /\\ b /\\ c /\\ d /\\ e /\\ f /\\ g /\\ h /\\ i /\\ j /\\ k /\\ l /\\ m) -> [](m /\\ a)",
]


def certificate(text: str) -> Certificate:
    """What the engine finds, unchecked."""
    goal = Goal.parse(text)
    found = engine.search(goal.formula, deadline_ms=5_000)
    assert not isinstance(found, engine.Unknown)
    kind = CheckKind.PROOF if isinstance(found, engine.Proof) else CheckKind.COUNTERMODEL
    return Certificate(
        kind, goal.text, found.certificate, "ab" * 32, Versions("8.16.1", "1.0.0", "0.1.0", "0.5.0"), None, "2026-01-01T00:00:00Z"
    )


def body(document: str) -> str:
    """The document without comments."""
    return "\n".join(line for line in document.splitlines() if not line.startswith("%"))


@pytest.mark.parametrize("goal", GOALS)
def test_the_document_is_well_formed(goal: str) -> None:
    """Braces, mathematics and environments are balanced, commands are known, and no sign is left that LaTeX reads as more than itself."""
    text = body(latex_file(certificate(goal)))
    assert text.count("{") == text.count("}")
    assert re.findall(r"\\begin\{(\w+)\}", text) != []
    opened: list[str] = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", text):
        if kind == "begin":
            opened.append(name)
        else:
            assert opened.pop() == name
    assert opened == []
    assert set(re.findall(r"\\([A-Za-z]+)", text)) <= COMMANDS
    for row in text.splitlines():
        assert row.count("$") % 2 == 0
        outside = re.sub(r"\$[^$]*\$", "", row)
        assert not re.search(r"(?<!\\)[_^#~%]", outside)
        inside = "".join(re.findall(r"\$([^$]*)\$", row))
        assert not re.search(r"(?<!\\)_(?!\{\d+\})", inside)


def test_a_proof_stands_line_by_line() -> None:
    """Numbered, with rules and premises; the last line is the goal."""
    text = latex_file(certificate("[](p -> q) -> ([]p -> []q)"))
    assert r"1 & $p \to q,\allowbreak\ p \vdash q$ & definition of $\to$ \\" in text
    assert r"& necessitation, 8 \\" in text
    assert r"& axiom T \\" in text
    last = [row for row in text.splitlines() if re.match(r"\d+ & ", row)][-1]
    assert last.startswith(r"11 & $\vdash \Box (p \to q) \to \Box p \to \Box q$ & unit propagation, 10")


def test_a_countermodel_lists_its_worlds() -> None:
    """Each with the atoms true and false in it, and which one fails."""
    text = latex_file(certificate("p -> []p"))
    assert r"$w_{0}$ & $p$ & none \\" in text
    assert r"$w_{1}$ & none & $p$ \\" in text
    assert "The goal is false in $w_{0}$" in text


def test_long_formulas_have_names() -> None:
    """A long part is written once, and by name elsewhere."""
    text = latex_file(certificate(GOALS[-1]))
    names = re.findall(r"^\$\\varphi_\{(\d+)\}\$ & is & ", text, re.MULTILINE)
    assert names
    used = set(re.findall(r"\\varphi_\{(\d+)\}", text))
    assert used == set(names)


def test_a_huge_certificate_is_refused() -> None:
    """With what to ask for instead."""
    small = certificate("p \\/ ~p")
    huge = Certificate(small.kind, small.goal, small.evidence + bytes(1 << 18), small.kernel_hash, small.versions, None, small.created)
    with pytest.raises(TooLargeToSet, match="ask for json or v"):
        latex_file(huge)
