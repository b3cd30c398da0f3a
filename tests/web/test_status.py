"""The status view for operators."""

from e2e.running import Server
from playwright.sync_api import Page, expect


def test_the_status_view_shows_what_the_service_tells(page: Page, web_server: Server) -> None:
    """Indicators against the manual's targets, pool, cache, verdicts, latency; and it follows."""
    for number in range(25):
        web_server.prove(f"p{number} -> p{number}")
    page.get_by_role("link", name="Status").click()
    indicators = page.locator(".indicator")
    expect(indicators).to_have_count(6)
    expect(page.locator(".summary .state")).to_contain_text("All is well")
    told = web_server.client.get("/metrics").json()
    ratio = indicators.filter(has=page.get_by_role("heading", name="Verification ratio"))
    percent = told["logos_pxl_verification_ratio_percent"]
    expect(ratio).to_contain_text(f"{percent:.0f} %" if percent == round(percent) else f"{percent:.1f} %")
    expect(ratio).to_contain_text("target at least 94 %, critical below 90 %")
    panel = page.locator(".panel")
    expect(panel.filter(has=page.get_by_role("heading", name="Session pool"))).to_contain_text("2 of 2")
    verdicts = panel.filter(has=page.get_by_role("heading", name="Verdicts"))
    valid = told['logos_pxl_verdicts_total{verdict="valid"}']
    expect(verdicts).to_contain_text(f"valid{valid:.0f}")
    total = sum(int(count.text_content() or 0) for count in page.locator(".histogram .count").all())
    assert total == told['logos_pxl_stage_duration_seconds_count{stage="total"}']
    web_server.prove("again -> again")
    expect(verdicts).to_contain_text(f"valid{valid + 1:.0f}")


def test_indicators_are_judged_by_the_manuals_thresholds(page: Page) -> None:
    """On target, off target, critical; and nothing is said of too few goals."""
    names = (
        "verification_ratio_percent",
        "p95_latency_ms",
        "cache_hit_rate_percent",
        "session_pool_utilization_percent",
        "memory_usage_percent",
    )
    cases = {
        (94, 299.9, 85, 79, 79): ["good"] * 5,
        (93.9, 300, 84, 80, 80): ["warning"] * 5,
        (90, 500, 70, 90, 95): ["warning"] * 5,
        (89.9, 500.1, 69, 91, 96): ["critical"] * 5,
    }
    for values, states in cases.items():
        for goals, expected in ((20, states), (19, ["idle"] * 3 + states[3:])):
            lines = [f"logos_pxl_{name} {value}" for name, value in zip(names, values, strict=True)]
            text = "\n".join([*lines, f"logos_pxl_window_goals {goals}", f"logos_pxl_window_cache_lookups {goals}"])
            judged = page.evaluate(
                "(text) => Promise.all([import('/web/prometheus.js'), import('/web/indicators.js')])"
                ".then(([p, m]) => m.readings(new p.Samples(text)).map((reading) => reading.state))",
                text,
            )
            assert judged == expected
