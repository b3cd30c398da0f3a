"""A goal that is not valid: the drawing, where each subformula is true, and why the goal fails."""

from typing import Any

import logos_pxl_engine as engine
from e2e.running import Server
from playwright.sync_api import Page, expect
from web.pages import INVALID, asked, field, in_module, js

GOALS = (
    "p -> []p",
    INVALID,
    "◇p ∧ ◇q → ◇(p ∧ q)",
    "◇(p ∧ ¬q) ∧ ◇(q ∧ ¬p) → ◇(p ∧ q) ∨ □(p ∨ q)",
    "(p <-> []q) \\/ ~<>(p /\\ true) -> (false <-> []<>q)",
    "~(<>(b /\\ c) /\\ [](a <-> ~b) /\\ <>(b /\\ ~c) /\\ <>a)",
)


def countermodel(server: Server, goal: str) -> dict[str, Any]:
    """As the server answers it."""
    found: dict[str, Any] = server.prove(goal).json()["countermodel"]
    return found


def test_the_countermodel_is_drawn(page: Page, web_server: Server) -> None:
    """A node for each world with its valuation, one of them marked as failing, all in one region that says who sees whom."""
    asked(page, INVALID, "Not valid")
    model = countermodel(web_server, INVALID)
    worlds = page.locator(".drawing .world")
    expect(worlds).to_have_count(len(model["worlds"]))
    expect(page.locator(".drawing .region-name")).to_have_text("every world sees every world")
    for world, name in zip(worlds.all(), model["worlds"], strict=True):
        expect(world.locator(".world-name")).to_have_text(name)
        literals = [atom if name in model["valuation"][atom] else "¬" + atom for atom in ("p", "q")]
        expect(world.locator(".valuation")).to_have_text(", ".join(literals))
        expect(world.locator(".fails")).to_have_count(1 if name == model["failing_world"] else 0)
    boxes = [world.locator(".body").bounding_box() for world in worlds.all()]
    assert boxes[0]["x"] + boxes[0]["width"] < boxes[1]["x"]  # type: ignore[index]


def test_every_subformula_is_true_where_the_engine_says(page: Page, web_server: Server) -> None:
    """In every world of countermodels of several goals; the engine evaluates apart from the page."""
    for goal in GOALS:
        field(page).fill("")
        asked(page, goal, "Not valid")
        model = countermodel(web_server, goal)
        worlds = [[atom for atom, where in model["valuation"].items() if name in where] for name in model["worlds"]]
        rows = page.locator(".model tbody tr")
        assert rows.count() == len(web_server.client.post("/parse", json={"goal": goal}).json()["subformulas"])
        for row in rows.all():
            shown = [cell == "T" for cell in row.locator("td").all_inner_texts()]
            assert shown == engine.Formula.parse(row.locator("th").inner_text()).evaluate(worlds)


def apart(server: Server) -> tuple[str, str]:
    """The countermodel to INVALID has two worlds; the atom that is true in w0 alone, and the one that is true in w1 alone."""
    valuation = countermodel(server, INVALID)["valuation"]
    here, there = ("p", "q") if valuation["p"] == ["w0"] else ("q", "p")
    assert (valuation[here], valuation[there]) == (["w0"], ["w1"])
    return here, there


def test_choosing_a_world_or_a_subformula_shows_it_everywhere(page: Page, web_server: Server) -> None:
    """In the drawing, in the goal, in the table and in words; by mouse and keyboard."""
    asked(page, INVALID, "Not valid")
    here, there = apart(web_server)
    sentence, worlds = page.locator(".sentence"), page.locator(".drawing .world")
    expect(sentence).to_have_text("□(p ∨ q) → □p ∨ □q is false in every world.")
    page.get_by_role("button", name=here, exact=True).click()
    expect(worlds.locator(".mark")).to_have_text(["T", "F"])
    expect(sentence).to_have_text(f"{here} is true in w0, and false in w1.")
    worlds.nth(1).focus()
    page.keyboard.press("Enter")
    expect(worlds.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(worlds.nth(1)).to_have_attribute("aria-label", f"World w1, true: {there}; false: {here}. {here} is false here")
    expect(page.get_by_role("button", name="w1", exact=True)).to_have_attribute("aria-pressed", "true")
    p, q = ("F", "T") if here == "p" else ("T", "F")
    assert page.locator(".judged .column .mark").all_inner_texts() == ["T", p, "T", q, "F", "F", p, "F", "F", q]
    page.locator(".judged .column .symbol", has_text="∨").first.click()
    expect(sentence).to_have_text("p ∨ q is true in every world.")


def test_why_it_fails_is_told_step_by_step(page: Page, web_server: Server) -> None:
    """From the goal down to the atoms; each step can be shown."""
    asked(page, INVALID, "Not valid")
    here, there = apart(web_server)
    without = {here: "w1", there: "w0"}
    steps = page.locator(".why li")
    assert [text.removesuffix(" show") for text in steps.all_inner_texts()] == [
        "In w0, □(p ∨ q) → □p ∨ □q is false, because □(p ∨ q) is true there and □p ∨ □q is false there.",
        "In w0, □(p ∨ q) is true, because p ∨ q is true in every world.",
        f"In w0, p ∨ q is true, because {here} is true there.",
        f"In w1, p ∨ q is true, because {there} is true there.",
        "In w0, □p ∨ □q is false, because □p is false there and □q is false there.",
        f"In w0, □p is false, because every world sees {without['p']}, where p is false.",
        f"In w0, □q is false, because every world sees {without['q']}, where q is false.",
    ]
    steps.nth(3).get_by_role("button").click()
    expect(page.locator(".drawing .world").nth(1)).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".sentence")).to_have_text("p ∨ q is true in every world.")


def test_every_step_of_an_explanation_is_true(page: Page, web_server: Server) -> None:
    """What a step says of its formula holds, and the first one says that the goal fails, for all these goals."""
    for goal in GOALS:
        parsed = web_server.client.post("/parse", json={"goal": goal}).json()
        model = countermodel(web_server, goal)
        told = in_module(
            page,
            "explaining.js",
            f"import('/web/kripke.js').then((k) => {{ const model = k.modelOf({js(model)}); const entries = {js(parsed['subformulas'])};"
            " const truth = k.truths(entries, model); return import('/web/nodes.js').then((n) => m.explain(entries, truth, model.failing)"
            ".steps.map((step) => [new n.Nodes(entries, 400).text(step.node), step.world, step.value])); })",
        )
        worlds = [[atom for atom, where in model["valuation"].items() if name in where] for name in model["worlds"]]
        assert told[0][2] is False
        assert engine.Formula.parse(told[0][0]) == engine.Formula.parse(goal)
        for text, world, value in told:
            assert engine.Formula.parse(text).evaluate(worlds)[world] is value


def test_many_worlds_stand_in_rows(page: Page, web_server: Server) -> None:
    """None over another, none outside the region; the table shows the chosen one."""
    # Twelve different worlds: each atom is alone somewhere.
    atoms = [f"a{number}" for number in range(12)]
    alone = ["<>(" + " /\\ ".join(atom if atom == one else f"~{atom}" for atom in atoms) + ")" for one in atoms]
    goal = "~(" + " /\\ ".join(alone) + ")"
    asked(page, goal, "Not valid")
    count = len(countermodel(web_server, goal)["worlds"])
    assert count >= 12
    boxes = [world.locator(".body").bounding_box() for world in page.locator(".drawing .world").all()]
    region = page.locator(".drawing .region").bounding_box()
    assert len(boxes) == count
    places = {(round(box["x"]), round(box["y"])) for box in boxes if box}
    assert len(places) == count
    assert region is not None
    for box in boxes:
        assert box is not None
        assert region["x"] <= box["x"]
        assert box["x"] + box["width"] <= region["x"] + region["width"]
        assert box["y"] + box["height"] <= region["y"] + region["height"]
    expect(page.locator(".model thead th")).to_have_count(2)
    page.locator(".drawing .world").nth(5).click()
    expect(page.locator(".model thead th").nth(1)).to_have_text("w5")


REASONS = {
    "~q": "q is false there",
    "p /\\ q": "q is false there",
    "p /\\ p'": "p is true there and p' is true there",
    "p \\/ q": "p is true there",
    "q \\/ r \\/ s": "q, r and s are all false there",
    "p -> q": "p is true there and q is false there",
    "q -> p": "p is true there",
    "q -> r": "q is false there",
    "p <-> q": "p is true there and q is false there",
    "[]p": "every world sees w1, where p is false",
    "<>q": "every world sees w1, where q is true",
    "[](p \\/ q)": "p ∨ q is true in every world",
    "<>r": "r is false in every world",
}


def test_a_reason_names_what_decides_and_nothing_else(page: Page, web_server: Server) -> None:
    """For every connective, where it is true and where it is false."""
    model = {"worlds": ["w0", "w1"], "failing_world": "w0", "valuation": {"p": ["w0"], "p'": ["w0"], "q": ["w1"], "r": [], "s": []}}
    told = {}
    for goal in REASONS:
        entries = web_server.client.post("/parse", json={"goal": goal}).json()["subformulas"]
        told[goal] = in_module(
            page,
            "explaining.js",
            f"Promise.all([import('/web/kripke.js'), import('/web/nodes.js')]).then(([k, n]) => {{ const entries = {js(entries)};"
            f" const model = k.modelOf({js(model)});"
            " return m.explain(entries, k.truths(entries, model), 0).steps[0].because.map((part) => typeof part === 'string' ? part"
            " : 'node' in part ? new n.Nodes(entries).text(part.node) : model.worlds[part.world]).join(''); })",
        )
    assert told == REASONS
