"""The MCP server: its tools and its resource, on any prover."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations

from logos_pxl.agents.answers import CheckAnswer, CountermodelAnswer, ExplainAnswer, GoalText, ProveAnswer, TimeoutMs
from logos_pxl.agents.checking import Check, certificate_of
from logos_pxl.client.interface import AsyncProver
from logos_pxl.errors import PxlError
from logos_pxl.explanations import explained
from logos_pxl.version import __version__

DEFAULT_TIMEOUT_MS = 10_000

INSTRUCTIONS = (
    "Decides formulas of the propositional modal logic S5. Every verdict of valid or invalid is a theorem that the Coq kernel has checked: "
    "a proof, or a finite countermodel. The verdict unknown means that neither was established in the time given: it is not a no, and "
    "nothing may be concluded from it. Read the `goal` of an answer to see how your text was understood; the resource pxl://syntax says "
    "how goals are written."
)

SYNTAX = r"""# How goals are written

A goal is a formula of the propositional modal logic S5. All notations may be mixed.

| meaning | notations |
| --- | --- |
| necessarily | `BOX(p)`, `[]p`, `□p`, `\Box p`, `necessarily p` |
| possibly | `DIA(p)`, `<>p`, `◇p`, `\Diamond p`, `possibly p` |
| not | `~p`, `¬p`, `\neg p`, `not p` |
| and | `p /\ q`, `p & q`, `p ∧ q`, `\land`, `p and q` |
| or | `p \/ q`, `p \| q`, `p ∨ q`, `\lor`, `p or q` |
| implies | `p -> q`, `p → q`, `\to`, `p implies q` |
| if and only if | `p <-> q`, `p ↔ q`, `\leftrightarrow`, `p iff q` |
| true, false | `true`, `false`, `⊤`, `⊥`, `\top`, `\bot` |

`not`, `BOX` and `DIA` bind tightest, then `and`, `or`, `implies` (to the right), `iff`.
A name is a letter or `_`, then letters, digits, `_` and `'`.

In S5 every world sees every world: `BOX p` means that p is true at all worlds, `DIA p` that it is true at some world.
A goal is *valid* when it is true at every world of every model, which is when S5 proves it.
"""

_READ_ONLY = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
# Beyond the time that a goal was given: for the way, and for the certificate's description.
_SLACK_S = 15.0


def agents_server(prover: AsyncProver, check: Check) -> MCPServer[None]:
    """The server, whose tools ask ``prover`` and ``check``."""
    server: MCPServer[None] = MCPServer(
        "pxl",
        title="PXL: verdicts on modal logic, checked by Coq",
        version=__version__,
        instructions=INSTRUCTIONS,
        log_level="WARNING",
    )

    @server.tool(title="Decide a goal", annotations=_READ_ONLY)
    async def prove(goal: GoalText, timeout_ms: TimeoutMs = DEFAULT_TIMEOUT_MS) -> ProveAnswer:
        """Decide whether S5 proves a formula: valid, invalid (with a countermodel) or unknown."""
        async with _bounded(timeout_ms):
            return ProveAnswer.of(await prover.prove(goal, timeout_ms=timeout_ms))

    @server.tool(title="Find a countermodel", annotations=_READ_ONLY)
    async def countermodel(goal: GoalText, timeout_ms: TimeoutMs = DEFAULT_TIMEOUT_MS) -> CountermodelAnswer:
        """Find a finite Kripke model in which a formula is false, or establish that there is none."""
        async with _bounded(timeout_ms):
            return CountermodelAnswer.of(await prover.countermodel(goal, timeout_ms=timeout_ms))

    @server.tool(title="Explain a verdict", annotations=_READ_ONLY)
    async def explain(goal: GoalText, timeout_ms: TimeoutMs = DEFAULT_TIMEOUT_MS) -> ExplainAnswer:
        """Decide a formula and say why, in numbered sentences: how it fails in a countermodel, or the main steps of its proof."""
        async with _bounded(timeout_ms):
            return ExplainAnswer.of(await explained(prover, goal, timeout_ms))

    @server.tool(title="Check a certificate", annotations=_READ_ONLY)
    async def check_certificate(certificate: Mapping[str, Any] | str, timeout_ms: TimeoutMs = DEFAULT_TIMEOUT_MS) -> CheckAnswer:
        """Check a certificate again (JSON of the format pxl-certificate/1), believing nothing that it says of itself."""
        async with _bounded(timeout_ms):
            return await check(certificate_of(certificate), timeout_ms / 1000)

    @server.resource("pxl://syntax", title="How goals are written", mime_type="text/markdown")
    def syntax() -> str:
        """The notations for goals, what binds tighter than what, and what the symbols mean."""
        return SYNTAX

    return server


@asynccontextmanager
async def _bounded(timeout_ms: int) -> AsyncIterator[None]:
    """Turn errors into tool errors, and bound the time."""
    try:
        async with asyncio.timeout(timeout_ms / 1000 + _SLACK_S):
            yield
    except PxlError as error:
        raise ToolError(str(error)) from error
    except TimeoutError as error:
        raise ToolError(f"no answer within {timeout_ms} ms and {_SLACK_S:.0f} s: the goal is undecided") from error
