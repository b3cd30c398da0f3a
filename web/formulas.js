/**
 * Formulas as elements: typeset, read out in words, and each sign knowing which subformula it is the main sign of.
 */

import { el } from "./dom.js";
import { nameOf } from "./nodes.js";

/** @typedef {import("./nodes.js").Nodes} Nodes */

/**
 * A formula. Long parts are shown by name; a button unfolds each.
 * @param {Nodes} nodes
 * @param {number} node
 * @param {{unfold?: boolean}} [options] whether names can be unfolded; not inside buttons
 */
export function formula(nodes, node, { unfold = true } = {}) {
  const spans = nodes.tokens(node).map((token) => (token.role === "name" && unfold ? folded(nodes, token.node) : sign(token)));
  const foldable = unfold && spans.some((span) => span.tagName === "BUTTON");
  // A button inside role=math would be lost to screen readers: where there is one, the pieces are read one by one.
  return el("span", foldable ? { class: "formula" } : { class: "formula", role: "math", "aria-label": nodes.spoken(node) }, spans);
}

/**
 * A formula with the truth of each subformula under its main sign, as textbooks write it.
 * @param {Nodes} nodes
 * @param {number} node
 * @param {(node: number) => boolean} holds
 * @param {(node: number) => void} onChoose called with the node whose sign was clicked
 */
export function judgedFormula(nodes, node, holds, onChoose) {
  const columns = nodes.tokens(node).map((token) => {
    if (token.role === "paren") return el("span", { class: "column" }, sign(token));
    const value = holds(token.node);
    return el(
      "span",
      { class: `column ${value ? "true" : "false"}`, "data-node": token.node, onclick: () => onChoose(token.node) },
      sign(token),
      el("span", { class: "mark" }, value ? "T" : "F"),
    );
  });
  const label = `${nodes.spoken(node)}: ${holds(node) ? "true" : "false"}`;
  return el("span", { class: "formula judged", role: "math", "aria-label": label }, columns);
}

function sign(token) {
  return el("span", { class: token.role }, token.text);
}

function folded(nodes, node) {
  const button = el(
    "button",
    {
      type: "button",
      class: "name",
      "aria-expanded": "false",
      "aria-label": `formula ${node}, unfold`,
      onclick: () => button.replaceWith(unfolded(nodes, node)),
    },
    nameOf(node),
  );
  return button;
}

function unfolded(nodes, node) {
  return el("span", { class: "unfolded" }, "(", formula(nodes, node), ")");
}
