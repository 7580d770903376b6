// Draws a view. Every word comes from the server; this file knows where it goes and nothing about the lane.

import { all, bind, find, follow, lines, make, say } from "./dom.js";
import { drawScreen, thumbnail } from "./pictures.js";
import { ring } from "./ring.js";

const SIGNS = { calm: "○", busy: "▷", done: "✓", officer: "!", stop: "■", off: "–" };
const officer = document.body.dataset.officer;
let spoken = "";

export function draw(view) {
  bind(view);
  drawState(view);
  drawHelp(view.help);
  drawVisit(view.visit);
  view.screens.forEach(drawFace);
  drawMessages(view.messages);
  drawAlarms(view.alarms);
  drawLink(view.link);
  drawPast(view.past);
  drawButtons(view);
  drawWorld(view.world);
}

function drawState({ headline, simulated }) {
  const state = find("#state");
  state.dataset.level = headline.level;
  say(find(".sign", state), SIGNS[headline.level]);
  lines(find("#reasons"), headline.reasons);
  find("#todo").hidden = !headline.todo;
  find("#mode").dataset.mode = headline.mode;
  if (headline.key !== spoken) {
    spoken = headline.key;
    say(find("#spoken"), `${headline.mode}. ${headline.says}. ${headline.todo}`);
  }
  document.body.classList.toggle("simulated", simulated);
}

function drawHelp(help) {
  const banner = find("#help");
  banner.hidden = help.state === "none";
  banner.dataset.state = help.state;
  say(find("#help-by"), help.by ? `answered by ${help.by}` : "");
  ring(help.state === "ringing");
  const lane = document.body.dataset.lane;
  const title = help.state === "ringing" ? `☎ HELP ${lane}` : lane;
  if (document.title !== title) document.title = title;
}

function drawVisit(visit) {
  find("#visit-body").hidden = visit === null;
  say(find("#visit-head"), visit ? `visit ${visit.id}, arrived ${visit.arrived}, ${visit.lasted} ago` : "none in the lane");
  find("#camera").classList.toggle("empty", visit === null);
  lines(find("#stops"), visit?.stops ?? []);
  say(find("#codes-summary"), visit?.codes?.summary ?? "");
  follow(find("#bundles"), visit?.codes?.bundles ?? [], { key: (bundle) => JSON.stringify(bundle), build: bundleLine });
  const candidates = visit?.candidates ?? [];
  find("#near").hidden = candidates.length === 0;
  follow(find("#candidates"), candidates, {
    key: (one) => `${one.vrn}/${one.note}`,
    build: (one) => make("li", one.held ? { class: "stop" } : {}, make("span", { class: "mono", text: one.vrn }), ` ${one.note}`),
  });
  drawThumbs(find("#visit-evidence"), visit?.evidence ?? [], visit?.vrn || "vehicle in the lane");
}

function bundleLine(bundle) {
  const codes = bundle.cargo.map((one) =>
    make("span", { class: one.stop ? "code stop" : "code", text: `${one.ccrn} ${one.stop ? "■" : "✓"} ${one.code}` }),
  );
  const head = make("span", { text: `UBR ${bundle.ubr} · ${bundle.state} · ${bundle.window} · ${bundle.point}` });
  return make("li", { class: bundle.live ? "bundle" : "bundle ended" }, head, ...codes);
}

function drawThumbs(container, digests, label) {
  if (!officer) return;
  follow(container, digests, { key: (digest) => digest, build: (digest) => thumbnail(digest, `Picture of ${label}`) });
}

function drawFace(face) {
  const note = find(`#screen-note-${face.screen}`);
  say(note, `${face.confirmed ? "✓" : "■"} ${face.note}`);
  note.classList.toggle("stop", !face.confirmed);
  find(`#screen-${face.screen}`).alt = `${face.says} shows: ${face.shows}`;
  drawScreen(face);
}

function drawMessages(messages) {
  const open = messages.filter((message) => !message.seen_by).length;
  const panel = find("#messages");
  panel.hidden = messages.length === 0;
  panel.classList.toggle("open", open > 0);
  say(find("#messages-count"), open ? `${open} not yet seen` : "all seen");
  follow(find("ul", panel), messages, { key: (message) => message.id, build: messageLine, fill: messageSeen });
}

function messageLine(message) {
  const from = [message.at, message.issuer, message.visit ? `visit ${message.visit}` : ""].filter(Boolean).join(", ");
  const button = make("button", { type: "button", "data-seen": message.id, "aria-label": `Seen: message of ${from}` });
  button.textContent = "Seen 已閱";
  return make(
    "li",
    {},
    make("p", { class: "words", text: message.text }),
    make("p", { class: "muted", text: from }),
    make("p", { class: "seen" }, button),
  );
}

function drawAlarms(alarms) {
  const open = alarms.filter((alarm) => alarm.open).length;
  const stand = alarms.filter((alarm) => alarm.state !== "closed").length;
  say(find("#alarms-count"), open ? `${open} not yet taken` : stand ? "all taken" : "none");
  find("#alarms").classList.toggle("open", open > 0);
  follow(find("#alarms ul"), alarms, { key: (alarm) => alarm.id, build: alarmLine, fill: alarmState });
}

function alarmLine(alarm) {
  const named = `${alarm.says}, ${alarm.at}`;
  const take = make("button", { type: "button", "data-seen": alarm.id, "aria-label": `Take: ${named}` });
  take.textContent = "Take 處理";
  const close = make("button", { type: "button", "data-close": alarm.id, "aria-label": `Close: ${named}` });
  close.textContent = "Close 結案";
  return make(
    "li",
    {},
    make("p", {}, make("span", { class: "mono", text: alarm.at }), make("b", { text: ` ${alarm.says} ` }), zh(alarm.chinese)),
    make("p", { class: "muted about" }),
    make("p", { text: alarm.todo }),
    make("p", { class: "seen" }, make("span", { class: "became" }), " ", take, " ", close),
  );
}

function alarmState(line, alarm) {
  const often = alarm.count > 1 ? `${alarm.count} times` : "";
  const about = [alarm.detail, alarm.visit ? `visit ${alarm.visit}` : "", often].filter(Boolean).join(", ");
  say(find(".about", line), about);
  say(find(".became", line), alarm.became);
  line.classList.toggle("quiet", !alarm.open);
  line.dataset.priority = alarm.priority;
  find("[data-seen]", line).hidden = !alarm.open;
  find("[data-close]", line).hidden = !alarm.closable;
}

function messageSeen(line, message) {
  line.classList.toggle("quiet", Boolean(message.seen_by));
  if (message.seen_by) say(find(".seen", line), `Seen by ${message.seen_by}`);
}

const zh = (text) => make("span", { class: "zh", lang: "zh-Hant-HK", text });

function drawLink(link) {
  find("#link").dataset.level = link.level;
  find("#proof").dataset.level = link.level;
  say(find("#proof .sign"), `${SIGNS[link.level]} `);
  find("#refused").title = link.refusals;
  find("#refused").classList.toggle("stop", Boolean(link.refusals));
}

function drawPast(past) {
  follow(find("#past tbody"), past, { key: (one) => one.id, build: pastRow });
}

function pastRow(one) {
  const pictures = make("td", { class: "thumbs" });
  if (officer) drawThumbs(pictures, one.evidence, `${one.vrn}, ${one.at}`);
  else if (one.evidence.length) pictures.append(make("span", { class: "muted", text: "log in to see" }));
  const sign = { done: "✓", stop: "■", busy: "–" }[one.level];
  return make(
    "tr",
    {},
    make("td", { class: "mono", text: one.at, title: one.stamp }),
    make("td", {}, make("span", { class: "plate", text: one.vrn }), ...(one.mainland ? [make("span", { class: "plate mainland", lang: "zh-Hans", text: one.mainland })] : [])),
    make("td", { "data-level": one.level }, make("span", { "aria-hidden": "true", text: `${sign} ` }), one.outcome),
    make("td", {}, make("span", { class: "rownumber", text: one.row ? `Row ${one.row}` : "" }), ` ${one.why}`),
    make("td", {}, one.by, ...(one.reason ? [make("br"), make("span", { class: "muted", text: one.reason })] : [])),
    make("td", { class: "mono", text: one.lasted }),
    pictures,
  );
}

/** Buttons are on where nothing speaks against them. What speaks against one about the vehicle is written below. */
export function drawButtons(view, stale = document.body.classList.contains("stale")) {
  for (const button of all("[data-act]")) {
    const why = officer ? view.why_not[button.dataset.act] : "Log in to act.";
    button.disabled = stale || Boolean(why);
    button.title = why;
    if (button.dataset.group !== "vehicle") button.hidden = Boolean(view.why_not[button.dataset.act]);
  }
  for (const button of all("[data-seen], [data-do]")) button.disabled = stale || !officer;
  for (const button of all("dialog .confirm")) button.disabled = stale;
  say(find("#actions-note"), note(view.why_not));
}

function note(whyNot) {
  if (!officer) return "Log in to act. 請先登入。";
  const buttons = all('[data-group="vehicle"]');
  const against = new Map();
  for (const button of buttons) {
    const why = whyNot[button.dataset.act];
    if (why) against.set(why, [...(against.get(why) ?? []), find(".en", button).textContent]);
  }
  const reasons = [...against];
  if (reasons.length === 1 && reasons[0][1].length === buttons.length) return reasons[0][0];
  return reasons.map(([why, names]) => `${names.join(", ")}: ${why}`).join(" ");
}

function drawWorld(world) {
  if (!world) return;
  const link = find('[data-do="link"]');
  say(link, world.link_up ? "Cut the link" : "Mend the link");
  link.setAttribute("aria-pressed", String(!world.link_up));
  say(find("#queue"), world.queue ? `${world.queue} waiting` : "");
}
