// A visit again: the moments are the page's own list, each with what both screens had confirmed by then.

import { all, find, onClick, pick, say } from "/shared/dom.js";
import { drawGlass } from "/static/tiles.js";

const LONGEST_MS = 3000;
// Nobody watches a queue stand still: a wait of the lane is cut short here, and the time beside it tells how long it was.

const rows = all(".course li[data-after]");
const slide = find("#moment");
const speed = find("#speed");
let now = 0;
let playing = 0;

const told = (row, screen) => ({ scene: row.dataset[screen], says: row.dataset[`${screen}Says`], ok: row.dataset[`${screen}Ok`] === "yes" });

const inWords = (row, screen) => `${row.dataset[`${screen}Says`]}${row.dataset[`${screen}Ok`] === "yes" ? "" : " ?"}`.trim();

/** Shows one moment, in the panel and in the list. */
function show(place) {
  now = Math.min(Math.max(place, 0), rows.length - 1);
  const row = rows[now];
  for (const screen of ["xdb", "aiop"]) drawGlass(find(`#replay .glass.${screen}`), told(row, screen), row.dataset[`${screen}P`]);
  say(find("#replay-time"), find(".when", row).textContent);
  say(find("#replay-after"), `+${(Number(row.dataset.after) / 1000).toFixed(1)} s`);
  say(find("#replay-what"), find(".what b", row).textContent);
  say(find("#replay-says"), `${pick("board", "指示板")}: ${inWords(row, "xdb")} · ${pick("panel", "控制板")}: ${inWords(row, "aiop")}`);
  slide.value = String(now);
  slide.setAttribute("aria-valuetext", `${now + 1}/${rows.length}`);
  for (const one of all(".course [aria-current]")) one.removeAttribute("aria-current");
  row.setAttribute("aria-current", "step");
}

function stop() {
  clearTimeout(playing);
  playing = 0;
  say(find("#play"), pick("▶ Play", "▶ 播放"));
}

function next() {
  if (now >= rows.length - 1) {
    stop();
    return;
  }
  const wait = (Number(rows[now + 1].dataset.after) - Number(rows[now].dataset.after)) / Number(speed.value);
  playing = setTimeout(() => {
    show(now + 1);
    next();
  }, Math.min(wait, LONGEST_MS));
}

function play() {
  if (playing) {
    stop();
    return;
  }
  if (now >= rows.length - 1) show(0);
  say(find("#play"), pick("⏸ Pause", "⏸ 暫停"));
  next();
}

/** One step, and no further by itself. */
const step = (by) => () => {
  stop();
  show(now + by);
};

if (rows.length && slide) {
  onClick("#play", play);
  onClick("#back", step(-1));
  onClick("#on", step(1));
  slide.addEventListener("input", () => {
    stop();
    show(Number(slide.value));
  });
  for (const control of [slide, speed]) control.disabled = false;
  for (const row of rows) {
    find(".when", row).addEventListener("click", () => {
      stop();
      show(rows.indexOf(row));
    });
  }
  show(0);
}
