// The wall: hears the point, draws the queue and the tiles, and lets an officer take what needs one.

import { ask } from "/shared/ask.js";
import { find, onClick, pick, say } from "/shared/dom.js";
import "/shared/language.js";
import { lane } from "./lane.js";
import { listen } from "./listen.js";
import { drawQueue, tickQueue } from "./queue.js";
import { drawShift, prepareShift } from "./shift.js";
import { prepareSound, sound } from "./sound.js";
import { drawTiles, prepareTiles, tickTiles } from "./tiles.js";
import { followPictures } from "./pictures.js";
import { prepareUnlock, unlockFirst } from "./unlock.js";

const HERE_MS = 30000;
const world = { tiles: new Map(), needs: new Map(), point: {}, ahead: 0, locked: false };
const rights = new Set(document.body.dataset.rights.split(" "));
export const may = (what) => rights.has(what);

/** Now, by the wall's clock. */
const now = () => Date.now() + world.ahead;

const WHY = {
  out: [
    pick("You are logged out.", "你已登出。"),
    pick("The lanes go on; log in again.", "通道繼續運作；請重新登入。"),
  ],
  restarted: [
    pick("The wall was restarted.", "總覽系統已重新啟動。"),
    pick("All logins ended with it; log in again.", "所有登入已失效，請重新登入。"),
  ],
  link: [
    pick("This browser does not reach the wall. What is shown is old.", "此電腦與總覽系統失去聯繫，所示資料已過時。"),
    pick("The lanes go on. Use the lanes' own pages; call the technician.", "通道繼續運作。請使用各通道頁面，並通知技術員。"),
  ],
};

function onStale(cause, quietMs) {
  const banner = find("#stale");
  const seconds = Number.isFinite(quietMs) && quietMs >= 1000 ? `${Math.floor(quietMs / 1000)} s` : "";
  say(find("#stale-for"), cause === "link" ? seconds : "");
  if (banner.dataset.cause === cause) return;
  banner.dataset.cause = cause;
  if (cause) {
    say(find("#stale-says"), WHY[cause][0]);
    say(find("#stale-todo"), WHY[cause][1]);
  }
  find("#relogin").hidden = cause === "link";
  document.body.classList.toggle("stale", cause !== "");
  banner.hidden = !cause;
}

function merge(known, changes) {
  for (const [key, fields] of Object.entries(changes ?? {})) {
    if (fields === null) known.delete(key);
    else known.set(key, { ...known.get(key), ...fields });
  }
}

function onAll(all) {
  world.tiles.clear();
  world.needs.clear();
  onSome(all);
}

function onSome({ tiles, needs, point }) {
  merge(world.tiles, tiles);
  merge(world.needs, needs);
  if (point?.point) world.point = { ...world.point, ...point.point };
  if (needs) drawQueue([...world.needs.values()], world);
  if (needs) sound([...world.needs.values()]);
  if (tiles || needs) drawTiles(world, tiles ? Object.keys(tiles) : []);
  if (tiles || needs) lane.draw(world);
  if (point) drawHeard();
  if (point || needs) drawShift();
}

function onBeat(beat) {
  world.ahead = beat.now_ms - Date.now();
  world.locked = beat.locked;
  find("#locked").hidden = !beat.locked;
  drawClock();
  tickQueue(now());
  tickTiles(now());
}

function drawClock() {
  const options = { timeZone: "Asia/Hong_Kong", hour12: false };
  say(find("#clock"), new Date(now()).toLocaleTimeString("en-GB", options));
}

/** Which brokers are heard, and whether the wall can write down what happens. */
function drawHeard() {
  const brokers = Object.entries(world.point.brokers ?? {});
  const up = brokers.filter(([, connected]) => connected).length;
  const badge = find("#heard");
  badge.dataset.level = up === 0 || world.point.trouble ? "off" : "calm";
  const told =
    up === 0
      ? pick("■ NO BROKER HEARD: tiles are old", "■ 未能連接訊息中介：資料已過時")
      : up < brokers.length
        ? pick(`● ${up} of ${brokers.length} brokers`, `● ${brokers.length} 個中介中的 ${up} 個`)
        : pick("● Lanes heard", "● 通道連線正常");
  say(badge, world.point.trouble ? pick("■ NOT WRITTEN DOWN: disk", "■ 未能儲存紀錄") : told);
  document.body.classList.toggle("deaf", up === 0);
  const core = find("#core");
  core.hidden = !world.point.core;
  core.title = world.point.core ?? "";
  say(core, pick("▲ Core away: no orders from here", "▲ 中央無回應：不能發出指令"));
}

/** Tells the server, now and then, that somebody is at this page, so that it does not lock. */
function noteActivity() {
  let told = -Infinity;
  const here = () => {
    if (world.locked || performance.now() - told < HERE_MS) return;
    told = performance.now();
    ask("/here", {});
  };
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, here, { passive: true });
}

/** Does something, after asking for the password where the page has locked itself; says what the server answers. */
async function act(path, data) {
  if (world.locked) return unlockFirst(() => act(path, data));
  const told = await ask(path, data);
  if (told.status === 423) return unlockFirst(() => act(path, data));
  if (!told.accepted || told.words) say(find("#queue-news"), told.words);
  if (!told.accepted) lane.say(told.words);
  return told;
}

find("#needs").addEventListener("click", (event) => {
  const button = event.target.closest("button[data-do]");
  if (!button) return;
  const { do: deed, need, had, lane: name } = button.dataset;
  if (deed === "take") act("/needs/take", { need, had });
  else if (deed === "return") act("/needs/hand", { need, to: "" });
  else if (deed === "hand") {
    const to = prompt(pick("Hand over to (login):", "轉交予（帳戶名稱）："));
    if (to) act("/needs/hand", { need, to: to.trim().toLowerCase() });
  } else if (deed === "show") lane.choose(name, world);
});

onClick("#logout", async () => {
  const told = await ask("/logout", {});
  location.assign(told.goes_to ?? "/login");
});
find("#locked").addEventListener("click", () => unlockFirst(() => {}));

prepareTiles({ world, choose: (name) => lane.choose(name, world) });
prepareSound();
prepareUnlock();
prepareShift({ act, world });
lane.prepare({ act, may, world, now });
noteActivity();
listen({ onAll, onSome, onBeat, onStale });
followPictures(world, now);
