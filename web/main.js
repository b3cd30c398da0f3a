/**
 * The page put together: the desk, the lists beside it, the status view, and the address that leads to each.
 */

import { health } from "./asking.js";
import { Desk } from "./desk.js";
import { byId } from "./dom.js";
import { Editor } from "./editor.js";
import { History } from "./history.js";
import { fillExamples, fillHistory, fillStarters } from "./lists.js";
import { fragmentOf, goalIn } from "./sharing.js";
import { StatusView } from "./status_view.js";
import { fillSymbols } from "./symbols.js";

const STATUS = "#status";

const history = new History(storage());
const editor = new Editor(byId("goal"), byId("goal-under"), () => desk.changed());
const desk = new Desk(
  { editor, message: byId("goal-message"), result: byId("result"), announce: byId("announce") },
  { onVerdict: remember, onText: shareInAddress, onShare: share },
);
const status = new StatusView(byId("status-body"));

function storage() {
  try {
    return window.localStorage;
  } catch {
    return null; // forbidden in this browser
  }
}

function remember(goal, verdict) {
  history.add({ goal, verdict });
  fillHistory(byId("history"), history, choose);
}

function choose(goal) {
  editor.text = goal;
  desk.decide();
  byId("prove").scrollIntoView({ block: "start" });
}

function shareInAddress(goal) {
  byId("welcome").hidden = editor.text.trim() !== "" || desk.signedOnly;
  if (location.hash !== STATUS) window.history.replaceState(null, "", location.pathname + fragmentOf(goal));
}

async function share(button) {
  try {
    await navigator.clipboard.writeText(location.href);
    button.textContent = "Link copied";
  } catch {
    button.textContent = "The address bar holds the link"; // without https a page may not copy
  }
}

function followAddress() {
  const statusWanted = location.hash === STATUS;
  byId("prove").hidden = statusWanted;
  byId("status").hidden = !statusWanted;
  for (const [id, here] of [
    ["to-prove", !statusWanted],
    ["to-status", statusWanted],
  ]) {
    if (here) byId(id).setAttribute("aria-current", "page");
    else byId(id).removeAttribute("aria-current");
  }
  document.title = statusWanted ? "Status · LOGOS PXL" : "LOGOS PXL: proofs of modal logic";
  if (statusWanted) {
    status.show();
    return;
  }
  status.hide();
  const goal = goalIn(location.hash);
  if (goal !== null && goal !== editor.text) choose(goal);
}

async function lookAround() {
  try {
    const state = await health();
    if (state.authentication === "hmac") desk.demandSignatures();
  } catch {
    // asking a goal will tell what is wrong, in its own words
  }
}

function leave(event) {
  event.preventDefault();
  window.history.pushState(null, "", location.pathname + fragmentOf(editor.text));
  followAddress();
}

fillSymbols(byId("symbols"), (symbol) => editor.insert(symbol));
fillExamples(byId("examples"), choose);
fillStarters(byId("starters"), choose);
fillHistory(byId("history"), history, choose);
byId("to-prove").addEventListener("click", leave);
byId("goal").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  desk.decide();
});
addEventListener("hashchange", followAddress);
addEventListener("popstate", followAddress);
lookAround();
followAddress();
if (editor.text) desk.changed(); // what the browser filled in again
performance.mark("ready");
