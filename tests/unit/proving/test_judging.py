"""The kernel's answer is a certificate only for the very goal asked; Coq's statement is read back."""

from dataclasses import dataclass, field

import pytest

from logos_pxl.goals import Goal
from logos_pxl.kernel import CheckKind, KernelIdentity, KernelVerdict
from logos_pxl.proving.attempt import Deadline
from logos_pxl.proving.judging import Judge, Judgement, states
from logos_pxl.proving.search import Finding

PROOF, COUNTERMODEL = CheckKind


@pytest.mark.parametrize(
    ("statement", "kind", "goal"),
    [
        ('Prov (□ ("A" → "A"))', PROOF, "BOX(A -> A)"),
        ('~ Prov ("A" → □ "A")', COUNTERMODEL, "A -> BOX(A)"),
        ('Prov "A"', PROOF, "A"),
        ('~\nProv\n  (□ "a0"\n   ∨ ◇ ⊥)', COUNTERMODEL, "BOX(a0) \\/ DIA(false)"),
        ('Prov ("p" ∧ "q\'" → ¬ ⊤ ↔ "r")', PROOF, "p /\\ q' -> ~true <-> r"),
    ],
)
def test_coqs_own_words_for_the_goal_are_recognized(statement: str, kind: CheckKind, goal: str) -> None:
    """Symbols, quoted atoms and line breaks as Coq prints them."""
    assert states(statement, kind, Goal.parse(goal))


@pytest.mark.parametrize(
    ("statement", "kind", "goal"),
    [
        ('Prov (□ ("A" → "B"))', PROOF, "BOX(A -> A)"),
        ('Prov (□ "A" → "A")', PROOF, "BOX(A -> A)"),
        ('~ Prov (□ ("A" → "A"))', PROOF, "BOX(A -> A)"),
        ('Prov ("A" → □ "A")', COUNTERMODEL, "A -> BOX(A)"),
        ("True", PROOF, "true"),
        ("", PROOF, "true"),
        ('Prov ("A" → ..)', PROOF, "A -> A"),
        ('Prov ("B" → "B" → "A")', PROOF, "(B -> B) -> A"),
        ("ProvA", PROOF, "A"),
    ],
)
def test_any_other_statement_is_not_the_goals(statement: str, kind: CheckKind, goal: str) -> None:
    """Another formula, another kind, and words that are not understood."""
    assert not states(statement, kind, Goal.parse(goal))


@dataclass
class Scripted:
    """A kernel that says what the test wants."""

    accepted: bool
    statement: str | None
    asked: list[bool] = field(default_factory=list)

    async def check(self, kind: CheckKind, goal_wire: bytes, certificate: bytes, *, deadline: float, statement: bool) -> KernelVerdict:
        """The scripted answer."""
        self.asked.append(statement)
        return KernelVerdict(self.accepted, self.statement, "" if self.accepted else "no", kernel_ms=1.0, queue_ms=0.0, session_id=1)


IDENTITY = KernelIdentity(kernel_hash="0" * 64, coq_version="8.16.1", theory_version="1")


async def judged(kernel: Scripted, kind: CheckKind = CheckKind.PROOF, *, require: bool = False, nodes: int = 100) -> Judgement:
    judge = Judge(kernel, IDENTITY, statement_max_nodes=nodes)
    return await judge.judge(Goal.parse("A -> A"), Finding(kind, b"x"), Deadline(1e18), require_statement=require)


async def test_an_acceptance_of_this_goal_is_a_certificate() -> None:
    """With the goal, the statement and the kernel's hash."""
    judgement = await judged(Scripted(accepted=True, statement='Prov ("A" → "A")'))
    assert judgement.objection == ""
    assert judgement.certificate is not None
    assert (judgement.certificate.goal, judgement.certificate.kernel_hash) == ("A -> A", "0" * 64)


@pytest.mark.parametrize(
    ("kernel", "kind", "objection"),
    [
        (Scripted(accepted=False, statement=None), CheckKind.PROOF, "refused the certificate: no"),
        (Scripted(accepted=True, statement='Prov ("B" → "B")'), CheckKind.PROOF, "accepted another theorem"),
        (Scripted(accepted=True, statement='~ Prov ("A" → "A")'), CheckKind.PROOF, "accepted another theorem"),
        (Scripted(accepted=True, statement='Prov ("A" → "A")'), CheckKind.COUNTERMODEL, "accepted another theorem"),
    ],
)
async def test_anything_else_is_an_objection(kernel: Scripted, kind: CheckKind, objection: str) -> None:
    """A refusal, another goal, the other kind: never a certificate."""
    judgement = await judged(kernel, kind)
    assert judgement.certificate is None
    assert objection in judgement.objection


async def test_a_required_statement_is_printed_whatever_the_goals_size() -> None:
    """And its absence is an objection."""
    kernel = Scripted(accepted=True, statement=None)
    assert (await judged(kernel, nodes=0)).certificate is not None
    assert (await judged(kernel, nodes=0, require=True)).certificate is None
    assert kernel.asked == [False, True]
