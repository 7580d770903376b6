// The tiles: one a lane, as large as the room allows; by lane or by need, what is pinned first.

import { all, find, follow, make, pick, say } from "/shared/dom.js";
import { ordered } from "./queue.js";
import { ago } from "./times.js";

const SIGNS = { calm: "○", busy: "►", done: "✓", officer: "▲", stop: "■", off: "–" };
const LEAST = 190;
const WIDE = 1.42;
const GAP = 5;
const HEADING = 26; // px: a group's name and the gap below it
const pinned = new Set(JSON.parse(localStorage.getItem("rocars-wall-pinned") ?? "[]"));
let byNeed = localStorage.getItem("rocars-wall-by-need") === "yes";
let drawn = "";

export function prepareTiles({ world, choose }) {
  const sort = find("#sort");
  sort.setAttribute("aria-pressed", String(byNeed));
  sort.addEventListener("click", () => {
    byNeed = !byNeed;
    localStorage.setItem("rocars-wall-by-need", byNeed ? "yes" : "no");
    sort.setAttribute("aria-pressed", String(byNeed));
    drawTiles(world, []);
  });
  find("#grid").addEventListener("click", (event) => {
    const name = event.target.closest(".tile")?.dataset.key;
    if (!name) return;
    if (event.target.closest(".pin")) pin(name, world);
    else choose(name);
  });
  addEventListener("resize", () => fit(entries(world)));
}

function pin(name, world) {
  if (!pinned.delete(name)) pinned.add(name);
  localStorage.setItem("rocars-wall-pinned", JSON.stringify([...pinned]));
  drawTiles(world, [name]);
}

/** So many columns that the tiles are as large as they can be; where they would be too small to read, the grid scrolls.
 *  Each group begins a row of its own, below its name. */
function fit(shown) {
  const room = find("#tiles");
  const [width, height] = [room.clientWidth, room.clientHeight];
  if (!width || !shown.length) return;
  const runs = [0];
  for (const one of shown) {
    if (one.heading === undefined) runs[runs.length - 1] += 1;
    else runs.push(0);
  }
  const headings = (runs.length - 1) * HEADING;
  let columns = 1;
  const tile = (number) => (width - GAP * (number - 1)) / number;
  const rows = (number) => runs.reduce((sum, run) => sum + Math.ceil(run / number), 0);
  const fits = (number) => rows(number) * (tile(number) / WIDE + GAP) + headings <= height;
  const least = document.body.classList.contains("mounted") ? 60 : LEAST;
  while (!fits(columns) && tile(columns + 1) >= least) columns += 1;
  const grid = find("#grid");
  grid.style.setProperty("--columns", columns);
  grid.style.setProperty("--tile", `${tile(columns)}px`);
}

function order(world) {
  const names = [...world.tiles.keys()].sort();
  const worst = new Map();
  ordered(world.needs.values()).forEach((need, place) => {
    if (!worst.has(need.lane)) worst.set(need.lane, place);
  });
  const key = (name) => [pinned.has(name) ? 0 : 1, byNeed ? (worst.get(name) ?? 999) : 0];
  return names.sort((one, other) => key(one)[0] - key(other)[0] || key(one)[1] - key(other)[1]);
}

function entries(world) {
  const tiles = order(world).map((name) => world.tiles.get(name));
  const groups = [...new Set(tiles.map((tile) => tile.group))];
  if (byNeed || groups.length < 2 || document.body.classList.contains("mounted")) return tiles; // on a wall nobody can scroll
  const first = tiles.filter((tile) => pinned.has(tile.lane));
  const rest = groups.flatMap((name) => [{ heading: name, lane: `group ${name}` }, ...tiles.filter((tile) => tile.group === name && !pinned.has(tile.lane))]);
  return [...first, ...rest];
}

export function drawTiles(world, changed) {
  const shown = entries(world);
  const names = shown.map((tile) => tile.lane).join("|");
  const grid = find("#grid");
  if (names !== drawn) {
    drawn = names;
    follow(grid, shown, { key: (tile) => tile.lane, build });
    fit(shown);
    for (const name of world.tiles.keys()) fill(world, name);
  } else for (const name of changed) fill(world, name);
  const needy = new Set([...world.needs.values()].filter((need) => !need.taken_by).map((need) => need.lane));
  for (const tile of grid.querySelectorAll(".tile")) tile.classList.toggle("needy", needy.has(tile.dataset.key));
  const tiles = [...world.tiles.values()];
  const heard = tiles.filter((tile) => tile.heard === "online").length;
  say(find("#counts"), pick(`${heard} of ${tiles.length} lanes heard`, `${tiles.length} 條通道，${heard} 條連線`));
}

function build(tile) {
  if (tile.heading !== undefined) return make("li", { class: "group", text: tile.heading || pick("Other lanes", "其他通道") });
  const glass = (name) => make("div", { class: `glass ${name}` }, make("img", { alt: "" }), make("span", { class: "mark" }));
  return make(
    "li",
    { class: "tile" },
    make("header", {}, make("span", { class: "lane-name", text: tile.lane }), make("span", { class: "mode" }), make("span", { class: "secs" })),
    make("div", { class: "pic old" }, make("img", { alt: "" }), make("span", { class: "plate" }), make("span", { class: "note", text: pick("no picture", "沒有影像") })),
    make("div", { class: "screens" }, glass("xdb"), glass("aiop")),
    make("p", { class: "says" }),
    make("footer", {}, make("span", { class: "link" }), make("span", { class: "age" })),
    make("button", { type: "button", class: "open" }),
    make("button", { type: "button", class: "pin", text: "⚑" }),
  );
}

/** A sign as the screen shows it; the words that it carries are its alternative text. */
export function drawGlass(glass, told, parameter, notice = null) {
  const image = find("img", glass);
  const name = glass.classList.contains("xdb") ? "xdb" : "aiop";
  const asked = new URLSearchParams({ ...(parameter ? { p: parameter } : {}), ...(notice?.stands ? { n: notice.name } : {}) }).toString();
  const path = told.scene ? `/sign/${name}/${told.scene}${asked ? `?${asked}` : ""}` : "";
  if (image.dataset.path !== path) {
    image.dataset.path = path;
    if (path) image.src = path;
    else image.removeAttribute("src");
  }
  image.alt = notice?.stands ? `${told.says} · ${notice.says}` : told.says;
  glass.title = image.alt;
  say(find(".mark", glass), told.scene && told.ok ? "" : "?");
}

function fill(world, name) {
  const tile = world.tiles.get(name);
  const element = find(`#grid > [data-key="${CSS.escape(name)}"]`);
  if (!tile || !element) return;
  element.dataset.level = tile.level;
  element.dataset.manual = String(tile.mode !== pick("Automatic", "自動") && tile.open);
  element.dataset.since = tile.since_ms;
  element.dataset.proof = tile.proof_ms;
  element.classList.toggle("unheard", tile.heard !== "online");
  say(find(".mode", element), tile.mode);
  say(find(".plate", element), tile.vrn);
  const says = find(".says", element);
  says.dataset.sign = SIGNS[tile.level];
  says.title = tile.says;
  say(says, tile.says);
  drawGlass(find(".glass.xdb", element), tile.xdb, tile.parameter);
  drawGlass(find(".glass.aiop", element), tile.aiop, tile.parameter, tile.notice);
  find("footer", element).dataset.level = tile.link_level;
  say(find(".link", element), tile.link);
  find(".open", element).setAttribute("aria-label", `${name}: ${tile.says}${tile.vrn ? `, ${tile.vrn}` : ""}`);
  const flag = find(".pin", element);
  flag.setAttribute("aria-pressed", String(pinned.has(name)));
  flag.setAttribute("aria-label", `${pick("Pin", "置頂")}: ${name}`);
}

export function tickTiles(now) {
  for (const element of all("#grid > .tile")) {
    const { since, proof } = element.dataset;
    say(find(".secs", element), Number(since) ? ago(now - Number(since)) : "");
    say(find(".age", element), Number(proof) ? pick(`list ${ago(now - Number(proof))}`, `清單 ${ago(now - Number(proof))}`) : "");
  }
}
