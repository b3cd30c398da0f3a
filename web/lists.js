/**
 * The lists beside the desk: examples by topic, and what was asked before.
 */

import { el } from "./dom.js";
import { TOPICS } from "./examples.js";
import { verdictSign } from "./verdict_view.js";

/**
 * @param {HTMLElement} place
 * @param {(goal: string) => void} onChoose
 */
export function fillExamples(place, onChoose) {
  place.append(
    ...TOPICS.map(({ topic, examples }, index) =>
      el(
        "details",
        { name: "examples", open: index === 0 },
        el("summary", {}, topic),
        el(
          "ul",
          {},
          examples.map((example) =>
            el(
              "li",
              {},
              choice(example.goal, () => onChoose(example.goal), [el("span", { class: "example-name" }, example.name)]),
              el("p", {}, example.says),
            ),
          ),
        ),
      ),
    ),
  );
}

/**
 * The goals to begin with, one of each kind.
 * @param {HTMLElement} place
 * @param {(goal: string) => void} onChoose
 */
export function fillStarters(place, onChoose) {
  const wanted = ["K", "Fatalism", "Collapse"];
  const found = wanted.map((name) => TOPICS.flatMap((topic) => topic.examples).find((example) => example.name === name));
  place.append(
    ...found.map(({ goal, says }) =>
      el(
        "button",
        { type: "button", class: "starter", onclick: () => onChoose(goal) },
        el("span", { class: "formula" }, goal),
        el("span", {}, says),
      ),
    ),
  );
}

/**
 * @param {HTMLElement} place
 * @param {import("./history.js").History} history
 * @param {(goal: string) => void} onChoose
 */
export function fillHistory(place, history, onChoose) {
  const entries = history.entries();
  const clear = () => {
    history.clear();
    fillHistory(place, history, onChoose);
    place.querySelector("p")?.focus();
  };
  if (!entries.length) {
    place.replaceChildren(el("p", { class: "note", tabindex: -1 }, "Your goals are listed here, in this browser only."));
    return;
  }
  place.replaceChildren(
    el(
      "ul",
      {},
      entries.map(({ goal, verdict }) =>
        el(
          "li",
          {},
          choice(goal, () => onChoose(goal), [verdictSign(verdict), el("span", { class: "unseen" }, `${verdict}: `)]),
        ),
      ),
    ),
    el("button", { type: "button", class: "plain small", onclick: clear }, "Clear history"),
  );
}

function choice(goal, onclick, before) {
  return el("button", { type: "button", class: "choice", onclick }, before, el("span", { class: "formula" }, goal));
}
