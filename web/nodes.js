/**
 * Tables of formulas, as certificates and POST /parse give them: node `n` (from 1) names only nodes before it.
 *
 * Invariant: a text that is made here is in proportion to the limit it was made with, whatever the table shares: long parts show a name, φ7.
 */

/** @typedef {{op: string, name?: string, args?: number[]}} Entry */
/** @typedef {{node: number, text: string, role: "atom" | "symbol" | "paren" | "name"}} Token a piece of text, and the node that it is the main sign of */

const BINARY = { and: [4, " ∧ ", "and"], or: [3, " ∨ ", "or"], imp: [2, " → ", "implies"], iff: [1, " ↔ ", "if and only if"] };
const PREFIX = { not: ["¬", "not"], box: ["□", "box"], dia: ["◇", "diamond"] };
const CONSTANT = { top: ["⊤", "true"], bottom: ["⊥", "false"] };
const UNARY = 5;
const ATOMIC = 6;

/** The sign of a connective, such as "→"; an atom's is its name. */
export function sign(entry) {
  if (entry.op === "atom") return entry.name;
  return (BINARY[entry.op]?.[1] ?? PREFIX[entry.op]?.[0] ?? CONSTANT[entry.op][0]).trim();
}

export class Nodes {
  /**
   * @param {Entry[]} entries
   * @param {number} [fold] characters from which on a part of a formula is shown by its name
   */
  constructor(entries, fold = 60) {
    this.entries = entries;
    this.fold = fold;
    /** @type {number[]} how many characters a node takes, where its long parts are named */
    this.lengths = [];
    for (const entry of entries) this.lengths.push(this.#measure(entry));
  }

  /** @param {number} node @returns {Entry} */
  at(node) {
    return this.entries[node - 1];
  }

  /** How many nodes there are; the last one is the goal. */
  get size() {
    return this.entries.length;
  }

  /** Whether a node is shown by its name where it is part of another. */
  isNamed(node) {
    return this.at(node).op !== "atom" && this.lengths[node - 1] > this.fold;
  }

  /**
   * The pieces of a formula from left to right, with as few parentheses as the parser needs.
   * @param {number} node
   * @returns {Token[]}
   */
  tokens(node) {
    const found = [];
    this.#write(node, 0, found, true);
    return found;
  }

  /** A formula as text. */
  text(node) {
    return this.tokens(node)
      .map((token) => token.text)
      .join("");
  }

  /** A formula in words, for those who hear the page. */
  spoken(node) {
    return this.tokens(node)
      .map((token) => spokenToken(token, this.at(token.node)))
      .join(" ")
      .replace(/\s+/g, " ");
  }

  #measure(entry) {
    const levels = levelsOf(entry.op);
    const parts = (entry.args ?? []).map((part, index) => {
      if (this.isNamed(part)) return nameOf(part).length;
      return this.lengths[part - 1] + (precedence(this.at(part).op) < levels[index] ? 2 : 0);
    });
    return sign(entry).length + (entry.op in BINARY ? 2 : 0) + parts.reduce((sum, length) => sum + length, 0);
  }

  #write(node, least, found, outermost) {
    const entry = this.at(node);
    if (!outermost && this.isNamed(node)) {
      found.push({ node, text: nameOf(node), role: "name" });
      return;
    }
    const own = precedence(entry.op);
    if (own < least) found.push({ node, text: "(", role: "paren" });
    this.#writeInside(node, entry, found);
    if (own < least) found.push({ node, text: ")", role: "paren" });
  }

  #writeInside(node, entry, found) {
    const levels = levelsOf(entry.op);
    if (entry.op in BINARY) {
      this.#write(entry.args[0], levels[0], found, false);
      found.push({ node, text: BINARY[entry.op][1], role: "symbol" });
      this.#write(entry.args[1], levels[1], found, false);
    } else if (entry.op in PREFIX) {
      found.push({ node, text: PREFIX[entry.op][0], role: "symbol" });
      this.#write(entry.args[0], levels[0], found, false);
    } else if (entry.op === "atom") {
      found.push({ node, text: entry.name, role: "atom" });
    } else {
      found.push({ node, text: CONSTANT[entry.op][0], role: "symbol" });
    }
  }
}

/** The name of a long formula: φ and its number in subscript digits. */
export function nameOf(node) {
  return "φ" + String(node).replace(/\d/g, (digit) => String.fromCharCode(0x2080 + Number(digit)));
}

/** How tightly each argument must bind to stand without parentheses. */
function levelsOf(op) {
  const own = precedence(op);
  if (!(op in BINARY)) return [own];
  return op === "imp" ? [own + 1, own] : [own, own + 1];
}

function precedence(op) {
  if (op in BINARY) return BINARY[op][0];
  return op in PREFIX ? UNARY : ATOMIC;
}

function spokenToken(token, entry) {
  if (token.role === "name") return `formula ${token.node}`;
  if (token.role !== "symbol") return token.text;
  return BINARY[entry.op]?.[2] ?? PREFIX[entry.op]?.[1] ?? CONSTANT[entry.op][1];
}
