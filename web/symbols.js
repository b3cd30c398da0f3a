/**
 * The bar of symbol buttons: one stop of the Tab key, arrows move inside it.
 */

import { el } from "./dom.js";

const SYMBOLS = [
  ["□", "box, necessarily", "[] or BOX"],
  ["◇", "diamond, possibly", "<> or DIA"],
  ["¬", "not", "~ or not"],
  ["∧", "and", "/\\ or and"],
  ["∨", "or", "\\/ or or"],
  ["→", "implies", "-> or implies"],
  ["↔", "if and only if", "<-> or iff"],
  ["⊤", "true", "true"],
  ["⊥", "false", "false"],
  ["(", "open parenthesis", "("],
  [")", "close parenthesis", ")"],
];

/**
 * @param {HTMLElement} bar
 * @param {(symbol: string) => void} onChoose
 */
export function fillSymbols(bar, onChoose) {
  const buttons = SYMBOLS.map(([symbol, name, keys], index) =>
    el(
      "button",
      {
        type: "button",
        tabindex: index ? -1 : 0,
        "aria-label": name,
        title: `${name}: type ${keys}`,
        // The field keeps its selection when the mouse chooses a symbol.
        onmousedown: (event) => event.preventDefault(),
        onclick: () => onChoose(symbol),
      },
      symbol,
    ),
  );
  bar.append(...buttons);
  bar.addEventListener("keydown", (event) => move(event, buttons));
}

function move(event, buttons) {
  const at = buttons.indexOf(/** @type {HTMLElement} */ (event.target));
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
  if (at < 0 || to === undefined) return;
  event.preventDefault();
  const next = buttons[(to + buttons.length) % buttons.length];
  buttons[at].tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}
