/**
 * What is typed becomes symbols: `[]` a box, `->` an arrow, `BOX ` a box.
 */

/** @typedef {{from: number, to: number, text: string}} Replacement text[from, to) becomes `text` */

const ENDINGS = [
  // A longer ending stands before its own endings. The half-made ones come from what was replaced before.
  ["<->", "↔"],
  ["<=>", "↔"],
  ["<→", "↔"],
  ["->", "→"],
  ["=>", "→"],
  ["[]", "□"],
  ["<>", "◇"],
  ["/\\", "∧"],
  ["\\/", "∨"],
  ["&&", "∧"],
  ["∧&", "∧"],
  ["||", "∨"],
  ["∨|", "∨"],
  ["&", "∧"],
  ["|", "∨"],
  ["~", "¬"],
  ["!", "¬"],
];

const WORDS = {
  box: "□",
  necessarily: "□",
  dia: "◇",
  possibly: "◇",
  not: "¬",
  and: "∧",
  or: "∨",
  implies: "→",
  iff: "↔",
  true: "⊤",
  false: "⊥",
  "\\box": "□",
  "\\square": "□",
  "\\diamond": "◇",
  "\\lozenge": "◇",
  "\\neg": "¬",
  "\\lnot": "¬",
  "\\land": "∧",
  "\\wedge": "∧",
  "\\lor": "∨",
  "\\vee": "∨",
  "\\to": "→",
  "\\rightarrow": "→",
  "\\leftrightarrow": "↔",
  "\\iff": "↔",
  "\\top": "⊤",
  "\\bot": "⊥",
};
const PREFIXES = "□◇¬";
// A word ends where a character is typed that no name holds.
const WORD = /(?:^|[^\p{L}\p{N}_'\\])(\\?\p{L}+)([^\p{L}\p{N}_'])$/u;
const LOWER_OR_UPPER = /^(?:\p{Ll}+|\p{Lu}+|\\[A-Za-z]+)$/u;

/**
 * What to replace after one character was typed, if anything.
 * @param {string} text
 * @param {number} caret
 * @returns {Replacement | null}
 */
export function typed(text, caret) {
  const before = text.slice(0, caret);
  const ending = ENDINGS.find(([written]) => before.endsWith(written));
  if (ending) return { from: caret - ending[0].length, to: caret, text: ending[1] };
  return typedWord(before, caret);
}

function typedWord(before, caret) {
  const match = WORD.exec(before);
  if (!match || !LOWER_OR_UPPER.test(match[1])) return null;
  const symbol = WORDS[match[1].toLowerCase()];
  if (!symbol) return null;
  const [, word, end] = match;
  // A space after a prefix only ended the word.
  const kept = PREFIXES.includes(symbol) && end === " " ? "" : end;
  return { from: caret - word.length - end.length, to: caret, text: symbol + kept };
}
