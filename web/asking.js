/**
 * What the page asks of the service that it came from.
 */

/** A refusal, as the service words it (RFC 9457), or that there was no answer. `kind` is the word that ends the problem's type. */
export class Refusal extends Error {
  /** @param {{kind: string, title: string, detail: string, status: number, retryAfter?: number | null, problem?: any}} told */
  constructor(told) {
    super(told.detail);
    Object.assign(this, { retryAfter: null, problem: {}, ...told });
  }
}

/** How a goal is understood. */
export function parse(goal, signal) {
  return post("/parse", { goal }, signal);
}

/** A goal's verdict; `timeoutMs` is the whole budget, null for the service's own. */
export function prove(goal, timeoutMs, signal) {
  return post("/prove", timeoutMs ? { goal, timeout_ms: timeoutMs } : { goal }, signal);
}

/** A kept certificate with its description. */
export function certificate(id, signal) {
  return json(`/certificates/${id}.json`, { signal });
}

/** The state of the service. What is not well is told in the answer, with whatever status. */
export async function health(path = "/health") {
  const response = await send(path, {});
  if (response.headers.get("content-type")?.includes("problem")) throw await refusalOf(response);
  return response.json();
}

/** All metrics as text. */
export async function metrics() {
  const response = await send("/metrics", { headers: { Accept: "text/plain" } });
  if (!response.ok) throw await refusalOf(response);
  return response.text();
}

function post(path, body, signal) {
  return json(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal });
}

async function json(path, options) {
  const response = await send(path, options);
  if (!response.ok) throw await refusalOf(response);
  return response.json();
}

async function send(path, options) {
  try {
    return await fetch(path, { cache: "no-store", credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal({
      kind: "no-answer",
      title: "The service does not answer",
      detail: "The connection failed. The service may be starting or stopped, or the network may be down.",
      status: 0,
    });
  }
}

async function refusalOf(response) {
  let problem = {};
  try {
    problem = await response.json();
  } catch {
    // a proxy may have answered in its own words
  }
  const wait = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
  return new Refusal({
    kind:
      String(problem.type ?? "")
        .split(":")
        .pop() || "http",
    title: problem.title ?? `The answer was ${response.status}`,
    detail: problem.detail ?? response.statusText,
    status: response.status,
    retryAfter: Number.isFinite(wait) ? wait : null,
    problem,
  });
}
