/**
 * A countermodel on the page: the drawing, where each subformula is true, and why the goal fails.
 *
 * Invariant: one world and one subformula are chosen at any time; drawing, table and formula show the same choice.
 */

import { el } from "./dom.js";
import { Drawing } from "./drawing.js";
import { explain } from "./explaining.js";
import { formula, judgedFormula } from "./formulas.js";
import { modelOf, truths } from "./kripke.js";
import { Nodes } from "./nodes.js";

const MOST_COLUMNS = 8;
const MOST_ROWS = 60;
// The goal itself is shown whole, for its signs are what one looks at.
const WHOLE_CHARACTERS = 400;

/**
 * @param {any} answered the countermodel of an answer
 * @param {import("./nodes.js").Entry[] | null} entries the goal's subformulas
 * @param {number} available pixels in width
 */
export function modelView(answered, entries, available) {
  const model = modelOf(answered);
  if (!model || !entries) {
    return el(
      "p",
      { class: "note" },
      `The countermodel has ${answered.worlds.length} worlds, too many to draw. The JSON download has all of them.`,
    );
  }
  return new ModelView(model, new Nodes(entries), available).element;
}

class ModelView {
  constructor(model, nodes, available) {
    this.model = model;
    this.nodes = nodes;
    this.whole = new Nodes(nodes.entries, WHOLE_CHARACTERS);
    this.truth = truths(nodes.entries, model);
    this.world = model.failing;
    this.node = nodes.size;
    const atoms = nodes.entries.filter((entry) => entry.op === "atom").map((entry) => entry.name);
    this.drawing = new Drawing(model, atoms, available, (world) => this.choose(world, this.node));
    this.sentence = el("p", { class: "sentence", "aria-live": "polite" });
    this.judged = el("div", { class: "judged-row", tabindex: 0, role: "group", "aria-label": "The goal in the chosen world" });
    this.table = el("div", { class: "table", tabindex: 0, role: "group", "aria-label": "Where each subformula is true" });
    this.element = this.#element();
    this.choose(this.world, this.node);
  }

  /** Chooses a world and a subformula. */
  choose(world, node) {
    this.world = world;
    this.node = node;
    const row = this.truth[node - 1];
    this.drawing.update(world, row, this.nodes.spoken(node));
    this.judged.replaceChildren(
      judgedFormula(
        this.whole,
        this.nodes.size,
        (part) => this.#holds(part, world),
        (part) => this.choose(this.world, part),
      ),
    );
    for (const column of this.judged.querySelectorAll("[data-node]"))
      column.classList.toggle("chosen", Number(column.dataset.node) === node);
    this.sentence.replaceChildren(...this.#sentence(row));
    this.#fillTable();
  }

  #element() {
    const more = this.drawing.hidden
      ? el("p", { class: "note" }, `${this.drawing.hidden} more worlds are not drawn; the JSON download holds them.`)
      : null;
    return el(
      "section",
      { class: "model", "aria-labelledby": "model-title" },
      el("h3", { id: "model-title" }, "The countermodel"),
      el("p", { class: "reading" }, "Choose a world, or a subformula in the table, to see what is true where."),
      el(
        "div",
        { class: "model-parts" },
        el("div", { class: "canvas scroll", tabindex: 0, role: "group", "aria-label": "The drawing" }, this.drawing.element, more),
        el("div", {}, this.judged, this.sentence, this.table),
      ),
      this.#explanation(),
    );
  }

  #holds(node, world) {
    return this.truth[node - 1][world] === 1;
  }

  #sentence(row) {
    const where = (value) => this.model.worlds.filter((_, world) => row[world] === value);
    const [holding, failing] = [where(1), where(0)];
    const list = (names) => (names.length > 12 ? `${names.length} worlds` : names.join(", "));
    const words = !failing.length
      ? " is true in every world."
      : !holding.length
        ? " is false in every world."
        : ` is true in ${list(holding)}, and false in ${list(failing)}.`;
    return [formula(this.nodes, this.node), words];
  }

  #fillTable() {
    const all = this.model.worlds.length <= MOST_COLUMNS;
    const columns = all ? this.model.worlds.map((_, world) => world) : [this.world];
    const focused = document.activeElement?.getAttribute?.("data-key");
    const head = el(
      "tr",
      {},
      el("th", { scope: "col" }, "Subformula"),
      columns.map((world) => this.#columnHead(world)),
    );
    const last = this.nodes.size;
    const first = Math.max(1, last - MOST_ROWS + 1);
    const rows = [];
    for (let node = last; node >= first; node--) rows.push(this.#row(node, columns));
    const left = first > 1 ? el("p", { class: "note" }, `${first - 1} smaller subformulas are not listed.`) : null;
    this.table.replaceChildren(
      el("table", {}, el("caption", { class: "unseen" }, "Where each subformula is true"), el("thead", {}, head), el("tbody", {}, rows)),
      left ?? "",
    );
    if (focused) this.table.querySelector(`[data-key="${focused}"]`)?.focus();
  }

  #columnHead(world) {
    const pressed = world === this.world;
    const name = this.model.worlds[world];
    return el(
      "th",
      { scope: "col", class: pressed ? "chosen" : null },
      el(
        "button",
        { type: "button", "data-key": `w${world}`, "aria-pressed": String(pressed), onclick: () => this.choose(world, this.node) },
        name,
      ),
    );
  }

  #row(node, columns) {
    const pressed = node === this.node;
    const button = el(
      "button",
      { type: "button", "data-key": `n${node}`, "aria-pressed": String(pressed), onclick: () => this.choose(this.world, node) },
      formula(this.nodes, node, { unfold: false }),
    );
    const cells = columns.map((world) => {
      const value = this.#holds(node, world);
      return el("td", { class: `${value ? "true" : "false"}${world === this.world ? " chosen" : ""}` }, value ? "T" : "F");
    });
    return el("tr", { class: pressed ? "chosen" : null }, el("th", { scope: "row" }, button), cells);
  }

  #explanation() {
    const { steps, cut } = explain(this.nodes.entries, this.truth, this.model.failing);
    return el(
      "div",
      { class: "why" },
      el("h4", {}, "Why it fails"),
      el(
        "ol",
        {},
        steps.map((step) => el("li", {}, this.#step(step))),
      ),
      steps.length ? null : el("p", {}, "The goal is false in every world."),
      cut ? el("p", { class: "note" }, "See the table for the rest.") : null,
    );
  }

  #step({ node, world, value, because }) {
    const part = (piece) => {
      if (typeof piece === "string") return piece;
      return "node" in piece ? formula(this.nodes, piece.node) : el("span", { class: "world-ref" }, this.model.worlds[piece.world]);
    };
    return [
      "In ",
      el("span", { class: "world-ref" }, this.model.worlds[world]),
      ", ",
      formula(this.nodes, node),
      " is ",
      el("strong", { class: value ? "true" : "false" }, value ? "true" : "false"),
      ", because ",
      because.map(part),
      ". ",
      el(
        "button",
        {
          type: "button",
          class: "link",
          onclick: () => this.choose(world, node),
          "aria-label": `show ${this.nodes.spoken(node)} in ${this.model.worlds[world]}`,
        },
        "show",
      ),
    ];
  }
}
