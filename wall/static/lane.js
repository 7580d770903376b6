// The lane that an officer chose: its picture, both screens, its state, and what can be done.

import { all, find, make, pick, say } from "/shared/dom.js";
import { drawOrders, prepareOrders } from "./orders.js";
import { drawGlass } from "./tiles.js";

let chosen = "";
let world = null;

function facts(tile) {
  return [
    [pick("Mode", "模式"), tile.mode],
    [pick("Codes", "行動代碼"), tile.link],
    [pick("Records waiting", "待送紀錄"), String(tile.waiting)],
    [pick("Alarms", "警報"), String(tile.alarms)],
    [pick("Software", "軟件"), tile.software],
  ];
}

function draw() {
  const tile = world?.tiles.get(chosen);
  const panel = find("#lane");
  panel.hidden = !tile;
  for (const one of all("#grid > .tile")) one.classList.toggle("chosen", one.dataset.key === chosen);
  if (!tile) return;
  say(find("#lane-title"), chosen);
  say(find("#lane-vrn"), tile.vrn);
  say(find("#lane-says"), tile.says);
  say(find("#lane-todo"), tile.todo);
  const screens = find("#lane-screens");
  if (!screens.children.length) {
    for (const name of ["xdb", "aiop"]) screens.append(make("div", { class: `glass ${name}` }, make("img", { alt: "" }), make("span", { class: "mark" })));
  }
  drawGlass(find(".xdb", screens), tile.xdb, tile.parameter);
  drawGlass(find(".aiop", screens), tile.aiop, tile.parameter);
  const list = find("#lane-facts");
  if (!list.children.length) for (const [name] of facts(tile)) list.append(make("dt", { text: name }), make("dd"));
  find("#lane-page-line").hidden = !tile.page;
  if (tile.page) find("#lane-page").href = tile.page;
  drawOrders(tile);
  facts(tile).forEach(([, value], place) => say(list.children[2 * place + 1], value));
}

export const lane = {
  prepare(given) {
    world = given.world;
    prepareOrders(given);
    find("#lane-close").addEventListener("click", () => this.choose(""));
  },
  choose(name) {
    chosen = name === chosen ? "" : name;
    find("#still").hidden = true;
    find("#still").alt = pick(`Picture of ${chosen}`, `${chosen} 影像`);
    say(find("#said"), "");
    draw();
  },
  draw,
  say: (text) => say(find("#said"), text),
  /** The picture element of the chosen lane, while it is shown by pictures. */
  still: (name) => (name === chosen && find("#live").hidden ? find("#still") : null),
};
