/**
 * Refusals on the page: what happened, in the service's words, and what to do.
 */

import { el } from "./dom.js";

const ADVICE = {
  "no-answer": "Try again in a moment. If you run the service yourself, check that it is running.",
  overloaded: "The service is busy with other goals.",
  "rate-limited": "You sent more requests than this service allows for one client.",
  "goal-too-large": "The goal is too large for this service. Shorten it, or run a service with larger limits.",
  "request-too-large": "The goal is too long for this service. Shorten it, or run a service with larger limits.",
  "kernel-unavailable": "Without Coq’s kernel there are no verdicts. See the status view.",
  "kernel-rejected": "This is a defect of the service. It has been recorded, and no verdict is given.",
  internal: "This is a defect of the service. It has been logged.",
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
    el("h2", { id: "verdict-title", tabindex: -1 }, "This page cannot use this service"),
    el(
      "p",
      {},
      "The service requires signed requests. A signature needs the secret key, which does not belong in a web page. So nothing that you type here is sent. ",
      "The status view works.",
    ),
    el("p", {}, "With the key (HMAC_SECRET_KEY) you can send requests from a program. docs/signed-requests.md explains how:"),
    el(
      "pre",
      { tabindex: 0, role: "group", "aria-label": "An example in Python" },
      el("code", {}, SIGNED_REQUEST.replace("ORIGIN", origin)),
    ),
    el("p", {}, "To try goals by hand, run a service of your own without ENABLE_HMAC_AUTH: ", el("code", {}, "make run"), "."),
  );
}
