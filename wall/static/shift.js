// A shift: begun and ended by its officer's own click. Beginning turns the sound on, for the shift; ending turns it off.

import { find, follow, make, onClick, pick, say } from "/shared/dom.js";
import { ordered } from "./queue.js";
import { setSound } from "./sound.js";

const officer = document.body.dataset.officer;
let world = { needs: new Map(), point: {} };
let act = async () => ({ accepted: false });

const time = (ms) => new Date(ms).toLocaleString("en-GB", { timeZone: "Asia/Hong_Kong", hour12: false, day: "2-digit", month: "2-digit", hour: "2-digit", minute: "2-digit" });
const everybody = () => world.point.shift ?? [];
const mine = () => everybody().find((one) => one.who === officer);
const taken = () => ordered([...world.needs.values()].filter((need) => need.taken_by === officer));

/** The button in the head; and the dialog, while it stands open. */
export function drawShift() {
  const button = find("#shift");
  if (!button) return;
  const own = mine();
  button.classList.toggle("on", Boolean(own));
  say(button, own ? pick(`On shift ${time(own.since_ms).slice(-5)}`, `當值 ${time(own.since_ms).slice(-5)}`) : pick("Begin shift", "開始當值"));
  if (find("#shift-dialog").open) drawDialog();
}

function drawDialog() {
  const own = mine();
  const needs = [...world.needs.values()];
  const waiting = needs.filter((need) => !need.taken_by).length;
  say(find("#shift-title"), own ? pick("End your shift", "結束當值") : pick("Begin your shift", "開始當值"));
  say(find("#shift-do"), own ? pick("End shift", "結束當值") : pick("Begin shift, with sound", "開始當值並開啟聲響"));
  find("#shift-last-part").hidden = Boolean(own);
  find("#shift-note-line").hidden = !own;
  const stands = needs.length
    ? pick(`Open now: ${waiting} waiting, ${needs.length - waiting} taken.`, `現時：${waiting} 項待處理，${needs.length - waiting} 項處理中。`)
    : pick("Nothing needs an officer now.", "現時沒有待處理事項。");
  const first = own && taken().length ? pick(" Hand over or give back what you have first:", " 請先轉交或放回以下事項：") : "";
  say(find("#shift-open"), stands + first);
  follow(find("#shift-mine"), own ? taken() : [], { key: (need) => need.key, build: needLine });
  const others = everybody().filter((one) => one.who !== officer).map((one) => `${one.shown} (${time(one.since_ms).slice(-5)})`);
  say(find("#shift-on"), others.length ? pick(`Also on shift: ${others.join(", ")}`, `其他當值人員：${others.join("、")}`) : pick("Nobody else is on shift.", "沒有其他當值人員。"));
  find("#shift-do").disabled = Boolean(own) && taken().length > 0;
}

function needLine(need) {
  const what = `${need.lane} ${need.vrn} ${need.says}`;
  const choice = make("select", { "aria-label": pick(`Who gets it: ${what}`, `交予：${what}`) }, make("option", { value: "", text: pick("back to the queue", "放回待處理") }));
  for (const one of everybody()) {
    if (one.who !== officer && one.who !== need.asked_by.split("@")[0]) choice.append(make("option", { value: one.who, text: one.shown }));
  }
  const button = make("button", { type: "button", text: pick("Give", "交出"), "aria-label": pick(`Give: ${what}`, `交出：${what}`) });
  button.addEventListener("click", async () => {
    const told = await act("/needs/hand", { need: need.key, to: choice.value });
    say(find("#shift-error"), told?.accepted === false ? told.words : "");
  });
  return make("li", {}, make("span", { text: what }), make("span", { class: "row" }, choice, button));
}

async function lastNotes() {
  const list = find("#shift-last");
  try {
    const found = await (await fetch("/shift")).json();
    const line = (one) => make("li", {}, make("b", { text: `${one.shown}, ${time(one.began_ms)} – ${time(one.ended_ms)}` }), make("br"), one.note || pick("(no note)", "（沒有事項）"));
    list.replaceChildren(...(found.length ? found.map(line) : [make("li", { text: pick("Nobody has ended a shift here yet.", "尚未有人在此結束當值。") })]));
  } catch {
    list.replaceChildren(make("li", { text: pick("No answer: the notes are not known.", "沒有回應：未能取得交更事項。") }));
  }
}

export function prepareShift({ act: acting, world: seen }) {
  act = acting;
  world = seen;
  onClick("#shift", async () => {
    say(find("#shift-error"), "");
    find("#shift-note").value = "";
    drawDialog();
    find("#shift-dialog").showModal();
    if (!mine()) await lastNotes();
  });
  find("#shift-cancel").addEventListener("click", () => find("#shift-dialog").close());
  find("#shift-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const ends = Boolean(mine());
    setSound(!ends); // now: browsers let sound begin within a click alone
    const told = ends ? await act("/shift/end", { note: find("#shift-note").value }) : await act("/shift/begin", {});
    if (told?.accepted) find("#shift-dialog").close();
    else if (told) {
      say(find("#shift-error"), told.words);
      setSound(ends);
    }
  });
}
