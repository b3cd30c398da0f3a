/**
 * Prometheus' text format, as much of it as GET /metrics writes.
 */

/** @typedef {{name: string, labels: Record<string, string>, value: number}} Sample */

const LINE = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;
const ESCAPES = { n: "\n", '"': '"', "\\": "\\" };

export class Samples {
  /** @param {string} text */
  constructor(text) {
    /** @type {Sample[]} */
    this.all = text
      .split("\n")
      .map(sampleOf)
      .filter((sample) => sample !== null);
  }

  /** The value of the first series with this name and these labels; null when there is none. */
  value(name, labels = {}) {
    return this.series(name, labels)[0]?.value ?? null;
  }

  /** @returns {Sample[]} */
  series(name, labels = {}) {
    return this.all.filter(
      (sample) => sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    );
  }

  /**
   * A histogram as how many observations fell into each bucket, not counting those of the buckets below.
   * @returns {{upTo: number, count: number}[]}
   */
  histogram(name, labels = {}) {
    let below = 0;
    return this.series(`${name}_bucket`, labels).map((sample) => {
      const count = sample.value - below;
      below = sample.value;
      return { upTo: sample.labels.le === "+Inf" ? Infinity : Number(sample.labels.le), count };
    });
  }
}

function sampleOf(line) {
  const match = line.startsWith("#") ? null : LINE.exec(line);
  if (!match) return null;
  const labels = {};
  for (const [, label, value] of (match[2] ?? "").matchAll(LABEL))
    labels[label] = value.replace(/\\(.)/g, (_, char) => ESCAPES[char] ?? char);
  return { name: match[1], labels, value: Number(match[3].replace("+Inf", "Infinity")) };
}
