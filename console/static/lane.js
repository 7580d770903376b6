// The lane page: hears the lane, draws it, and lets an officer act.

import { ask } from "./ask.js";
import { closeAlarm, prepareDialogs, refreshDialogs, report, shelveAlarm, unlockFirst } from "./dialogs.js";
import { goTo } from "./calls.js";
import { all, find, onClick, pick, say } from "./dom.js";
import { draw, drawButtons } from "./draw.js";
import "./language.js";
import { followFrame } from "./pictures.js";
import { toggleSound } from "./ring.js";
import { drawListening, prepareListening } from "./listen.js";
import { listen } from "./stream.js";
import { drawSecond, prepareSecond } from "./second.js";
import { drawVoice } from "./voice.js";

const HERE_MS = 30000;
let newest = null;

function onView(view) {
  newest = view;
  draw(view);
  refreshDialogs(view);
  drawSecond(view);
  drawVoice(view);
  drawListening(view);
  const locked = find("#locked");
  if (!locked) return;
  locked.hidden = !view.you.locked;
  find("#lock").hidden = view.you.locked;
}

/** Why the page is stale, and what to do: said, because "no news" alone sends an officer to clear by hand for a lost login. */
const WHY = {
  out: [
    pick("You are logged out.", "你已登出。"),
    pick("Your login ended or was ended elsewhere. The lane goes on; log in again.", "登入已結束或在別處終止。通道繼續運作；請重新登入。"),
  ],
  restarted: [
    pick("The lane's box was restarted.", "通道系統已重新啟動。"),
    pick("All logins ended with it. Look at the lane, then log in again.", "所有登入已失效。請先查看通道，再重新登入。"),
  ],
  agent: [
    pick("The lane's program does not answer. Buttons are off.", "通道程式沒有回應，按鈕已停用。"),
    pick("Look at the lane and clear by hand; call the technician.", "請查看通道並以人手清關，並通知技術員。"),
  ],
  link: [
    pick("This browser does not reach the lane. Buttons are off.", "此電腦與通道失去聯繫，按鈕已停用。"),
    pick("Cable, network or the box: the lane may go on. Look at the lane; clear by hand.", "線路、網絡或系統故障，通道或仍運作。請查看通道，以人手清關。"),
  ],
};

function onStale(cause, quietMs) {
  const stale = cause !== "";
  const seconds = Number.isFinite(quietMs) && quietMs >= 1000 ? `${Math.floor(quietMs / 1000)} s` : "";
  say(find("#stale-for"), cause === "link" ? seconds : "");
  const banner = find("#stale");
  if (banner.dataset.cause === cause) return;
  banner.dataset.cause = cause;
  if (stale) {
    const [says, todo] = WHY[cause];
    say(find("#stale-says"), says);
    say(find("#stale-todo"), todo);
  }
  find("#relogin").hidden = cause !== "out" && cause !== "restarted";
  document.body.classList.toggle("stale", stale);
  banner.hidden = !stale;
  if (newest) drawButtons(newest, stale);
  if (newest && !stale) refreshDialogs(newest);
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

const others = (button) => (button.dataset.others ?? "").split(" ").filter(Boolean);

document.addEventListener("click", async (event) => {
  const visit = event.target.closest("a[data-visit]");
  if (visit) {
    event.preventDefault();
    goTo(visit.dataset.visit, String(newest?.visit?.id ?? ""));
    return;
  }
  const button = event.target.closest("[data-seen], [data-close], [data-shelve], [data-do]");
  if (!button || stream.stale()) return;
  if (newest.you.locked) unlockFirst(() => button.click());
  else if (button.dataset.do) await simulate(button);
  else if (button.dataset.close) closeAlarm(button.dataset.close, others(button), button.dataset.says);
  else if (button.dataset.shelve) shelveAlarm(button.dataset.shelve, others(button), button.dataset.says);
  else report(await ask("/acknowledge", { alarm: button.dataset.seen, others: others(button) }));
});

/** The function keys that are shown on the buttons; none while a dialog is open. */
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || !/^F\d+$/.test(event.key)) return;
  const buttons = all(`button[data-key="${event.key}"]`);
  if (!buttons.length) return;
  event.preventDefault();
  if (find("dialog[open]")) return;
  buttons.find((button) => !button.disabled && button.checkVisibility())?.click();
});

onClick("#sound", async (event) => {
  const on = await toggleSound();
  const button = event.target.closest("button");
  button.setAttribute("aria-pressed", String(on));
  say(button, on ? pick("♪ Sound on", "♪ 聲音已開") : pick("♪ Sound off", "♪ 聲音已關"));
});

onClick("#explain", () => find("#dialog-explained").showModal());

onClick("#lock", async () => {
  const told = await ask("/lock", {});
  if (!told.accepted) report(told);
});

onClick("#logout", async () => {
  await ask("/logout", {});
  location.assign("/login");
});

const stream = listen({ onView, onStale });
prepareDialogs(stream.stale);
prepareSecond(stream.stale);
prepareListening(stream.stale);
noteActivity();
followFrame();
