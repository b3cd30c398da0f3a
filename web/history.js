/**
 * The goals asked before, newest first, kept in this browser only.
 */

/** @typedef {{goal: string, verdict: "valid" | "invalid" | "unknown"}} Asked */

const KEY = "pxl.history";
const MOST = 30;
const MOST_CHARACTERS = 2000;
const VERDICTS = ["valid", "invalid", "unknown"];

export class History {
  /** @param {Storage | null} storage null where the browser keeps nothing */
  constructor(storage) {
    this.storage = storage;
  }

  /** @returns {Asked[]} */
  entries() {
    try {
      const kept = JSON.parse(this.storage?.getItem(KEY) ?? "[]");
      return Array.isArray(kept) ? kept.filter(isAsked).slice(0, MOST) : [];
    } catch {
      return []; // something else wrote there: as good as nothing
    }
  }

  /** @param {Asked} asked */
  add(asked) {
    if (asked.goal.length > MOST_CHARACTERS) return;
    this.#keep([asked, ...this.entries().filter((entry) => entry.goal !== asked.goal)].slice(0, MOST));
  }

  clear() {
    try {
      this.storage?.removeItem(KEY);
    } catch {
      // a storage that cannot be written holds nothing
    }
  }

  #keep(entries) {
    try {
      this.storage?.setItem(KEY, JSON.stringify(entries));
    } catch {
      // full or forbidden: the page works without
    }
  }
}

function isAsked(entry) {
  return typeof entry?.goal === "string" && VERDICTS.includes(entry.verdict);
}
