/**
 * Refusals on the page: what happened, in the service's words, and what to do.
 */

import { el } from "./dom.js";

const ADVICE = {
  "no-answer": "Try again in a moment. If you run the service yourself, look whether it still does.",
  overloaded: "Many goals are being decided now.",
  "rate-limited": "You asked more often than this service lets one client.",
  "goal-too-large": "This service decides smaller goals only. Shorten it, or run a service with larger limits.",
  "request-too-large": "This service reads smaller goals only. Shorten it, or run a service with larger limits.",
  "kernel-unavailable": "Without Coq’s kernel there are no verdicts. The status view tells how it stands.",
  "kernel-rejected": "This is a defect of the service, which it has recorded. The answer is withheld, for nobody should believe it.",
  internal: "This is a defect of the service, which it has recorded in its log.",
};

/**
 * A refusal that stands where a verdict would.
 * @param {import("./asking.js").Refusal} refusal
 * @param {() => void} onRetry
 */
export function refusalView(refusal, onRetry) {
  const wait = refusal.retryAfter ? ` Worth another try in ${refusal.retryAfter} s.` : "";
  return el(
    "div",
    { class: "verdict refused" },
    el("h2", { id: "verdict-title", tabindex: -1 }, refusal.title),
    el("p", {}, refusal.detail),
    el("p", {}, `${ADVICE[refusal.kind] ?? ""}${wait}`),
    refusal.status === 400 || refusal.status === 413
      ? null
      : el("button", { type: "button", class: "plain", onclick: onRetry }, "Try again"),
  );
}

const SIGNED_REQUEST = `# python, in the project's folder
import json, urllib.request
from logos_pxl.wire.signing import signed_headers

body = json.dumps({"goal": "BOX(A -> A)"}).encode()
headers = {"Content-Type": "application/json", **signed_headers(KEY, "POST", "/prove", body)}
request = urllib.request.Request("ORIGIN/prove", body, headers)
print(urllib.request.urlopen(request).read().decode())`;

/** That this service answers signed requests only, and how to ask it nevertheless. */
export function signedOnlyView(origin) {
  return el(
    "div",
    { class: "verdict refused signed-only" },
    el("h2", { id: "verdict-title", tabindex: -1 }, "This page cannot ask this service"),
    el(
      "p",
      {},
      "The service demands signed requests. A signature needs the secret key, and a secret key does not belong in a web page, so nothing typed here is sent. ",
      "The status view works.",
    ),
    el("p", {}, "Whoever holds the key (HMAC_SECRET_KEY) can ask from a program; docs/signed-requests.md says how in any language:"),
    el(
      "pre",
      { tabindex: 0, role: "group", "aria-label": "An example in Python" },
      el("code", {}, SIGNED_REQUEST.replace("ORIGIN", origin)),
    ),
    el("p", {}, "To try goals by hand, run a service of your own without ENABLE_HMAC_AUTH: ", el("code", {}, "make run"), "."),
  );
}
