// Draws a view. Every word comes from the server; this file knows where it goes and nothing about the lane.

import { drawCalls } from "./calls.js";
import { all, bind, find, follow, lines, make, pick, say } from "./dom.js";
import { drawScreen, thumbnail } from "./pictures.js";
import { ring } from "./ring.js";

const SIGNS = { calm: "○", busy: "▷", done: "✓", officer: "!", stop: "■", off: "–" };
const officer = document.body.dataset.officer;
let spoken = "";

export function draw(view) {
  bind(view);
  drawState(view);
  drawHelp(view.help, view.runs);
  drawVisit(view.visit);
  view.screens.forEach(drawFace);
  drawMessages(view.messages);
  drawCalls(view);
  drawOthers(view);
  drawTechnician(view.technician);
  find("#camera").dataset.broken = view.camera_fault;
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

function drawHelp(help, runs) {
  const banner = find("#help");
  banner.hidden = help.state === "none";
  banner.dataset.state = help.state;
  say(find("#help-by"), help.by ? pick(`· answered by ${help.by}`, `· 由 ${help.by} 接聽`) : "");
  ring(help.state === "ringing", runs.length > 0);
  const lane = document.body.dataset.lane;
  const rings = help.state === "ringing" ? pick(`☎ HELP ${lane}`, `☎ 求助 ${lane}`) : lane;
  const title = runs.length ? `■ ${runs[0].says} ${lane}` : rings;
  if (document.title !== title) document.title = title;
}

function drawVisit(visit) {
  find("#visit-body").hidden = visit === null;
  say(find("#visit-head"), visit ? arrival(visit) : pick("none in the lane", "通道內沒有車輛"));
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
  drawThumbs(find("#visit-evidence"), visit?.evidence ?? [], visit?.vrn || pick("vehicle in the lane", "通道內車輛"));
}

const arrival = ({ id, arrived, lasted }) =>
  pick(`visit ${id}, arrived ${arrived}, ${lasted} ago`, `車次 ${id}，${arrived} 到達，已 ${lasted}`);

function bundleLine(bundle) {
  const codes = bundle.cargo.map((one) =>
    make("span", { class: one.stop ? "code stop" : "code", text: `${one.ccrn} ${one.stop ? "■" : "✓"} ${one.code}` }),
  );
  const head = make("span", { text: `UBR ${bundle.ubr} · ${bundle.state} · ${bundle.window} · ${bundle.point}` });
  return make("li", { class: bundle.live ? "bundle" : "bundle ended" }, head, ...codes);
}

function drawThumbs(container, digests, label) {
  if (!officer) return;
  follow(container, digests, { key: (digest) => digest, build: (digest) => thumbnail(digest, pick(`Picture of ${label}`, `${label} 的圖片`)) });
}

function drawFace(face) {
  const note = find(`#screen-note-${face.screen}`);
  say(note, `${face.confirmed ? "✓" : "■"} ${face.note}`);
  note.classList.toggle("stop", !face.confirmed);
  find(`#screen-${face.screen}`).alt = pick(`${face.says} shows: ${face.shows}`, `${face.says}顯示：${face.shows}`);
  drawScreen(face);
}

function drawMessages(messages) {
  const open = messages.filter((message) => !message.seen_by).length;
  const panel = find("#messages");
  panel.hidden = messages.length === 0;
  panel.classList.toggle("open", open > 0);
  say(find("#messages-count"), open ? pick(`${open} not yet seen`, `${open} 項未閱`) : pick("all seen", "全部已閱"));
  follow(find("ul", panel), messages, { key: (message) => message.id, build: messageLine, fill: messageSeen });
}

function messageLine(message) {
  const from = [message.at, message.issuer, message.visit ? pick(`visit ${message.visit}`, `車次 ${message.visit}`) : ""].filter(Boolean).join(", ");
  const button = make("button", { type: "button", "data-seen": message.id, "aria-label": pick(`Seen: message of ${from}`, `已閱：${from}`) });
  button.textContent = pick("Seen", "已閱");
  return make(
    "li",
    {},
    make("p", { class: "words", text: message.text }),
    make("p", { class: "muted", text: from }),
    make("p", { class: "seen" }, button),
  );
}

function messageSeen(line, message) {
  line.classList.toggle("quiet", Boolean(message.seen_by));
  if (message.seen_by) say(find(".seen", line), pick(`Seen by ${message.seen_by}`, `${message.seen_by} 已閱`));
}

function drawLink(link) {
  find("#link").dataset.level = link.level;
  find("#proof").dataset.level = link.level;
  find("#proof").title = link.says;
  say(find("#proof .sign"), `${SIGNS[link.level]} `);
  find("#refused").classList.toggle("stop", Boolean(link.refusals));
}

/** Who is deciding at another page, in the room of the buttons and in an open dialog. */
function drawOthers({ you, visit }) {
  const here = you.deciding.filter((one) => !one.visit || one.visit === visit?.id).map((one) => one.says);
  for (const place of [find("#others"), ...all("dialog .others")]) say(place, here.join(" "));
}

function drawTechnician(rows) {
  if (!find("#technician").open) return;
  const parts = rows.flatMap(({ name, says }, place) => [
    { key: `name${place}`, tag: "dt", text: name },
    { key: `says${place}`, tag: "dd", text: says },
  ]);
  follow(find("#technician dl"), parts, {
    key: (one) => one.key,
    build: (one) => make(one.tag),
    fill: (child, one) => say(child, one.text),
  });
}

function drawPast(past) {
  follow(find("#past tbody"), past, { key: (one) => one.id, build: pastRow });
}

function pastRow(one) {
  const pictures = make("td", { class: "thumbs" });
  if (officer) drawThumbs(pictures, one.evidence, `${one.vrn}, ${one.at}`);
  else if (one.evidence.length) pictures.append(make("span", { class: "muted", text: pick("log in to see", "登入後可見") }));
  const sign = { done: "✓", stop: "■", busy: "–" }[one.level];
  return make(
    "tr",
    { id: `visit-${one.id}` },
    make("td", { class: "mono", text: one.at, title: one.stamp }),
    make("td", {}, make("span", { class: "plate", text: one.vrn }), ...(one.mainland ? [make("span", { class: "plate mainland", lang: "zh-Hans", text: one.mainland })] : [])),
    make("td", { "data-level": one.level }, make("span", { "aria-hidden": "true", text: `${sign} ` }), one.outcome),
    make("td", {}, one.why),
    make("td", {}, one.by, ...(one.reason ? [make("br"), make("span", { class: "muted", text: one.reason })] : [])),
    make("td", { class: "mono", text: one.lasted }),
    pictures,
  );
}

/** Buttons are on where nothing speaks against them. What speaks against one about the vehicle is written below. */
export function drawButtons(view, stale = document.body.classList.contains("stale")) {
  for (const button of all("[data-act]")) {
    const why = officer ? view.why_not[button.dataset.act] : pick("Log in to act.", "請先登入。");
    button.disabled = stale || Boolean(why);
    button.title = why;
    if (button.dataset.group !== "vehicle") button.hidden = Boolean(view.why_not[button.dataset.act]);
  }
  for (const button of all("[data-seen], [data-close], [data-do]")) button.disabled = stale || !officer;
  for (const button of all("dialog .confirm")) button.disabled = stale;
  say(find("#actions-note"), note(view.why_not));
}

function note(whyNot) {
  if (!officer) return pick("Log in to act.", "請先登入。");
  const buttons = all('[data-group="vehicle"]');
  const against = new Map();
  for (const button of buttons) {
    const why = whyNot[button.dataset.act];
    if (why) against.set(why, [...(against.get(why) ?? []), button.dataset.name]);
  }
  const reasons = [...against];
  if (reasons.length === 1 && reasons[0][1].length === buttons.length) return reasons[0][0];
  return reasons.map(([why, names]) => `${names.join(", ")}: ${why}`).join(" ");
}

function drawWorld(world) {
  if (!world) return;
  const link = find('[data-do="link"]');
  say(link, world.link_up ? pick("Cut the link", "切斷連線") : pick("Mend the link", "恢復連線"));
  link.setAttribute("aria-pressed", String(!world.link_up));
  say(find("#queue"), world.queue ? pick(`${world.queue} waiting`, `${world.queue} 輛等候`) : "");
}
