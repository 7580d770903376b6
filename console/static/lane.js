// The lane page: hears the lane, draws it, and lets an officer act.

import { ask } from "./ask.js";
import { prepareDialogs, refreshDialogs, report, unlockFirst } from "./dialogs.js";
import { find, say } from "./dom.js";
import { draw, drawButtons } from "./draw.js";
import { followFrame } from "./pictures.js";
import { toggleSound } from "./ring.js";
import { listen } from "./stream.js";

const HERE_MS = 30000;
let newest = null;

function onView(view) {
  newest = view;
  draw(view);
  refreshDialogs(view);
  const locked = find("#locked");
  if (locked) locked.hidden = !view.you.locked;
}

function onStale(stale, quietMs) {
  const seconds = Number.isFinite(quietMs) && quietMs >= 1000 ? `${Math.floor(quietMs / 1000)} s` : "";
  say(find("#stale-for"), stale ? seconds : "");
  if (document.body.classList.contains("stale") === stale) return;
  document.body.classList.toggle("stale", stale);
  find("#stale").hidden = !stale;
  if (newest) drawButtons(newest, stale);
  if (newest && !stale) refreshDialogs(newest);
}

function onLoggedOut() {
  find("#relogin").hidden = false;
}

/** Tells the server, now and then, that somebody is at this page, so that it does not lock. */
function noteActivity() {
  let told = -Infinity;
  const here = () => {
    if (!document.body.dataset.officer || newest?.you.locked || performance.now() - told < HERE_MS) return;
    told = performance.now();
    ask("/here", {});
  };
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, here, { passive: true });
}

async function simulate(button) {
  const asked = { do: button.dataset.do };
  if (asked.do === "press") asked.control = button.dataset.control;
  if (asked.do === "link") asked.up = !newest.world.link_up;
  if (asked.do === "truck") asked.scenario = find("#scenario").value;
  report(await ask("/simulation", asked));
}

async function closeAlarm(alarm) {
  const reason = prompt("What became of it? 處理結果");
  if (reason !== null) report(await ask("/close-alarm", { alarm, reason }));
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-seen], [data-close], [data-do]");
  if (!button || stream.stale()) return;
  if (newest.you.locked) unlockFirst(() => button.click());
  else if (button.dataset.do) await simulate(button);
  else if (button.dataset.close) await closeAlarm(button.dataset.close);
  else report(await ask("/acknowledge", { alarm: button.dataset.seen }));
});

find("#sound").addEventListener("click", async (event) => {
  const on = await toggleSound();
  const button = event.target.closest("button");
  button.setAttribute("aria-pressed", String(on));
  say(find(".en", button), on ? "♪ On" : "♪ Off");
  say(find(".zh", button), on ? "有聲" : "靜音");
});

find("#logout")?.addEventListener("click", async () => {
  await ask("/logout", {});
  location.assign("/login");
});

const stream = listen({ onView, onStale, onLoggedOut });
prepareDialogs(stream.stale);
noteActivity();
followFrame();
