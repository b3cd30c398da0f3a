/**
 * The state of the service for those who run it: live from /health, /health/proof_server and /metrics.
 */

import { health, metrics, Refusal } from "./asking.js";
import { el, svg } from "./dom.js";
import { readings, span } from "./indicators.js";
import { Samples } from "./prometheus.js";
import { milliseconds } from "./verdict_view.js";

const EVERY_MS = 5000;
const STATES = { good: "on target", warning: "off target", critical: "critical", idle: "idle", unknown: "not known" };

export class StatusView {
  #timer = 0;
  #shown = false;
  #round = 0;

  /** @param {HTMLElement} place */
  constructor(place) {
    this.place = place;
    document.addEventListener("visibilitychange", () => this.#shown && !document.hidden && this.#refresh());
  }

  /** Shows the state, and keeps it fresh until `hide`. */
  show() {
    this.#shown = true;
    this.#refresh();
  }

  hide() {
    this.#shown = false;
    clearTimeout(this.#timer);
  }

  async #refresh() {
    clearTimeout(this.#timer);
    const round = ++this.#round;
    try {
      const [state, kernel, text] = await Promise.all([health(), health("/health/proof_server"), metrics()]);
      if (round === this.#round) this.#draw(state, kernel, new Samples(text));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.place.replaceChildren(
        el(
          "div",
          { class: "verdict refused" },
          el("h2", {}, error.title),
          el("p", {}, error.detail),
          el("p", {}, "Trying again every few seconds."),
        ),
      );
    }
    if (round === this.#round && this.#shown && !document.hidden) this.#timer = setTimeout(() => this.#refresh(), EVERY_MS);
  }

  #draw(state, kernel, samples) {
    const focused = this.place.contains(document.activeElement);
    this.place.replaceChildren(
      summary(state),
      el("div", { class: "indicators" }, readings(samples).map(indicator), uptime(state)),
      el("div", { class: "panels" }, pool(kernel), cache(samples), verdicts(samples), latency(samples), stages(samples)),
    );
    // The histogram is all that can have the focus here; drawing it anew must not take it away.
    if (focused) this.place.querySelector(".scroll")?.focus();
  }
}

function summary(state) {
  const words = { ok: "All is well", degraded: "Degraded", unavailable: "Unavailable" };
  return el(
    "div",
    { class: `summary ${state.status}` },
    el(
      "p",
      { class: "state" },
      el("strong", {}, words[state.status] ?? state.status),
      ` · version ${state.version} · ${new Date(state.timestamp).toLocaleTimeString()}`,
    ),
    state.problems.length
      ? el(
          "ul",
          {},
          state.problems.map((problem) => el("li", {}, problem)),
        )
      : null,
    state.authentication === "off" ? el("p", { class: "note" }, "Requests need no signature.") : null,
  );
}

function indicator({ title, unit, target, critical, value, state, note }) {
  const shown = value === null ? "–" : value >= 100 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1);
  return el(
    "div",
    { class: `indicator ${state}` },
    el("h2", {}, title),
    el("p", { class: "value" }, String(shown), el("span", { class: "unit" }, ` ${unit}`)),
    el("p", { class: "tag" }, note || STATES[state]),
    el("p", { class: "target" }, `target ${target}, critical ${critical}`),
  );
}

function uptime(state) {
  return el(
    "div",
    { class: `indicator ${state.ready ? "good" : "critical"}` },
    el("h2", {}, "Uptime"),
    el("p", { class: "value" }, span(state.uptime_s)),
    el("p", { class: "tag" }, state.ready ? "ready" : "not ready"),
    el("p", { class: "target" }, "target at least 99.9 % of the time, which Prometheus tells"),
  );
}

function panel(title, ...children) {
  return el("section", { class: "panel" }, el("h2", {}, title), children);
}

function pairs(entries) {
  return el(
    "dl",
    { class: "facts" },
    entries.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, String(value)))),
  );
}

function pool(kernel) {
  const {
    busy_sessions: busy,
    active_sessions: active,
    max_pool_size: most,
    spare_sessions: spares,
    waiting_checks: waiting,
  } = kernel.session_pool;
  const lost = Object.entries(kernel.session_pool.replacements).filter(([, count]) => count > 0);
  const boxes = Array.from({ length: Math.min(most, 64) }, (_, index) =>
    el("span", { class: index < busy ? "busy" : index < active ? "warm" : "cold" }),
  );
  return panel(
    "Session pool",
    el("div", { class: "sessions", role: "img", "aria-label": `${busy} of ${most} sessions busy, ${active} live` }, boxes),
    pairs([
      ["busy", busy],
      ["live", `${active} of ${most}`],
      ["spares", spares],
      ["checks waiting", waiting],
    ]),
    el(
      "p",
      { class: "note" },
      lost.length
        ? `Replaced since the start: ${lost.map(([cause, count]) => `${count} (${cause.replace("_", " ")})`).join(", ")}.`
        : "No session had to be replaced.",
    ),
    el("p", { class: "note" }, "Coq ", kernel.coq_version, ", kernel ", el("code", {}, kernel.kernel_hash.slice(0, 16)), " …"),
  );
}

function cache(samples) {
  const count = (name) => samples.value(`logos_pxl_cache_${name}`) ?? 0;
  return panel(
    "Cache",
    pairs([
      ["entries", count("size")],
      ["hits", count("hits_total")],
      ["misses", count("misses_total")],
      ["by equivalence", count("prefetch_hits_total")],
      ["joined", count("joined_total")],
    ]),
  );
}

function verdicts(samples) {
  const count = (verdict) => samples.value("logos_pxl_verdicts_total", { verdict }) ?? 0;
  const reasons = samples.series("logos_pxl_unknown_verdicts_total").filter((sample) => sample.value > 0);
  return panel(
    "Verdicts since the start",
    pairs(["valid", "invalid", "unknown"].map((verdict) => [verdict, count(verdict)])),
    reasons.length
      ? el(
          "p",
          { class: "note" },
          `Unknown by reason: ${reasons.map((sample) => `${sample.labels.reason.replace("_", " ")} ${sample.value}`).join(", ")}.`,
        )
      : null,
  );
}

const BAR = { width: 34, height: 120, gap: 12 };

function latency(samples) {
  const all = samples.histogram("logos_pxl_stage_duration_seconds", { stage: "total" });
  const used = all.map((bucket) => bucket.count > 0);
  const [first, last] = [Math.max(0, used.indexOf(true) - 1), Math.min(all.length, used.lastIndexOf(true) + 2)];
  const buckets = used.includes(true) ? all.slice(first, last) : [];
  if (!buckets.length) return panel("Latency of goals", el("p", { class: "note" }, "No goal has been decided yet."));
  return panel(
    "Latency of goals",
    el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "The histogram" }, histogram(buckets)),
    el("p", { class: "note" }, "Number of goals by time, since the start."),
  );
}

function histogram(buckets) {
  const most = Math.max(...buckets.map((bucket) => bucket.count));
  const width = buckets.length * (BAR.width + BAR.gap);
  const told = buckets.filter((bucket) => bucket.count).map((bucket) => `${bucket.count} up to ${bound(bucket.upTo)}`);
  const bars = buckets.map(({ upTo, count }, index) => {
    const height = (count / most) * BAR.height;
    const x = index * (BAR.width + BAR.gap) + BAR.gap / 2;
    return [
      svg("rect", { class: "bar", x, y: BAR.height + 18 - height, width: BAR.width, height, rx: 3 }),
      count
        ? svg("text", { class: "count", x: x + BAR.width / 2, y: BAR.height + 12 - height, "text-anchor": "middle" }, String(count))
        : null,
      svg("text", { class: "bound", x: x + BAR.width / 2, y: BAR.height + 36, "text-anchor": "middle" }, bound(upTo)),
    ];
  });
  return svg(
    "svg",
    {
      class: "histogram",
      width,
      height: BAR.height + 44,
      viewBox: `0 0 ${width} ${BAR.height + 44}`,
      role: "img",
      "aria-label": `Latency: ${told.join(", ")}`,
    },
    bars.flat(),
  );
}

function bound(seconds) {
  if (seconds === Infinity) return "more";
  return seconds < 1 ? `${Number((seconds * 1000).toPrecision(3))}ms` : `${seconds}s`;
}

function stages(samples) {
  const mean = (stage) => {
    const count = samples.value("logos_pxl_stage_duration_seconds_count", { stage });
    return count ? milliseconds((1000 * samples.value("logos_pxl_stage_duration_seconds_sum", { stage })) / count) : "–";
  };
  return panel(
    "Where the time goes, on average",
    pairs(["parse", "cache", "queue", "search", "kernel", "store", "total"].map((stage) => [stage, mean(stage)])),
  );
}
