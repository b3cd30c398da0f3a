/**
 * Why a goal fails in a countermodel, step by step: each step says why one subformula is true or false in one world, and leads to the
 * steps for what that rests on.
 */

/** @typedef {{node: number} | {world: number} | string} Part a formula, a world, or words */
/** @typedef {{node: number, world: number, value: boolean, because: Part[]}} Step */

/**
 * The steps, the goal's first. Atoms need none: where they are true is what the model says.
 * @param {import("./nodes.js").Entry[]} entries
 * @param {Uint8Array[]} truth of `truths`
 * @param {number} world where the goal fails
 * @param {number} [most] as many steps as anybody reads
 * @returns {{steps: Step[], cut: boolean}}
 */
export function explain(entries, truth, world, most = 40) {
  const told = new Set();
  const pending = [{ node: entries.length, world }];
  const steps = [];
  while (pending.length && steps.length < most) {
    const claim = pending.pop();
    const key = claimKey(entries, claim);
    if (told.has(key) || isPlain(entries[claim.node - 1])) continue;
    told.add(key);
    const value = truth[claim.node - 1][claim.world] === 1;
    const { because, next } = reason(entries, claim.node, claim.world, value, truth);
    steps.push({ ...claim, value, because });
    // What is pushed last is told next: the first part first.
    pending.push(...next.reverse());
  }
  return { steps, cut: pending.some((claim) => !told.has(claimKey(entries, claim)) && !isPlain(entries[claim.node - 1])) };
}

/** A modal formula has the same truth in every world: it is explained once. */
function claimKey(entries, { node, world }) {
  const modal = entries[node - 1].op === "box" || entries[node - 1].op === "dia";
  return modal ? `${node}` : `${node}@${world}`;
}

function isPlain(entry) {
  return entry.op === "atom" || entry.op === "top" || entry.op === "bottom";
}

/** @returns {{because: Part[], next: {node: number, world: number}[]}} */
function reason(entries, node, world, value, truth) {
  const entry = entries[node - 1];
  const [a, b] = entry.args;
  const holds = (part) => truth[part - 1][world] === 1;
  const says = (part) => [{ node: part }, holds(part) ? " is true there" : " is false there"];
  const by = (...parts) => ({
    because: parts.flatMap((part, index) => (index ? [" and ", ...says(part)] : says(part))),
    next: parts.map((part) => ({ node: part, world })),
  });
  switch (entry.op) {
    case "not":
      return by(a);
    case "and":
    case "or":
      return gathered(gather(entries, node), entry.op === "and", value, world, holds, by);
    case "imp":
      return value ? by(holds(b) ? b : a) : by(a, b);
    case "iff":
      return by(a, b);
    case "box":
      return modal(a, value, 0, truth);
    default:
      return modal(a, !value, 1, truth);
  }
}

/** A conjunction is true by all its parts and false by one; a disjunction the other way round. */
function gathered(parts, conjunction, value, world, holds, by) {
  if (value !== conjunction) return by(parts.find((part) => holds(part) === value));
  if (parts.length <= 2) return by(...parts);
  const listed = parts.flatMap((part, index) => [index === 0 ? "" : index === parts.length - 1 ? " and " : ", ", { node: part }]);
  return { because: [...listed, ` are all ${value ? "true" : "false"} there`], next: parts.map((part) => ({ node: part, world })) };
}

/** The parts of a chain of one connective: of (a ∧ b) ∧ c these are a, b and c. */
function gather(entries, node) {
  const { op } = entries[node - 1];
  const parts = [];
  const pending = [node];
  while (pending.length) {
    const part = pending.pop();
    if (entries[part - 1].op === op) pending.push(...[...entries[part - 1].args].reverse());
    else parts.push(part);
  }
  return [...new Set(parts)];
}

/** A world with the deciding value, or all of them without it: "□a" is false by one world where `a` is false, "◇a" true by one where it is true. */
function modal(a, everywhere, deciding, truth) {
  const row = truth[a - 1];
  const word = (value) => (value ? "true" : "false");
  if (everywhere) {
    const next = row.length <= 4 ? Array.from(row, (_, world) => ({ node: a, world })) : [{ node: a, world: 0 }];
    return { because: [{ node: a }, ` is ${word(!deciding)} in every world`], next };
  }
  const witness = row.indexOf(deciding);
  return {
    because: ["every world sees ", { world: witness }, ", where ", { node: a }, ` is ${word(deciding)}`],
    next: [{ node: a, world: witness }],
  };
}
