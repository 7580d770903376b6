// What calls the officer: vehicles that ran, the worst alarm, the list of alarms; each with what to do and one act for all of it.

import { find, follow, make, pick, say } from "./dom.js";
import { thumbnail } from "./pictures.js";

const officer = document.body.dataset.officer;

export function drawCalls({ runs, cards, over, help }) {
  drawRun(runs);
  const rest = cards.filter((card) => !runs.some((run) => card.open.includes(run.id)));
  drawWorst(rest, cards, runs, help.state !== "none");
  drawAlarms(cards, over);
}

function drawRun(runs) {
  const [run] = runs;
  find("#run").hidden = !run;
  if (!run) return;
  say(find("#run-says"), run.says);
  say(find("#run-plate"), [run.vrn, run.mainland].filter(Boolean).join("  "));
  say(find("#run-at"), run.at);
  say(find("#run-todo"), run.todo);
  say(find("#run-more"), runs.length > 1 ? pick(`${runs.length - 1} more ran`, `另有 ${runs.length - 1} 輛`) : "");
  find("#run-take").dataset.seen = run.id;
  const pictures = officer && run.picture ? [run.picture] : [];
  follow(find("#run-picture"), pictures, { key: (one) => one, build: (one) => thumbnail(one, run.vrn) });
}

function drawWorst(rest, cards, runs, helps) {
  const worst = rest.find((card) => card.open.length) ?? rest[0];
  const open = worst?.open ?? [];
  say(find("#worst-says"), worst ? worst.says : pick("No alarm", "沒有警報"));
  say(find("#worst-about"), worst ? [plates(worst), worst.at, often(worst), worst.became].filter(Boolean).join(", ") : "");
  say(find("#worst-todo"), worst?.todo ?? "");
  find("#worst").dataset.priority = open.length ? worst.priority : "";
  const more = find("#worst-more");
  // Beside a vehicle that ran or a call, it is a number only, and one of its own card alone is none.
  const own = runs.length || helps ? rest.every((card) => helps && card.help) : cards.length < 2;
  more.hidden = own;
  say(more, pick(`All ${cards.length} alarms`, `全部 ${cards.length} 項警報`));
  fillTake(find("#worst-take"), worst, runs.length > 0);
}

const plates = (card) => card.visits.map((one) => one.vrn).filter(Boolean).join(", ");

const often = (card) => (card.count > 1 ? pick(`${card.count} times`, `${card.count} 次`) : "");

function fillTake(button, card, noKey) {
  button.hidden = !card?.open.length;
  if (button.hidden) return;
  [button.dataset.seen] = card.open;
  button.dataset.others = card.open.slice(1).join(" ");
  if (noKey) delete button.dataset.key;
  else if (button.id) button.dataset.key = "F3";
  const key = find("kbd", button);
  if (key) key.hidden = noKey;
}

function drawAlarms(cards, over) {
  const open = cards.filter((card) => card.open.length).length;
  const none = cards.length ? pick("all taken", "全部已處理") : pick("none", "沒有");
  say(find("#alarms-count"), open ? pick(`${open} not yet taken`, `${open} 項未處理`) : none);
  find("#alarms").classList.toggle("open", open > 0);
  const listed = [...cards, ...over.map(finished)];
  follow(find("#alarms ul"), listed, { key: (one) => one.key, build: alarmLine, fill: alarmState });
}

const finished = (alarm) => ({
  ...alarm,
  key: alarm.id,
  todo: "",
  age: "",
  open: [],
  closable: [],
  shelvable: [],
  visits: alarm.visit ? [{ id: alarm.visit, listed: alarm.listed, vrn: alarm.vrn }] : [],
});

function alarmLine(card) {
  const named = `${card.says}, ${card.at}`;
  const take = make("button", { type: "button", "data-seen": "", "aria-label": `${pick("Take", "處理")}: ${named}` });
  take.textContent = pick("Take", "處理");
  const close = make("button", { type: "button", "data-close": "", "aria-label": `${pick("Close", "結案")}: ${named}` });
  close.textContent = pick("Close", "結案");
  const shelve = make("button", { type: "button", "data-shelve": "", "aria-label": `${pick("Shelve", "擱置")}: ${named}` });
  shelve.textContent = pick("Shelve", "擱置");
  return make(
    "li",
    {},
    make("p", {}, make("span", { class: "mono", text: card.at }), make("b", { class: "says" })),
    make("p", { class: "muted about" }),
    make("p", { class: "visits" }),
    make("p", { class: "todo" }),
    make("p", { class: "seen" }, make("span", { class: "became" }), " ", take, " ", close, " ", shelve),
  );
}

function alarmState(line, card) {
  const lasts = card.age ? pick(`for ${card.age}`, `已 ${card.age}`) : "";
  say(find(".says", line), ` ${card.says}`);
  say(find(".about", line), [lasts, often(card)].filter(Boolean).join(", "));
  say(find(".todo", line), card.todo);
  say(find(".became", line), card.became);
  follow(find(".visits", line), card.visits, { key: (one) => `${one.id}${one.listed}${one.vrn}`, build: visitLink });
  line.classList.toggle("quiet", !card.open.length);
  line.dataset.priority = card.priority;
  fillTake(find("[data-seen]", line), card, true);
  const which = [card.says, plates(card)].filter(Boolean).join(", ");
  fillDeed(find("[data-close]", line), "close", card.closable, which);
  fillDeed(find("[data-shelve]", line), "shelve", card.shelvable, which);
}

function fillDeed(button, deed, alarms, says) {
  button.hidden = !alarms.length;
  button.dataset[deed] = alarms[0] ?? "";
  button.dataset.others = alarms.slice(1).join(" ");
  button.dataset.says = says;
}

function visitLink({ id, listed, vrn }) {
  const text = [pick(`visit ${id}`, `車次 ${id}`), vrn].filter(Boolean).join(" ");
  return listed ? make("a", { href: `#visit-${id}`, "data-visit": id, text }) : make("span", { text });
}

/** Goes to the visit of an alarm: the one in the lane, or its line in the list. */
export function goTo(visit, here) {
  const place = visit === here ? find("#visit") : find(`#visit-${visit}`);
  place?.setAttribute("tabindex", "-1");
  place?.scrollIntoView({ block: "nearest" });
  place?.focus({ preventScroll: true });
}
