/**
 * A verdict on the page: what it is, how it was reached, and what can be taken away.
 */

import { el, svg } from "./dom.js";
import { formula } from "./formulas.js";
import { Nodes } from "./nodes.js";

const WORDS = {
  valid: ["Valid", "S5 proves it: Coq’s kernel accepted the proof below."],
  invalid: ["Not valid", "S5 does not prove it: Coq’s kernel accepted the countermodel below."],
  unknown: ["Unknown", "Neither a proof nor a countermodel was found."],
};

const SIGNS = {
  valid: "M7 12.5l3.5 3.5 7-8",
  invalid: "M8 8l8 8M16 8l-8 8",
  unknown: "M9 9.5a3 3 0 1 1 4.2 2.7c-.8.4-1.2 1-1.2 1.8M12 17v.01",
};

const ADVICE = {
  timeout: "Allow more time, or try a smaller part of the goal first.",
  resource_limit: "The goal needs more memory than a search or check may use. Try a smaller part of it.",
};

/**
 * The head of a verdict.
 * @param {any} answer of POST /prove
 * @param {{subformulas: any[] | null} | null} parsed of POST /parse
 * @param {{onMoreTime: () => void, onShare: (button: HTMLElement) => void}} actions
 */
export function verdictView(answer, parsed, actions) {
  const [title, lead] = WORDS[answer.verdict];
  return el(
    "header",
    { class: `verdict ${answer.verdict}` },
    el(
      "div",
      { class: "verdict-head" },
      verdictSign(answer.verdict),
      el("div", {}, el("h2", { id: "verdict-title", tabindex: -1 }, title), el("p", {}, lead)),
    ),
    answer.verdict === "unknown" ? reason(answer, actions) : theorem(answer, parsed),
    facts(answer),
    answer.verdict === "unknown" ? null : downloads(answer, actions),
  );
}

/** What to say of a verdict to those who hear the page. */
export function announcement(answer) {
  return `${WORDS[answer.verdict][0]}. ${answer.verdict === "unknown" ? answer.detail : WORDS[answer.verdict][1]}`;
}

/** The sign of a verdict: a tick, a cross or a question mark, each in its own shape. */
export function verdictSign(verdict) {
  const frame =
    verdict === "valid"
      ? svg("circle", { cx: 12, cy: 12, r: 11 })
      : svg("rect", { x: 1.5, y: 1.5, width: 21, height: 21, rx: verdict === "invalid" ? 5 : 11 });
  return svg("svg", { class: `sign ${verdict}`, viewBox: "0 0 24 24", "aria-hidden": "true" }, frame, svg("path", { d: SIGNS[verdict] }));
}

function theorem(answer, parsed) {
  const nodes = parsed?.subformulas ? new Nodes(parsed.subformulas, 400) : null;
  return el(
    "figure",
    { class: "theorem" },
    nodes
      ? el(
          "div",
          { class: "display", tabindex: 0, role: "group", "aria-label": "The goal" },
          answer.verdict === "valid" ? "⊢ " : "⊬ ",
          formula(nodes, nodes.size),
        )
      : null,
    el(
      "figcaption",
      {},
      answer.statement
        ? ["The theorem, as Coq printed it: ", el("code", {}, answer.statement)]
        : "The goal is too large to print its theorem here. See the Coq file.",
    ),
  );
}

function reason(answer, { onMoreTime }) {
  return el(
    "div",
    { class: "reason" },
    el("p", {}, capitalized(answer.detail ?? "")),
    el("p", {}, ADVICE[answer.reason] ?? ""),
    answer.reason === "timeout" ? el("button", { type: "button", class: "plain", onclick: onMoreTime }, "Try again with a minute") : null,
  );
}

function facts(answer) {
  const times = answer.timings_ms;
  const spent = (value) => (value ? milliseconds(value) : "–");
  const ways = [
    ["search", answer.cache_hit ? "known" : spent(times.search)],
    ["Coq’s kernel", spent(times.kernel)],
  ];
  const pairs = [...(answer.proof_method === "cache" ? [["asked before", "remembered"]] : ways), ["in all", milliseconds(times.total)]];
  if (answer.countermodel) pairs.unshift(["worlds", String(answer.countermodel.worlds.length)]);
  return el(
    "dl",
    { class: "facts" },
    pairs.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))),
  );
}

/** The size of a proof, for the facts, when its certificate is there. */
export function proofFacts(description) {
  return [
    ["lines", String(description.steps.length)],
    ["formulas", String(description.nodes.length)],
  ].map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)));
}

function downloads(answer, { onShare }) {
  const share = el("button", { type: "button", class: "plain", onclick: () => onShare(share) }, "Copy link");
  if (!answer.certificate_stored) {
    return el(
      "div",
      { class: "downloads" },
      share,
      el("p", { class: "note" }, "This service has stored no certificate for it, so there is nothing to download."),
    );
  }
  const file = (suffix, label, title) =>
    el(
      "a",
      { class: "plain", href: `/certificates/${answer.id}.${suffix}`, download: `pxl_${answer.id.slice(0, 16)}.${suffix}`, title },
      label,
    );
  return el(
    "div",
    { class: "downloads" },
    file("v", "Coq file", "plain coqc checks it, with coq/theories on its load path"),
    file("tex", "LaTeX", "a document that pdflatex sets"),
    file("json", "JSON", "the certificate, pxl-certificate/1"),
    share,
    el("p", { class: "check" }, "Check it yourself: ", el("code", {}, `coqc -q -Q coq/theories PXL pxl_${answer.id.slice(0, 16)}.v`)),
  );
}

/** Milliseconds, as precisely as they matter. */
export function milliseconds(value) {
  if (value < 0.095) return "< 0.1 ms";
  if (value >= 1000) return `${(value / 1000).toFixed(1)} s`;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

function capitalized(text) {
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  return sentence && !/[.!?]$/.test(sentence) ? `${sentence}.` : sentence;
}
