/**
 * A proof on the page: numbered lines, each with what it rests on and where it is used; long proofs fold.
 */

import { el } from "./dom.js";
import { formula } from "./formulas.js";
import { Nodes } from "./nodes.js";
import { linesOf, ruleName, RULES } from "./proofs.js";

const SHOWN_WHOLE = 36;
const SHOWN_AT_ENDS = 12;
const SHOWN_AT_ONCE = 200;

/** @param {{nodes: import("./nodes.js").Entry[], steps: any[]}} description of a certificate */
export function proofView(description) {
  const nodes = new Nodes(description.nodes);
  const lines = linesOf(description.steps);
  const list = new ProofList(lines, nodes);
  return el(
    "section",
    { class: "proof", "aria-labelledby": "proof-title" },
    el("h3", { id: "proof-title" }, "The proof"),
    el(
      "p",
      { class: "reading" },
      "A line ",
      el("span", { class: "formula" }, "A, B ⊢ C, D"),
      " says: whenever A and B hold, C or D holds. The last line is the goal. Point at a line, or go through its links, to see what it rests on ",
      "(solid bar) and where it is used (dashed bar).",
    ),
    list.element,
    el("h4", {}, "The rules"),
    el(
      "dl",
      { class: "rules" },
      RULES.map(([, name, meaning]) => [el("dt", {}, name), el("dd", {}, meaning)]),
    ),
  );
}

class ProofList {
  constructor(lines, nodes) {
    this.lines = lines;
    this.nodes = nodes;
    /** @type {Map<number, HTMLElement>} lines that are on the page */
    this.shown = new Map();
    this.element = el("ol", { class: "lines" });
    this.element.append(...this.#rows());
    for (const name of ["mouseover", "focusin"]) this.element.addEventListener(name, (event) => this.#point(event.target));
    for (const name of ["mouseleave", "focusout"]) this.element.addEventListener(name, () => this.#point(null));
  }

  #rows() {
    const count = this.lines.length;
    if (count <= SHOWN_WHOLE) return this.lines.map((line) => this.#row(line));
    const [from, to] = [SHOWN_AT_ENDS, count - SHOWN_AT_ENDS];
    return [
      ...this.lines.slice(0, from).map((line) => this.#row(line)),
      this.#fold(from, to),
      ...this.lines.slice(to).map((line) => this.#row(line)),
    ];
  }

  /** Stands for the lines from `from` to before `to`; unfolds them, not too many at once. */
  #fold(from, to) {
    const button = el("button", { type: "button", onclick: () => this.#unfold(row, from, to) }, foldLabel(to - from));
    const row = el("li", { class: "fold", "data-from": from, "data-to": to }, button);
    return row;
  }

  #unfold(row, from, to) {
    const end = Math.min(to, from + SHOWN_AT_ONCE);
    const rows = this.lines.slice(from, end).map((line) => this.#row(line));
    if (end < to) rows.push(this.#fold(end, to));
    row.replaceWith(...rows);
    rows[0].querySelector("button")?.focus();
  }

  #row(line) {
    const row = el(
      "li",
      { id: `line-${line.number}`, "data-line": line.number, tabindex: -1 },
      el("span", { class: "number", "aria-hidden": "true" }, String(line.number)),
      el(
        "span",
        { class: "sequent" },
        this.#side(line.left),
        el("span", { class: "turnstile", title: "therefore" }, " ⊢ "),
        line.right.length ? this.#side(line.right) : "⊥",
      ),
      el(
        "span",
        { class: "by" },
        el("span", { class: "rule" }, ruleName(line, this.nodes.entries)),
        line.premises.length ? [" from ", this.#links(line.premises)] : null,
        el(
          "span",
          { class: "used" },
          line.usedIn.length ? ["used in ", this.#links(line.usedIn)] : line.number === this.lines.length ? "the goal" : null,
        ),
      ),
    );
    this.shown.set(line.number, row);
    return row;
  }

  #side(side) {
    return side.flatMap((node, index) => [index ? ", " : null, formula(this.nodes, node)]);
  }

  #links(numbers) {
    return numbers.flatMap((number, index) => [
      index ? ", " : null,
      el("button", { type: "button", class: "link", "aria-label": `line ${number}`, onclick: () => this.#goTo(number) }, String(number)),
    ]);
  }

  #goTo(number) {
    while (!this.shown.has(number)) {
      const fold = [...this.element.querySelectorAll(".fold")].find(
        (row) => number > Number(row.dataset.from) && number <= Number(row.dataset.to),
      );
      this.#unfold(fold, Number(fold.dataset.from), Number(fold.dataset.to));
    }
    const row = this.shown.get(number);
    row.focus();
    row.scrollIntoView({ block: "nearest" });
  }

  #point(target) {
    for (const row of this.element.querySelectorAll(".pointed, .premise, .user")) row.classList.remove("pointed", "premise", "user");
    const number = Number(target?.closest?.("[data-line]")?.dataset.line);
    if (!number) return;
    const line = this.lines[number - 1];
    this.shown.get(number).classList.add("pointed");
    for (const premise of line.premises) this.shown.get(premise)?.classList.add("premise");
    for (const user of line.usedIn) this.shown.get(user)?.classList.add("user");
  }
}

function foldLabel(count) {
  const next = Math.min(count, SHOWN_AT_ONCE);
  return next < count ? `Show ${next} of ${count} more lines` : `Show ${count} more lines`;
}
