/**
 * The operations manual's key performance indicators: where they come from, what they should be, and what is critical.
 */

/** @typedef {import("./prometheus.js").Samples} Samples */
/** @typedef {{title: string, unit: string, target: string, critical: string, value: number | null, state: "good" | "warning" | "critical" | "idle" | "unknown", note: string}} Reading */

const INDICATORS = [
  {
    title: "Verification ratio",
    metric: "logos_pxl_verification_ratio_percent",
    unit: "%",
    least: 94,
    critical: 90,
    traffic: "logos_pxl_window_goals",
  },
  { title: "P95 latency", metric: "logos_pxl_p95_latency_ms", unit: "ms", below: 300, critical: 500, traffic: "logos_pxl_window_goals" },
  {
    title: "Cache hit rate",
    metric: "logos_pxl_cache_hit_rate_percent",
    unit: "%",
    least: 85,
    critical: 70,
    traffic: "logos_pxl_window_cache_lookups",
  },
  { title: "Session pool utilization", metric: "logos_pxl_session_pool_utilization_percent", unit: "%", below: 80, critical: 90 },
  { title: "Memory usage", metric: "logos_pxl_memory_usage_percent", unit: "%", below: 80, critical: 95 },
];

// Of fewer goals a share or a percentile says nothing.
const FEW = 20;

/**
 * @param {Samples} samples
 * @returns {Reading[]}
 */
export function readings(samples) {
  return INDICATORS.map((indicator) => reading(indicator, samples));
}

function reading(indicator, samples) {
  const value = samples.value(indicator.metric);
  const rising = indicator.least !== undefined;
  const seen = indicator.traffic === undefined ? Infinity : samples.value(indicator.traffic);
  const idle = seen < FEW;
  return {
    title: indicator.title,
    unit: indicator.unit,
    target: rising ? `at least ${indicator.least} ${indicator.unit}` : `below ${indicator.below} ${indicator.unit}`,
    critical: `${rising ? "below" : "above"} ${indicator.critical} ${indicator.unit}`,
    value,
    state: value === null ? "unknown" : idle ? "idle" : rising ? risingState(value, indicator) : fallingState(value, indicator),
    note: idle ? (seen ? `idle: only ${seen} lately` : "idle: none lately") : "",
  };
}

function risingState(value, { least, critical }) {
  if (value >= least) return "good";
  return value < critical ? "critical" : "warning";
}

function fallingState(value, { below, critical }) {
  if (value < below) return "good";
  return value > critical ? "critical" : "warning";
}

/** Seconds as people say them: "2 d 3 h", "4 min 5 s". */
export function span(seconds) {
  const units = [
    ["d", 86400],
    ["h", 3600],
    ["min", 60],
    ["s", 1],
  ];
  const first = units.findIndex(([, length]) => seconds >= length);
  if (first < 0) return "0 s";
  const [name, length] = units[first];
  const whole = `${Math.floor(seconds / length)} ${name}`;
  const next = units[first + 1];
  return next ? `${whole} ${Math.floor((seconds % length) / next[1])} ${next[0]}` : whole;
}
