/**
 * A proof's steps as lines that people read: a clause as a sequent, what it rests on, and where it is used.
 */

/** @typedef {{number: number, left: number[], right: number[], rule: "def" | "rup" | "nec", node: number | null, premises: number[], usedIn: number[]}} Line */

/**
 * @param {{rule: "def" | "rup" | "nec", clause: number[], node?: number, premise?: number, hints?: number[]}[]} steps of a certificate's description
 * @returns {Line[]}
 */
export function linesOf(steps) {
  const lines = steps.map((step, index) => ({
    number: index + 1,
    left: step.clause.filter((literal) => literal < 0).map((literal) => -literal),
    right: step.clause.filter((literal) => literal > 0),
    rule: step.rule,
    node: step.node ?? null,
    premises: step.rule === "rup" ? [...new Set(step.hints)] : step.rule === "nec" ? [step.premise] : [],
    usedIn: [],
  }));
  for (const line of lines) for (const premise of line.premises) lines[premise - 1].usedIn.push(line.number);
  return lines;
}

const CLAUSES = {
  bottom: "⊥ is false",
  top: "⊤ is true",
  not: "definition of ¬",
  and: "definition of ∧",
  or: "definition of ∨",
  imp: "definition of →",
  iff: "definition of ↔",
  box: "axiom T: □A ⊢ A",
  dia: "axiom T: A ⊢ ◇A",
};

/** What a line is by, in words. */
export function ruleName(line, entries) {
  if (line.rule === "rup") return "unit propagation";
  return line.rule === "nec" ? "necessitation" : CLAUSES[entries[line.node - 1].op];
}

/** The rules, a sentence each, in the order in which a reader meets them. */
export const RULES = [
  [
    "def",
    "Definition",
    "The meaning of a connective, for example of →: A → B, A ⊢ B. For □ and ◇ it is axiom T: what is necessary is true, and what is true is possible.",
  ],
  [
    "rup",
    "Unit propagation",
    "Assume that the line is false. Each cited line then forces one more formula to be true or false, until one line is contradicted.",
  ],
  ["nec", "Necessitation", "What follows from formulas that begin with □ or ◇ is necessary, because in S5 these formulas have the same truth value in all worlds."],
];
