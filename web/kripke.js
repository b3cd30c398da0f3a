/**
 * Truth in a finite model in which every world sees every world.
 */

/** @typedef {{worlds: string[], failing: number, holds: (atom: string, world: number) => boolean}} Model */

/**
 * The model of an answer of POST /prove; null when the answer leaves out the valuation.
 * @param {{worlds: string[], failing_world: string, valuation: Record<string, string[]> | null}} answered
 * @returns {Model | null}
 */
export function modelOf(answered) {
  if (!answered.valuation) return null;
  const places = new Map(answered.worlds.map((name, index) => [name, index]));
  const truths = new Map(
    Object.entries(answered.valuation).map(([atom, worlds]) => [atom, new Set(worlds.map((name) => places.get(name)))]),
  );
  return {
    worlds: answered.worlds,
    failing: places.get(answered.failing_world),
    holds: (atom, world) => truths.get(atom)?.has(world) ?? false,
  };
}

/**
 * Where each node of a table is true: `truth[n - 1][w]` is 1 when node `n` holds in world `w`, else 0.
 * @param {import("./nodes.js").Entry[]} entries
 * @param {Model} model
 * @returns {Uint8Array[]}
 */
export function truths(entries, model) {
  const count = model.worlds.length;
  /** @type {Uint8Array[]} */
  const truth = [];
  for (const entry of entries) {
    const [a, b] = (entry.args ?? []).map((part) => truth[part - 1]);
    truth.push(row(entry, a, b, count, model));
  }
  return truth;
}

const LOCAL = {
  bottom: () => 0,
  top: () => 1,
  not: (a) => 1 - a,
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  imp: (a, b) => (1 - a) | b,
  iff: (a, b) => 1 - (a ^ b),
};

function row(entry, a, b, count, model) {
  if (entry.op === "box") return new Uint8Array(count).fill(a.every((value) => value === 1) ? 1 : 0);
  if (entry.op === "dia") return new Uint8Array(count).fill(a.includes(1) ? 1 : 0);
  if (entry.op === "atom") return Uint8Array.from({ length: count }, (_, world) => (model.holds(entry.name, world) ? 1 : 0));
  return Uint8Array.from({ length: count }, (_, world) => LOCAL[entry.op](a?.[world], b?.[world]));
}
