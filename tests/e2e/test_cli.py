"""The command line, as a process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from e2e.running import HARD, ROOT

from logos_pxl.version import __version__


def pxl(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``pxl``."""
    return subprocess.run(
        [sys.executable, "-c", "from logos_pxl.cli import main; main()", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=ROOT,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize(
    ("goals", "status", "lines"),
    [
        (["BOX(A -> A)"], 0, ["valid\tBOX(A -> A)"]),
        (["A -> BOX(A)"], 1, ["invalid\tA -> BOX(A)"]),
        (["A ->"], 2, []),
        (["A -> A", "A", "B"], 1, ["valid\tA -> A", "invalid\tA", "invalid\tB"]),
        (["A", "(", "A -> A"], 2, ["invalid\tA", "valid\tA -> A"]),
    ],
)
def test_the_exit_status_is_the_worst_verdict(goals: list[str], status: int, lines: list[str]) -> None:
    """0 valid, 1 invalid, 2 error; one bad goal does not spoil the others."""
    ran = pxl("prove", *goals)
    assert ran.returncode == status, ran.stderr
    assert ran.stdout.splitlines() == lines


def test_an_undecided_goal_is_status_3() -> None:
    """With its reason on standard error."""
    ran = pxl("prove", "--timeout-ms", "200", HARD, "A")
    assert ran.returncode == 3
    assert ran.stdout.startswith("unknown\t")
    assert "timeout" in ran.stderr


def test_a_malformed_goal_shows_its_place_on_standard_error() -> None:
    """With a caret line, and nothing on standard output."""
    ran = pxl("prove", "BOX(A -> )")
    assert (ran.returncode, ran.stdout) == (2, "")
    source, caret = [line for line in ran.stderr.splitlines() if line.strip()][-2:]
    assert source[caret.index("^")] == ")"
    assert "Traceback" not in ran.stderr


def test_goals_come_from_a_file_one_a_line(folder: Path) -> None:
    """Blank lines are passed over, and a malformed one is told by its number."""
    (folder / "goals.txt").write_text("BOX(p) -> p\n\np -> BOX(p)\np ->\n")
    ran = pxl("prove", "--file", str(folder / "goals.txt"))
    assert ran.returncode == 2
    assert ran.stdout.splitlines() == ["valid\tBOX(p) -> p", "invalid\tp -> BOX(p)"]
    assert "goals.txt, line 4" in ran.stderr


@pytest.mark.parametrize("arguments", [[], ["--file", "-"]])
def test_goals_come_from_standard_input(arguments: list[str]) -> None:
    """When nothing else is given, or when it is named."""
    ran = pxl("prove", *arguments, stdin="□(p → p)\n")
    assert (ran.returncode, ran.stdout) == (0, "valid\tBOX(p -> p)\n")


def test_json_is_one_object_a_goal() -> None:
    """Also for a goal that cannot be read."""
    ran = pxl("prove", "--json", "A -> A", "(", "A")
    first, second, third = (json.loads(line) for line in ran.stdout.splitlines())
    assert (first["ok"], first["verdict"], first["verified"]) == (True, "valid", True)
    assert (second["ok"], second["error"], second["goal"]) == (False, "malformed-goal", "(")
    assert (third["ok"], third["verdict"]) == (False, "invalid")
    assert third["countermodel"]["valuation"] == {"A": []}


@pytest.mark.parametrize(
    ("formula", "status"), [("~([r1] p1 -> p1)", 0), ("[r1] p1 -> p1", 1), ("<r1> p1 & [r1] ~p1", 0)], ids=["T", "negated", "clash"]
)
def test_an_intohylo_files_goal_is_its_negation(folder: Path, formula: str, status: int) -> None:
    """An unsatisfiable file is a valid goal; the file may have many lines."""
    (folder / "file.intohylo").write_text(f"begin\n{formula}\nend\n")
    assert pxl("prove", "--format", "intohylo", "--file", str(folder / "file.intohylo")).returncode == status


def test_a_countermodel_is_printed_as_a_table() -> None:
    """A row for each atom, a column for each world; the goal fails in w0."""
    ran = pxl("countermodel", "p -> BOX(p)")
    assert ran.returncode == 1
    assert "fails in w0" in ran.stdout
    (row,) = [line.split() for line in ran.stdout.splitlines() if line.split()[:1] == ["p"] and "->" not in line]
    assert row == ["p", "1", "0"]


def test_a_valid_goal_has_no_countermodel() -> None:
    """And the command says why."""
    ran = pxl("countermodel", "BOX(p) -> p")
    assert ran.returncode == 0
    assert "no countermodel" in ran.stdout


@pytest.mark.parametrize(("goal", "status"), [("BOX(A -> A)", 0), ("A -> BOX(A)", 1)])
def test_an_exported_file_is_accepted_by_coqc_and_by_verify(folder: Path, goal: str, status: int) -> None:
    """Export writes nothing but the file to standard output."""
    ran = pxl("export", goal)
    assert ran.returncode == status
    (folder / "proof.v").write_text(ran.stdout)
    coqc = subprocess.run(
        ["coqc", "-q", "-Q", str(ROOT / "coq/theories"), "PXL", "proof.v"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert coqc.returncode == 0, coqc.stderr
    verified = pxl("verify", str(folder / "proof.v"))
    assert verified.returncode == 0, verified.stderr
    words = {"BOX(A -> A)": 'Prov (□ ("A" → "A"))', "A -> BOX(A)": '~ Prov ("A" → □ "A")'}[goal]
    assert verified.stdout == f"accepted by Coq's kernel (coqc): {words}\n"


@pytest.mark.parametrize("goal", ["BOX(A -> A)", "A -> BOX(A)"])
@pytest.mark.parametrize("fast", [False, True])
def test_a_json_certificate_is_verified(folder: Path, goal: str, fast: bool) -> None:
    """By Coq's kernel; or, with --fast, by the Rust checker, which says that the kernel was not asked."""
    (folder / "c.json").write_text(pxl("export", "--to", "json", goal).stdout)
    ran = pxl("verify", *(["--fast"] if fast else []), str(folder / "c.json"))
    assert ran.returncode == 0, ran.stderr
    assert ("NOT asked" in ran.stdout) is fast


def reseal(document: dict[str, object]) -> dict[str, object]:
    """The document with the id that its members give: what a forger would do."""
    from dataclasses import replace  # noqa: PLC0415

    from logos_pxl.proving import Certificate  # noqa: PLC0415

    honest = Certificate.from_json(document)
    return {**document, "goal": "BOX(A -> B)", "id": replace(honest, goal="BOX(A -> B)").id}


@pytest.mark.parametrize("fast", [False, True])
def test_a_forged_certificate_is_refused(folder: Path, fast: bool) -> None:
    """A proof of one goal under another's name, with a fitting id: status 1."""
    document = json.loads(pxl("export", "--to", "json", "BOX(A -> A)").stdout)
    (folder / "forged.json").write_text(json.dumps(reseal(document)))
    ran = pxl("verify", *(["--fast"] if fast else []), str(folder / "forged.json"))
    assert ran.returncode == 1
    assert ran.stdout.startswith("refused by")


CHEAT = """
From PXL Require Import Kernel.Syntax Kernel.Provability.
Axiom goal_is_so : Prov Bot.
Theorem goal_is_provable : Prov Bot.
Proof. exact goal_is_so. Qed.
"""

OWN = """
Inductive formula := F.
Inductive Prov : formula -> Prop := P : Prov F.
Theorem goal_is_provable : Prov F.
Proof. exact P. Qed.
"""


@pytest.mark.parametrize(
    ("name", "text", "status"),
    [
        ("none.json", None, 2),
        ("empty.json", "", 2),
        ("other.json", '{"format": "pxl-certificate/9"}', 2),
        ("other.v", "Theorem t : True. Proof. exact I. Qed.", 2),
        ("cheat.v", CHEAT, 1),
        ("own.v", OWN, 1),
        ("broken.v", "Theorem goal_is_provable : False. Proof. Qed.", 1),
    ],
)
def test_what_proves_nothing_is_not_accepted(folder: Path, name: str, text: str | None, status: int) -> None:
    """Files that are none, axioms, a Prov of one's own: an error, or refused."""
    if text is not None:
        (folder / name).write_text(text)
    ran = pxl("verify", str(folder / name))
    assert ran.returncode == status, (ran.stdout, ran.stderr)
    assert "Traceback" not in ran.stderr
    assert "accepted" not in ran.stdout


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_the_version_option_prints_the_version(option: str) -> None:
    """One line, without the engine or Coq."""
    ran = pxl(option, PXL_COQ_DIR="/nowhere")
    assert (ran.returncode, ran.stdout) == (0, f"pxl {__version__}\n")


def test_version_names_all_parts() -> None:
    """Package, engine, Coq, theory, and the kernel's hash."""
    ran = pxl("version")
    assert ran.returncode == 0
    told = dict(line.split("\t") for line in ran.stdout.splitlines())
    assert set(told) == {"pxl", "engine", "coq", "theory", "kernel"}
    assert told["coq"] == "8.16.1"


@pytest.mark.parametrize(
    ("arguments", "environment", "says"),
    [
        (["prove", "--file", "/nowhere"], {}, "/nowhere"),
        (["prove", "A", "--file", "x"], {}, "--file"),
        (["prove", "A"], {"PXL_COQ_DIR": "/nowhere"}, "PXL_COQ_DIR"),
        (["prove", "A"], {"PXL_COQTOP": "no-such-program"}, "PXL_COQTOP"),
        (["prove", "--timeout-ms", "0", "A"], {}, "timeout-ms"),
        (["prove"], {}, "no goal"),
        (["disprove"], {}, "disprove"),
    ],
)
def test_what_cannot_be_done_is_status_2_with_a_message(arguments: list[str], environment: dict[str, str], says: str) -> None:
    """On standard error, without a trace of Python."""
    ran = pxl(*arguments, **environment)
    assert ran.returncode == 2
    assert says in ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.stdout == ""


def test_help_does_not_load_the_engine() -> None:
    """So that it is quick."""
    heavy = "{'logos_pxl_engine', 'pydantic', 'starlette', 'asyncio'}"
    code = f"import sys\nfrom logos_pxl.cli.app import app\nprint(sorted({heavy} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True, cwd=ROOT)
    assert ran.stdout.strip() == "[]"


def test_a_local_run_keeps_nothing(folder: Path) -> None:
    """No files appear for a goal that was decided on the command line."""
    pxl("prove", "A -> A", PXL_DATA_DIR=str(folder / "var"))
    assert list(folder.iterdir()) == []
