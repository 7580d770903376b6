// The lane that an officer chose: its camera live, both screens, its state, and what can be done.

import { all, find, make, pick, say } from "/shared/dom.js";
import { LivePicture } from "/shared/live.js";
import { drawOrders, prepareOrders } from "./orders.js";
import { remaining } from "./queue.js";
import { drawGlass } from "./tiles.js";
import { ago } from "./times.js";

const OLD_MS = 3000;
const MARK_MS = 200;
const live = new LivePicture(find("#live"));
let chosen = "";
let camera = ""; // a further camera of that lane; "" for the lane's own
let world = null;
let given = null;
let stillAt = -Infinity;

/** The newer of both pictures is shown, and is marked as old once it is. */
function mark(now) {
  if (!chosen) return;
  const [still, canvas] = [find("#still"), find("#live")];
  const single = now - stillAt;
  const age = Math.min(single, live.age());
  const old = !(age < OLD_MS);
  canvas.hidden = !(live.age() < single);
  still.hidden = !canvas.hidden || !Number.isFinite(single);
  for (const one of [still, canvas]) one.classList.toggle("old", old);
  find("#live-note").classList.toggle("over", old);
  if (camera && !Number.isFinite(age)) return say(find("#live-note"), live.why || pick("The camera is being opened", "正在連接鏡頭"));
  const oldWords = Number.isFinite(age) ? pick(`OLD picture, not live: ${ago(age)}`, `舊影像，並非即時：${ago(age)}`) : pick("No picture from the camera", "沒有影像");
  say(find("#live-note"), old ? oldWords : live.says());
}

function watch() {
  live.follow(chosen && !document.hidden ? `/lanes/${encodeURIComponent(chosen)}/live${wantedCamera()}` : "", { alone: camera !== "" });
}

/** Another camera: nothing of the one before stays on the page under its name. */
function look(name) {
  camera = name;
  stillAt = -Infinity;
  for (const one of ["#still", "#live"]) find(one).hidden = true;
  watch();
  mark(given.now());
  drawCameras(world.tiles.get(chosen));
}

const wantedCamera = () => (camera ? `?camera=${encodeURIComponent(camera)}` : "");

/** A button a camera, where the lane has more than its own; and the link into the site's own video system. */
function drawCameras(tile) {
  const video = find("#lane-video");
  if (video && chosen) video.href = `/lanes/${encodeURIComponent(chosen)}/video${wantedCamera()}`;
  const group = find("#lane-cameras");
  const further = tile?.cameras ?? [];
  group.hidden = !further.length;
  const names = JSON.stringify([chosen, further]);
  if (group.dataset.names !== names) {
    group.dataset.names = names;
    const button = ({ name, says }) => make("button", { type: "button", "data-camera": name, text: says });
    group.replaceChildren(...[{ name: "", says: pick("Lane", "通道") }, ...further].map(button));
  }
  for (const one of group.children) one.setAttribute("aria-pressed", String(one.dataset.camera === camera));
  const says = further.find(({ name }) => name === camera)?.says;
  find("#live").setAttribute("aria-label", says ? pick(`Live video of ${chosen}, camera: ${says}`, `${chosen} 即時影像，鏡頭：${says}`) : pick("Live video of the lane", "通道即時影像"));
}

function facts(tile) {
  return [
    [pick("Mode", "模式"), tile.mode],
    [pick("Codes", "行動代碼"), tile.link],
    [pick("Records waiting", "待送紀錄"), String(tile.waiting)],
    [pick("Alarms", "警報"), String(tile.alarms)],
    [pick("Software", "軟件"), tile.software],
  ];
}

/** What waits for a second officer here, or became of it. */
function drawApproval(asked) {
  const line = find("#lane-approval");
  line.hidden = !asked;
  if (!asked) return;
  line.classList.toggle("waits", asked.waits);
  say(line, [asked.says, asked.waits ? remaining(asked.until_ms - given.now()) : "", asked.why].filter(Boolean).join(" · "));
}

/** What the panel says besides its message, or will once that message may carry it. */
function drawNotice(told) {
  const line = find("#lane-notice");
  line.hidden = !told;
  if (!told) return;
  const where = told.stands ? pick("Driver is told", "司機獲告知") : pick("Not shown now; the driver will be told", "現時不顯示；稍後告知司機");
  say(line, `${where}: ${told.says} · ${told.issuer} · ${remaining(told.until_ms - given.now())}`);
}

function draw() {
  const tile = world?.tiles.get(chosen);
  const panel = find("#lane");
  panel.hidden = !tile;
  for (const one of all("#grid > .tile")) one.classList.toggle("chosen", one.dataset.key === chosen);
  if (!tile) return;
  say(find("#lane-title"), chosen);
  drawCameras(tile);
  say(find("#lane-vrn"), tile.vrn);
  say(find("#lane-says"), tile.says);
  say(find("#lane-todo"), tile.todo);
  drawApproval(tile.approval);
  drawNotice(tile.notice);
  const screens = find("#lane-screens");
  if (!screens.children.length) {
    for (const name of ["xdb", "aiop"]) screens.append(make("div", { class: `glass ${name}` }, make("img", { alt: "" }), make("span", { class: "mark" })));
  }
  drawGlass(find(".xdb", screens), tile.xdb, tile.parameter);
  drawGlass(find(".aiop", screens), tile.aiop, tile.parameter, tile.notice);
  const list = find("#lane-facts");
  if (!list.children.length) for (const [name] of facts(tile)) list.append(make("dt", { text: name }), make("dd"));
  find("#lane-page-line").hidden = !tile.page;
  if (tile.page) find("#lane-page").href = tile.page;
  drawOrders(tile);
  facts(tile).forEach(([, value], place) => say(list.children[2 * place + 1], value));
}

export const lane = {
  prepare(parts) {
    given = parts;
    world = given.world;
    prepareOrders(given);
    find("#lane-close").addEventListener("click", () => this.choose(""));
    find("#lane-cameras").addEventListener("click", (event) => {
      const button = event.target.closest("button[data-camera]");
      if (button && button.dataset.camera !== camera) look(button.dataset.camera);
    });
    document.addEventListener("visibilitychange", watch);
    setInterval(() => {
      mark(given.now());
      drawApproval(world.tiles.get(chosen)?.approval);
      drawNotice(world.tiles.get(chosen)?.notice);
    }, MARK_MS);
  },
  choose(name) {
    chosen = name === chosen ? "" : name;
    look("");
    find("#still").alt = pick(`Picture of ${chosen}`, `${chosen} 影像`);
    say(find("#said"), "");
    draw();
  },
  draw,
  say: (text) => say(find("#said"), text),
  /** A single picture of a lane has come: of its own camera, and of no other. */
  took(name, at, url) {
    if (name !== chosen || camera) return;
    stillAt = at;
    find("#still").src = url;
  },
};
