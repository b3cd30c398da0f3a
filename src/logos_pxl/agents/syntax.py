"""The resource ``pxl://syntax``: how goals are written, for agents."""

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
