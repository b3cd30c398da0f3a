r"""A certificate as a LaTeX document: the proof line by line, or the countermodel's worlds.

Invariant: nothing of the goal but what ``latex_formulas.py`` escapes, and nothing of a certificate's other text but letters, digits and
plain signs, stands in the document. It needs amsmath, amssymb, geometry, iftex and longtable, which every distribution has.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from logos_pxl.errors import PxlError
from logos_pxl.kernel import CheckKind
from logos_pxl.proving.certificate import Certificate
from logos_pxl.proving.documents import described
from logos_pxl.proving.export import kept_goal
from logos_pxl.proving.latex_formulas import PrintedTable, atom, printed_table

_MAX_GOAL_CHARACTERS = 4_000

_DOCUMENT = r"""%% %(title)s
%% Certificate %(id)s.
%% Set it with pdflatex, or with lualatex where atoms have letters beyond Latin ones.
\documentclass[11pt]{article}
\usepackage{iftex}
\ifPDFTeX\usepackage[utf8]{inputenc}\usepackage[T1]{fontenc}\else\usepackage{fontspec}\fi
\usepackage{amsmath,amssymb,longtable}
\usepackage[margin=25mm]{geometry}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.6em}
\emergencystretch=3em
\begin{document}
\section*{%(title)s}

\begin{flushleft}
%(goal)s
\end{flushleft}

%(body)s

\subsection*{Where it comes from}

Logic: S5. Coq's kernel (Coq \texttt{%(coq)s}, theory \texttt{%(theory)s}) accepted this certificate on \texttt{%(created)s}.
The Coq file of the same certificate is checked by plain \texttt{coqc}.

\begin{flushleft}\footnotesize\ttfamily
certificate %(id)s\\
kernel %(kernel_hash)s
\end{flushleft}
\end{document}
"""

_PROOF = r"""\subsection*{The proof}

A line $A, B \vdash C, D$ says: whenever $A$ and $B$ hold, $C$ or $D$ holds. The last line is the goal.

%(named)s
\begin{longtable}{@{}rp{0.62\textwidth}p{0.26\textwidth}@{}}
\hline
& Line & By \\
\hline
\endhead
%(lines)s
\hline
\end{longtable}

\begin{description}
\item[definition] what the connective means; for $\Box$ and $\Diamond$ axiom T: what is necessary is true, what is true is possible.
\item[unit propagation] suppose that the line is false; the cited lines, one after the other, then force one literal each, until one of
them is contradicted.
\item[necessitation] what follows from modal formulas alone follows necessarily, for in S5 every world agrees on modal formulas.
\end{description}"""

_NAMED = r"""Long formulas have names:

\begin{longtable}{@{}rcp{0.8\textwidth}@{}}
%s
\end{longtable}
"""

_COUNTERMODEL = r"""\subsection*{A countermodel}

Every world sees every world. The goal is false in $w_{%(failing)d}$.

\begin{longtable}{@{}rp{0.4\textwidth}p{0.4\textwidth}@{}}
\hline
World & True & False \\
\hline
\endhead
%(worlds)s
\hline
\end{longtable}"""

_CONNECTIVES = {
    "bottom": r"$\bot$",
    "top": r"$\top$",
    "not": r"$\neg$",
    "and": r"$\land$",
    "or": r"$\lor$",
    "imp": r"$\to$",
    "iff": r"$\leftrightarrow$",
}


class TooLargeToSet(PxlError):
    """The certificate is too large for a document that anybody would read."""

    code = "too-large-to-set"


def latex_file(certificate: Certificate) -> str:
    """The document's text. Raises TooLargeToSet."""
    description = described(certificate)["description"]
    if description is None:
        raise TooLargeToSet("this certificate is too large to be set in LaTeX; ask for json or v")
    proof = certificate.kind is CheckKind.PROOF
    return _DOCUMENT % {
        "title": "A theorem of S5" if proof else "S5 does not prove this",
        "id": certificate.id,
        "goal": _goal(certificate),
        "body": _proof(description) if proof else _countermodel(certificate, description),
        "coq": _plain(certificate.versions.coq),
        "theory": _plain(certificate.versions.theory),
        "created": _plain(certificate.created),
        "kernel_hash": _plain(certificate.kernel_hash),
    }


def _goal(certificate: Certificate) -> str:
    """The goal, whole where that can be read. The names of the proof's table mean nothing here."""
    if len(certificate.goal) > _MAX_GOAL_CHARACTERS:
        return f"A goal of {len(certificate.goal)} characters."
    nodes = kept_goal(certificate).subformulas
    return f"${printed_table(nodes, max_characters=None).shown[len(nodes)].latex}$"


def _proof(description: dict[str, Any]) -> str:
    table = printed_table(description["nodes"])
    lines = [
        rf"{number} & ${_sequent(step['clause'], table)}$ & {_reason(step, description['nodes'])} \\"
        for number, step in enumerate(description["steps"], 1)
    ]
    rows = [rf"$\varphi_{{{number}}}$ & is & ${latex}$ \\" for number, latex in table.named.items()]
    return _PROOF % {"named": _NAMED % "\n".join(rows) if rows else "", "lines": "\n".join(lines)}


def _sequent(clause: Sequence[int], table: PrintedTable) -> str:
    """A clause as a sequent: what it denies stands on the left."""
    sides = ([-literal for literal in clause if literal < 0], [literal for literal in clause if literal > 0])
    left, right = (r",\allowbreak\ ".join(table.literal(literal) for literal in side) for side in sides)
    return rf"{left} \vdash {right or chr(92) + 'bot'}".strip()


def _reason(step: dict[str, Any], nodes: Sequence[dict[str, Any]]) -> str:
    match step["rule"]:
        case "def":
            operation = nodes[step["node"] - 1]["op"]
            return "axiom T" if operation in ("box", "dia") else f"definition of {_CONNECTIVES[operation]}"
        case "nec":
            return f"necessitation, {step['premise']}"
    return "unit propagation, " + ", ".join(map(str, step["hints"]))


def _countermodel(certificate: Certificate, description: dict[str, Any]) -> str:
    atoms = kept_goal(certificate).atoms
    return _COUNTERMODEL % {
        "failing": description["failing_world"],
        "worlds": "\n".join(_worlds(description["worlds"], atoms)),
    }


def _worlds(worlds: Sequence[Sequence[str]], atoms: Sequence[str]) -> Iterator[str]:
    for number, true in enumerate(worlds):
        held = set(true)
        sides = [[name for name in atoms if name in held], [name for name in atoms if name not in held]]
        shown = [", ".join(f"${atom(name)}$" for name in side) or "none" for side in sides]
        yield rf"$w_{{{number}}}$ & {shown[0]} & {shown[1]} \\"


def _plain(text: str) -> str:
    """``text`` without anything that LaTeX might take for more than a character."""
    return "".join(char if char.isascii() and (char.isalnum() or char in " .:+-/()") else "?" for char in text)
