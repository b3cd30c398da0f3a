/**
 * Of several tasks only the latest counts: starting one ends the one before, whose outcome, should it still come, nobody sees.
 */
export class Latest {
  /** @type {AbortController | null} */
  #controller = null;

  /**
   * @template T
   * @param {(signal: AbortSignal) => Promise<T>} task
   * @returns {Promise<{value: T} | null>} null when another task was started meanwhile, or this one was stopped
   */
  async run(task) {
    this.stop();
    const controller = new AbortController();
    this.#controller = controller;
    try {
      const value = await task(controller.signal);
      return controller === this.#controller ? { value } : null;
    } catch (error) {
      if (controller !== this.#controller) return null;
      throw error;
    }
  }

  /** Ends the task that is at work, if there is one. */
  stop() {
    this.#controller?.abort();
    this.#controller = null;
  }
}

/** Calls back when nothing has happened for a while. */
export class Pause {
  #timer = 0;

  /**
   * @param {number} milliseconds
   * @param {() => void} callback
   */
  constructor(milliseconds, callback) {
    this.milliseconds = milliseconds;
    this.callback = callback;
  }

  /** Something happened: the pause begins anew. */
  restart() {
    this.cancel();
    this.#timer = setTimeout(this.callback, this.milliseconds);
  }

  /** No pause is awaited. */
  cancel() {
    clearTimeout(this.#timer);
  }
}
