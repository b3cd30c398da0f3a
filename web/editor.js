/**
 * The field where a goal is typed: shortcuts become symbols, undo works, and a place can be underlined.
 *
 * Invariant: the text lies twice in one cell of a grid, in the field and, unseen, below it; the lower one gives the cell its height and
 * carries the underline. Whatever changes the text goes through the browser's own editing, so that undo knows of it.
 */

import { el } from "./dom.js";
import { typed } from "./shortcuts.js";

export class Editor {
  #under;
  #onChange;
  #replacing = false;

  /**
   * @param {HTMLTextAreaElement} field
   * @param {HTMLElement} under
   * @param {() => void} onChange
   */
  constructor(field, under, onChange) {
    this.field = field;
    this.#under = under;
    this.#onChange = onChange;
    field.addEventListener("input", (event) => this.#changed(event));
    field.addEventListener("scroll", () => (under.scrollTop = field.scrollTop));
    this.mark(null);
  }

  get text() {
    return this.field.value;
  }

  /** Replaces the whole text; one undo brings the former back. */
  set text(text) {
    if (text === this.text) return;
    this.#replace(0, this.text.length, text);
  }

  /** Inserts a symbol where the caret is, and goes on there. */
  insert(symbol) {
    this.#replace(this.field.selectionStart, this.field.selectionEnd, symbol);
  }

  /**
   * Underlines a stretch of the text; null: none.
   * @param {{from: number, to: number} | null} stretch
   */
  mark(stretch) {
    const text = this.text;
    this.field.setAttribute("aria-invalid", stretch ? "true" : "false");
    if (!stretch) {
      this.#under.replaceChildren(text + "\u200b");
      return;
    }
    // Where the text ends there is nothing to underline but a blank.
    const marked = text.slice(stretch.from, stretch.to).replace("\n", " ") || "\u2002";
    this.#under.replaceChildren(text.slice(0, stretch.from), el("mark", {}, marked), text.slice(stretch.to) + "\u200b");
  }

  #changed(event) {
    if (event.inputType === "insertText" && event.data?.length === 1 && !event.isComposing && !this.#replacing) {
      const found = typed(this.text, this.field.selectionStart);
      if (found) {
        this.#replace(found.from, found.to, found.text);
        return;
      }
    }
    // Undo selects what it brings back; the next character would replace it.
    if (event.inputType === "historyUndo") this.field.setSelectionRange(this.field.selectionEnd, this.field.selectionEnd);
    this.mark(null);
    if (!this.#replacing) this.#onChange();
  }

  #replace(from, to, text) {
    this.#replacing = true;
    this.field.focus();
    this.field.setSelectionRange(from, to);
    // Deprecated, and still the only way that leaves the browser's undo whole.
    const done = text ? document.execCommand("insertText", false, text) : document.execCommand("delete");
    if (!done) this.field.setRangeText(text, from, to, "end");
    this.#replacing = false;
    this.mark(null);
    this.#onChange();
  }
}
