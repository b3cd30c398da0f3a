/**
 * The desk: from what is typed to the verdict.
 *
 * Invariant: what stands on the page belongs to the text in the field, or is marked as waiting for it. Typing makes every request at work
 * outdated; an outdated answer is never shown.
 */

import { certificate, parse, prove, Refusal } from "./asking.js";
import { el } from "./dom.js";
import { formula } from "./formulas.js";
import { Latest, Pause } from "./latest.js";
import { modelView } from "./model_view.js";
import { Nodes } from "./nodes.js";
import { stretchAt } from "./places.js";
import { proofView } from "./proof_view.js";
import { refusalView, signedOnlyView } from "./refusals.js";
import { announcement, proofFacts, verdictView } from "./verdict_view.js";

const READING_PAUSE_MS = 120;
const VERDICT_PAUSE_MS = 300;
const WAITING_SHOWN_MS = 400;
const MORE_TIME_MS = 60_000;

export class Desk {
  #readings = new Latest();
  #verdicts = new Latest();
  #proofs = new Latest();
  #reading = { text: "", done: Promise.resolve(null) };
  #readingPause = new Pause(READING_PAUSE_MS, () => this.#read());
  #verdictPause = new Pause(VERDICT_PAUSE_MS, () => this.decide());
  #waiting = new Pause(WAITING_SHOWN_MS, () => this.#showWaiting());

  /**
   * @param {{editor: import("./editor.js").Editor, message: HTMLElement, result: HTMLElement, announce: HTMLElement}} parts
   * @param {{onVerdict: (goal: string, verdict: string) => void, onText: (goal: string) => void, onShare: (button: HTMLElement) => void}} told
   */
  constructor(parts, told) {
    Object.assign(this, parts);
    this.told = told;
    this.signedOnly = false;
  }

  /** The text has changed. */
  changed() {
    this.#stop();
    this.#reading = { text: "", done: Promise.resolve(null) };
    this.result.setAttribute("aria-busy", "true");
    if (this.signedOnly) return;
    if (!this.editor.text.trim()) {
      this.#clear();
      return;
    }
    this.#readingPause.restart();
    this.#verdictPause.restart();
  }

  /** Decides the goal now. */
  async decide(timeoutMs = null) {
    this.#readingPause.cancel();
    this.#verdictPause.cancel();
    if (this.signedOnly || !this.editor.text.trim()) return;
    const text = this.editor.text;
    if (this.#reading.text !== text) this.#read();
    try {
      const answered = await this.#verdicts.run((signal) => this.#verdict(text, timeoutMs, signal));
      if (answered?.value) this.#show(text, answered.value);
    } catch (error) {
      this.#refused(error);
    }
  }

  /** From now on nothing is asked: the service demands signatures. */
  demandSignatures() {
    this.signedOnly = true;
    this.#stop();
    this.#stand(signedOnlyView(location.origin));
    this.message.replaceChildren("This service accepts only signed requests. Nothing that you type is sent.");
  }

  async #read() {
    const text = this.editor.text;
    const done = this.#readings
      .run((signal) => parse(text, signal))
      .then(
        (read) => read && this.#understood(read.value),
        (error) => this.#misunderstood(text, error),
      );
    this.#reading = { text, done };
  }

  #understood(parsed) {
    const nodes = parsed.subformulas && new Nodes(parsed.subformulas, 400);
    this.editor.mark(null);
    this.message.className = "message understood";
    this.message.replaceChildren(
      "Read as ",
      nodes ? formula(nodes, nodes.size, { unfold: false }) : el("span", {}, `a goal of ${parsed.size} signs`),
    );
    return { parsed };
  }

  #misunderstood(text, error) {
    if (!(error instanceof Refusal)) throw error;
    const { position, caret } = error.problem;
    if (!position) return { error };
    this.editor.mark(stretchAt(text, position.offset));
    this.message.className = "message malformed";
    this.message.replaceChildren(
      el("strong", {}, `Line ${position.line}, column ${position.column}: `),
      error.detail,
      caret ? el("pre", { "aria-hidden": "true" }, caret) : "",
    );
    return { error };
  }

  /** The answer to a goal that can be read, with how it was read. */
  async #verdict(text, timeoutMs, signal) {
    const read = await this.#reading.done;
    if (signal.aborted || !read) return null;
    if (read.error) throw read.error;
    this.#waiting.restart();
    return { answer: await prove(text, timeoutMs, signal), parsed: read.parsed };
  }

  #show(text, { answer, parsed }) {
    this.#waiting.cancel();
    const head = verdictView(answer, parsed, { onMoreTime: () => this.decide(MORE_TIME_MS), onShare: this.told.onShare });
    this.#stand(head);
    if (answer.countermodel) this.result.append(modelView(answer.countermodel, parsed.subformulas, this.#room()));
    if (answer.verdict === "valid" && answer.certificate_stored) this.#showProof(answer.id, head);
    this.announce.textContent = announcement(answer);
    this.told.onVerdict(parsed.notations?.unicode ?? text, answer.verdict);
  }

  /** The verdict does not wait for its proof, which comes below it. */
  async #showProof(id, head) {
    try {
      const kept = await this.#proofs.run((signal) => certificate(id, signal));
      if (kept) this.#addProof(kept.value.description, head);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.result.append(el("p", { class: "note" }, `The proof cannot be shown: ${error.detail}.`));
    }
  }

  #addProof(description, head) {
    if (!description) {
      this.result.append(el("p", { class: "note" }, "The proof is too long to be shown here. Download it instead."));
      return;
    }
    head.querySelector(".facts").prepend(...proofFacts(description));
    this.result.append(proofView(description));
  }

  #refused(error) {
    this.#waiting.cancel();
    if (!(error instanceof Refusal)) throw error;
    if (error.status === 401) {
      this.demandSignatures();
      return;
    }
    this.announce.textContent = `${error.title}. ${error.detail}`;
    if (error.problem.position) {
      this.result.replaceChildren();
      this.result.removeAttribute("aria-busy");
      this.told.onText("");
      return;
    }
    this.#stand(refusalView(error, () => this.#again()));
  }

  #again() {
    this.#reading = { text: "", done: Promise.resolve(null) };
    this.decide();
  }

  #showWaiting() {
    const stop = () => {
      this.#verdicts.stop();
      this.#stand(el("p", { class: "note" }, "Stopped. Change the goal, or press Enter in the field to try again."));
      this.editor.field.focus();
    };
    const seconds = el("span", { "aria-hidden": "true" });
    const started = Date.now();
    this.#stand(
      el(
        "div",
        { class: "verdict waiting" },
        el("h2", { id: "verdict-title" }, "Deciding … ", seconds),
        el("p", {}, "The search looks for a proof and for a countermodel at the same time."),
        el("button", { type: "button", class: "plain", onclick: stop }, "Stop"),
      ),
    );
    this.announce.textContent = "Deciding";
    const ticking = setInterval(() => {
      if (seconds.isConnected) seconds.textContent = `${Math.round((Date.now() - started) / 1000)} s`;
      else clearInterval(ticking);
    }, 500);
  }

  #clear() {
    this.editor.mark(null);
    this.message.className = "message";
    this.message.replaceChildren();
    this.result.replaceChildren();
    this.result.removeAttribute("aria-busy");
    this.announce.textContent = "";
    this.told.onText("");
  }

  #stand(element) {
    this.result.replaceChildren(element);
    this.result.removeAttribute("aria-busy");
    this.told.onText(this.editor.text);
  }

  #stop() {
    for (const task of [this.#readings, this.#verdicts, this.#proofs]) task.stop();
    for (const pause of [this.#readingPause, this.#verdictPause, this.#waiting]) pause.cancel();
  }

  /** Pixels that a drawing may take: beside the table where there is room for both. */
  #room() {
    const width = this.result.clientWidth || 360;
    return width > 760 ? width * 0.46 : width;
  }
}
