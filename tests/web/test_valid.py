"""A valid goal on the page: the theorem, the proof, what can be taken away."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from e2e.running import ROOT, Server
from playwright.sync_api import Page, expect
from web.conftest import OpenPage
from web.pages import VALID, asked, field, in_module, js, paste_goal, verdict

SIGNS = {"not": "¬", "box": "□", "dia": "◇", "and": "∧", "or": "∨", "imp": "→", "iff": "↔", "top": "⊤", "bottom": "⊥"}
PIGEONS = (
    "~((a1 \\/ a2 \\/ a3) /\\ (b1 \\/ b2 \\/ b3) /\\ (c1 \\/ c2 \\/ c3) /\\ (d1 \\/ d2 \\/ d3)"
    + "".join(
        f" /\\ ~({one}{hole} /\\ {other}{hole})" for hole in "123" for place, one in enumerate("abcd") for other in "abcd"[place + 1 :]
    )
    + ")"
)


def kept(server: Server, goal: str) -> dict[str, Any]:
    """The certificate that the server keeps of a goal."""
    certificate: dict[str, Any] = server.client.get(f"/certificates/{server.prove(goal).json()['id']}").json()
    return certificate


def whole(nodes: list[dict[str, Any]], number: int) -> str:
    """A node in Unicode with all parentheses."""
    node = nodes[number - 1]
    parts = [f"({whole(nodes, argument)})" for argument in node.get("args", [])]
    sign = node.get("name") or SIGNS[node["op"]]
    return f"{parts[0]} {sign} {parts[1]}" if len(parts) == 2 else sign + "".join(parts)


def test_the_theorem_is_shown_as_coq_printed_it(page: Page, web_server: Server) -> None:
    """With the size of the proof and its times, or that the service remembered it."""
    goal = "[](p -> q /\\ r) -> ([]p -> []q /\\ []r)"
    shown = asked(page, goal, "Valid")
    certificate = kept(web_server, goal)
    expect(shown.locator("figcaption code")).to_have_text(certificate["statement"])
    facts = shown.locator(".facts")
    expect(facts).to_contain_text(f"{len(certificate['description']['steps'])}")
    expect(facts.get_by_text("lines")).to_be_visible()
    for name in ("search", "Coq’s kernel", "in all"):
        expect(facts.locator("div", has_text=name).locator("dd").first).to_have_text(re.compile(r"^(< )?[0-9.]+ m?s$"))
    field(page).fill("")
    asked(page, goal, "Valid")
    expect(shown.locator(".facts")).to_contain_text("remembered")


def test_the_proof_is_the_certificate_line_by_line(page: Page, web_server: Server) -> None:
    """Every line shows its clause as a sequent, its rule, its premises and its uses."""
    asked(page, VALID, "Valid")
    description = kept(web_server, VALID)["description"]
    rows = page.locator(".lines > li")
    expect(rows).to_have_count(len(description["steps"]))
    words = {"def": ("definition", "axiom"), "rup": ("unit propagation",), "nec": ("necessitation",)}
    for number, (row, step) in enumerate(zip(rows.all(), description["steps"], strict=True), 1):
        left, _, right = row.locator(".sequent").inner_text().partition("⊢")
        sides = [
            [part.strip() for part in side.split(",") if part.strip() not in ("", "⊥")] for side in (left, right)
        ]  # no atom of the goal holds a comma
        expected = [
            [whole(description["nodes"], -lit) for lit in step["clause"] if lit < 0],
            [whole(description["nodes"], lit) for lit in step["clause"] if lit > 0],
        ]
        assert [[goals(web_server, part) for part in side] for side in sides] == [
            [goals(web_server, part) for part in side] for side in expected
        ]
        assert row.locator(".rule").inner_text().startswith(words[step["rule"]])
        premises = step.get("hints", [step["premise"]] if "premise" in step else [])
        used = [
            later
            for later, other in enumerate(description["steps"], 1)
            if number in other.get("hints", []) or number == other.get("premise")
        ]
        links = [int(link) for link in row.locator(".link").all_inner_texts()]
        assert links == [*dict.fromkeys(premises), *used]


def goals(server: Server, text: str) -> str:
    """A formula as the server reads it."""
    return str(server.client.post("/parse", json={"goal": text}).json()["goal"])


def test_pointing_at_a_line_shows_what_it_rests_on_and_where_it_is_used(page: Page, web_server: Server) -> None:
    """With the mouse and with the keyboard; a link leads to its line."""
    asked(page, VALID, "Valid")
    steps = kept(web_server, VALID)["description"]["steps"]
    number = next(place for place, step in enumerate(steps, 1) if step["rule"] == "nec")
    premise = steps[number - 1]["premise"]
    user = next(place for place, step in enumerate(steps, 1) if number in step.get("hints", []))

    def marked(kind: str) -> list[int]:
        return [int(row.get_attribute("data-line") or 0) for row in page.locator(f".lines .{kind}").all()]

    page.locator(f"#line-{number} .sequent").hover()
    assert (marked("pointed"), marked("premise"), marked("user")) == ([number], [premise], [user])
    page.mouse.move(0, 0)
    assert marked("pointed") == []
    link = page.locator(f"#line-{number}").get_by_role("button", name=f"line {premise}", exact=True)
    link.focus()
    assert (marked("pointed"), marked("premise"), marked("user")) == ([number], [premise], [user])
    page.keyboard.press("Enter")
    expect(page.locator(f"#line-{premise}")).to_be_focused()
    assert number in marked("user")


def test_the_rules_are_explained(page: Page) -> None:
    """A sentence each."""
    asked(page, VALID, "Valid")
    for rule in ("Definition", "Unit propagation", "Necessitation"):
        expect(page.locator(".rules dt", has_text=rule)).to_be_visible()


def test_a_long_proof_folds(page: Page, web_server: Server) -> None:
    """Its ends are shown; the rest unfolds; a link into the fold unfolds it; long formulas unfold in place."""
    asked(page, PIGEONS, "Valid")
    steps = kept(web_server, PIGEONS)["description"]["steps"]
    count = len(steps)
    rows = page.locator(".lines > li[data-line]")
    expect(rows).to_have_count(24)
    shown = (*range(1, 13), *range(count - 11, count + 1))
    number, hidden = next((number, hint) for number in shown for hint in steps[number - 1].get("hints", []) if hint not in shown)
    page.locator(f"#line-{number}").get_by_role("button", name=f"line {hidden}", exact=True).click()
    expect(page.locator(f"#line-{hidden}")).to_be_focused()
    expect(page.locator(f"#line-{hidden}")).to_be_in_viewport()
    while page.locator(".lines .fold button").count():
        page.locator(".lines .fold button").first.click()
    assert rows.count() == count
    assert [int(row.get_attribute("data-line") or 0) for row in rows.all()] == list(range(1, count + 1))
    named = rows.last.locator("button.name").first
    name = named.inner_text()
    named.click()
    expect(rows.last.locator(".unfolded").first).to_be_visible()
    assert name.startswith("φ")


def test_the_downloads_are_the_certificate(page: Page, web_server: Server, tmp_path: Path) -> None:
    """Coq accepts the file; the JSON is the certificate; the LaTeX document is one."""
    asked(page, VALID, "Valid")
    texts = {}
    for label in ("Coq file", "JSON", "LaTeX"):
        with page.expect_download() as waiting:
            page.get_by_role("link", name=label).click()
        download = waiting.value
        texts[label] = Path(download.path()).read_text()
        if label == "Coq file":
            name = download.suggested_filename
    assert json.loads(texts["JSON"]) == kept(web_server, VALID)
    assert texts["LaTeX"].startswith("% A theorem of S5")
    (tmp_path / name).write_text(texts["Coq file"])
    command = page.locator(".check code").inner_text().replace("coq/theories", str(ROOT / "coq" / "theories"))
    ran = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stdout.strip()) == (0, "Closed under the global context")


def test_the_verdict_changes_as_the_goal_does(page: Page) -> None:
    """Delete a box, and see why it fails."""
    asked(page, "[]p -> p", "Valid")
    page.keyboard.press("Control+Home")
    page.keyboard.press("Delete")
    page.keyboard.press("Delete")
    expect(field(page)).to_have_value("p -> p")
    verdict(page, "Valid")
    expect(page.locator(".theorem .display")).to_have_text("⊢ p → p")
    page.keyboard.press("Control+End")
    page.keyboard.press("Backspace")
    page.keyboard.type("[]p")
    verdict(page, "Not valid")
    expect(page.locator(".proof")).to_have_count(0)


def test_a_large_goal_has_its_verdict_too(page: Page) -> None:
    """Past what is printed: no formula, no theorem in words, and the downloads."""
    goal = " /\\ ".join(f"(p{number} -> p{number})" for number in range(700))
    shown = asked(page, goal, "Valid")
    expect(shown).to_contain_text("too large to print its theorem")
    expect(page.get_by_role("link", name="Coq file")).to_be_visible()
    expect(page.locator("#goal-message")).to_have_text("Read as a goal of 2799 signs")


@pytest.mark.parametrize(
    "text", ["[]p -> p", "~(p /\\ q) <-> ~p \\/ ~q", "(p -> q) -> r", "p -> q -> r", "(p <-> q) <-> r", "~[]<>~p", "true -> false"]
)
def test_formulas_are_printed_as_the_server_prints_them(page: Page, web_server: Server, text: str) -> None:
    """The same parentheses."""
    parsed = web_server.client.post("/parse", json={"goal": text}).json()
    printed = in_module(page, "nodes.js", f"new m.Nodes({js(parsed['subformulas'])}).text({len(parsed['subformulas'])})")
    assert printed == parsed["notations"]["unicode"]


def test_only_the_latest_answer_is_shown(open_page: OpenPage) -> None:
    """An answer that comes after the one to a later goal is never seen."""
    page = open_page()
    held = []
    page.route("**/prove", lambda route: held.append(route) if "slow_goal" in (route.request.post_data or "") else route.continue_())
    paste_goal(page, "slow_goal -> slow_goal")
    page.wait_for_function("() => document.querySelector('#announce').textContent === 'Deciding'")
    field(page).fill("quick -> []quick")
    verdict(page, "Not valid")
    assert len(held) == 1
    # The page has dropped the request; should its answer still come, nobody sees it.
    late = in_module(
        page,
        "latest.js",
        """(async () => {
            const latest = new m.Latest();
            const finish = {};
            const first = latest.run((signal) => new Promise((done) => { finish.first = () => done([signal.aborted, "first"]); }));
            const second = latest.run(() => new Promise((done) => { finish.second = () => done("second"); }));
            finish.second();
            const answers = [await second];
            finish.first();
            answers.push(await first);
            return answers;
        })()""",
    )
    assert late == [{"value": "second"}, None]
    assert held[0].request.failure == "net::ERR_ABORTED"
    expect(page.locator(".theorem .display")).to_have_text("⊬ quick → □quick")
