/**
 * A countermodel drawn: each world a circle with what is true in it, all of them in one region, for every world sees every world.
 */

import { svg } from "./dom.js";
import { layout } from "./layout.js";

const RADIUS = 27;
const MOST_WORLDS = 60;
const MOST_LITERALS = 6;
const LINE_CHARACTERS = 15;

/** @typedef {import("./kripke.js").Model} Model */

export class Drawing {
  /**
   * @param {Model} model
   * @param {string[]} atoms
   * @param {number} available pixels in width
   * @param {(world: number) => void} onChoose
   */
  constructor(model, atoms, available, onChoose) {
    this.model = model;
    this.atoms = atoms;
    this.shown = Math.min(model.worlds.length, MOST_WORLDS);
    const { width, height, places } = layout(this.shown, available);
    this.worlds = places.map((place, world) => this.#world(world, place, onChoose));
    this.element = svg(
      "svg",
      { class: "drawing", width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": this.#summary() },
      svg("rect", { class: "region", x: 6, y: 6, width: width - 12, height: height - 12, rx: 24 }),
      svg("text", { class: "region-name", x: width / 2, y: 28, "text-anchor": "middle" }, "every world sees every world"),
      this.worlds,
    );
  }

  /** How many worlds there was no room for. */
  get hidden() {
    return this.model.worlds.length - this.shown;
  }

  /**
   * Shows which world is chosen, and where the chosen subformula is true.
   * @param {number} chosen
   * @param {Uint8Array} row
   * @param {string} name of the subformula
   */
  update(chosen, row, name) {
    this.worlds.forEach((group, world) => {
      group.classList.toggle("chosen", world === chosen);
      group.classList.toggle("true", row[world] === 1);
      group.setAttribute("aria-pressed", String(world === chosen));
      group.querySelector(".mark").textContent = row[world] ? "T" : "F";
      group.setAttribute("aria-label", `${this.#label(world)}. ${name} is ${row[world] ? "true" : "false"} here`);
    });
  }

  #summary() {
    const count = this.model.worlds.length;
    return `A model of ${count === 1 ? "one world, which sees itself" : `${count} worlds, each of which sees all`}`;
  }

  #world(world, { x, y }, onChoose) {
    const fails = world === this.model.failing;
    return svg(
      "g",
      {
        class: fails ? "world failing" : "world",
        role: "button",
        tabindex: 0,
        "data-world": world,
        transform: `translate(${x} ${y})`,
        onclick: () => onChoose(world),
        onkeydown: (event) => {
          if (event.key !== "Enter" && event.key !== " ") return;
          event.preventDefault();
          onChoose(world);
        },
      },
      svg("title", {}, this.#label(world)),
      fails ? svg("circle", { class: "ring", r: RADIUS + 5 }) : null,
      svg("circle", { class: "body", r: RADIUS }),
      svg("text", { class: "world-name", y: 1, "text-anchor": "middle" }, this.model.worlds[world]),
      svg("text", { class: "mark", y: 17, "text-anchor": "middle" }, ""),
      this.#valuation(world).map((line, index) =>
        svg("text", { class: "valuation", y: RADIUS + 22 + index * 17, "text-anchor": "middle" }, line),
      ),
      fails ? svg("text", { class: "fails", y: -RADIUS - 11, "text-anchor": "middle" }, "fails here") : null,
    );
  }

  /** Two short lines: the literals while they fit, else what is true. */
  #valuation(world) {
    const few = this.atoms.length <= MOST_LITERALS;
    const names = few ? this.atoms : this.atoms.filter((atom) => this.model.holds(atom, world));
    const literals = names.map((atom) => (this.model.holds(atom, world) ? atom : "¬" + atom));
    if (!literals.length) return [this.atoms.length ? "all false" : ""];
    const lines = [""];
    for (const literal of literals) {
      const longer = lines.at(-1) ? `${lines.at(-1)}, ${literal}` : literal;
      if (longer.length <= LINE_CHARACTERS || !lines.at(-1)) lines[lines.length - 1] = clipped(longer);
      else if (lines.length < 2) lines.push(clipped(literal));
      else return [lines[0], `${lines[1].slice(0, LINE_CHARACTERS - 2)} …`];
    }
    return lines;
  }

  #label(world) {
    const holding = this.atoms.filter((atom) => this.model.holds(atom, world));
    const failing = this.atoms.filter((atom) => !this.model.holds(atom, world));
    const parts = [holding.length ? `true: ${some(holding)}` : "", failing.length ? `false: ${some(failing)}` : ""].filter(Boolean);
    const fails = world === this.model.failing ? "; the goal fails here" : "";
    return `World ${this.model.worlds[world]}${parts.length ? `, ${parts.join("; ")}` : ""}${fails}`;
  }
}

function clipped(text) {
  return text.length > LINE_CHARACTERS ? text.slice(0, LINE_CHARACTERS - 1) + "…" : text;
}

function some(names) {
  return names.length > 20 ? `${names.slice(0, 20).join(", ")} and ${names.length - 20} more` : names.join(", ");
}
