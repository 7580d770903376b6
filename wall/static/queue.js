// The queue: what needs an officer, the first to be dealt with on top; whose it is; and since when it waits.

import { all, find, follow, make, pick, say } from "/shared/dom.js";
import { ago } from "./times.js";

const officer = document.body.dataset.officer;
const SIGNS = { ran: "■", help: "☎", second: "②", exception: "▲", silent: "◌", fault: "✖" };

const person = (name) => name.split("@")[0];

const before = (one, other) => {
  for (let place = 0; place < one.rank.length; place += 1) {
    if (one.rank[place] !== other.rank[place]) return one.rank[place] < other.rank[place] ? -1 : 1;
  }
  return one.key < other.key ? -1 : 1;
};

/** Needs in their order. */
export const ordered = (needs) => [...needs].sort(before);

export function drawQueue(needs) {
  const list = ordered(needs);
  const waiting = list.filter((need) => !need.taken_by).length;
  say(find("#queue-count"), list.length ? pick(`${waiting} waiting, ${list.length - waiting} taken`, `${waiting} 項待處理，${list.length - waiting} 項處理中`) : "");
  find("#queue-none").hidden = list.length > 0;
  follow(find("#needs"), list, { key: (need) => need.key, build, fill });
}

function button(text, deed, need) {
  return make("button", { type: "button", "data-do": deed, "data-need": need.key, "data-lane": need.lane, text });
}

function build(need) {
  return make(
    "li",
    { class: "need", "data-kind": need.kind },
    make("p", {}, make("span", { class: "kind" }), " ", make("span", { class: "lane-name", text: need.lane }), " ", make("span", { class: "plate" })),
    make("time", { "data-since": String(need.since_ms) }),
    make("p", { class: "says" }),
    make("p", { class: "asked", hidden: "" }, make("b", { class: "who" }), " ", make("span", { class: "left mono" })),
    make("p", { class: "todo" }),
    make("p", { class: "by" }),
    make(
      "p",
      { class: "deeds" },
      button(pick("Take", "處理"), "take", need),
      button(pick("Show", "查看"), "show", need),
      button(pick("Hand over", "轉交"), "hand", need),
      button(pick("Give back", "放回"), "return", need),
    ),
  );
}

function fill(line, need) {
  const mine = need.taken_by === officer;
  line.dataset.priority = need.priority;
  line.classList.toggle("taken", need.taken_by !== "");
  line.classList.toggle("escalated", need.escalated);
  say(find(".kind", line), `${SIGNS[need.kind]} ${need.kind_shown}`);
  say(find(".plate", line), need.vrn);
  say(find(".says", line), `${need.says}${need.cause ? ` (${need.cause})` : ""}${need.more > 0 ? pick(`, and ${need.more} more`, `，另有 ${need.more} 項`) : ""}`);
  say(find(".todo", line), need.todo);
  line.dataset.until = String(need.until_ms || "");
  const asked = find(".asked", line);
  asked.hidden = !need.asked_by;
  say(find(".who", asked), need.asked_by ? pick(`asked by ${need.asked_by}`, `由 ${need.asked_by} 提出`) : "");
  const left = need.escalated && !need.taken_by ? pick("NOBODY HAS TAKEN IT", "無人處理") : "";
  say(find(".by", line), need.taken_by ? pick(`taken: ${need.taken_shown}`, `處理中：${need.taken_shown}`) : left);
  find("time", line).dataset.since = String(need.since_ms);
  const take = find('[data-do="take"]', line);
  take.hidden = mine || (need.asked_by !== "" && person(need.asked_by) === person(officer));
  take.dataset.had = need.taken_by;
  say(take, need.taken_by ? pick("Take over", "接手") : pick("Take", "處理"));
  take.setAttribute("aria-label", `${take.textContent}: ${need.lane}, ${need.says}`);
  find('[data-do="show"]', line).setAttribute("aria-label", `${pick("Show", "查看")}: ${need.lane}, ${need.says}`);
  for (const name of ["hand", "return"]) {
    const other = find(`[data-do="${name}"]`, line);
    other.hidden = !mine;
    other.setAttribute("aria-label", `${other.textContent}: ${need.lane}, ${need.says}`);
  }
}

/** Whole seconds that are left. */
export const remaining = (ms) => pick(`${Math.max(0, Math.ceil(ms / 1000))} s left`, `尚餘 ${Math.max(0, Math.ceil(ms / 1000))} 秒`);

export function tickQueue(now) {
  find("#needs").classList.toggle("beat", Math.floor(now / 1000) % 2 === 1);
  for (const time of all("#needs time")) say(time, ago(now - Number(time.dataset.since)));
  for (const line of all('#needs [data-kind="second"]')) say(find(".left", line), remaining(Number(line.dataset.until) - now));
}
