/**
 * A goal in the address: `#goal=` and the goal, percent-encoded. What stands after `#` is never sent to a server.
 */

const MOST_CHARACTERS = 4000;

/** The fragment for a goal; empty when there is none, or it is too long for an address. */
export function fragmentOf(goal) {
  if (!goal.trim() || goal.length > MOST_CHARACTERS) return "";
  try {
    return "#goal=" + encodeURIComponent(goal);
  } catch {
    return ""; // half a character cannot be written in an address
  }
}

/** The goal in a fragment; null when it holds none. */
export function goalIn(fragment) {
  const match = /^#goal=(.*)$/s.exec(fragment);
  if (!match) return null;
  try {
    return decodeURIComponent(match[1]);
  } catch {
    return match[1];
  }
}
