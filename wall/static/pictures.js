// The pictures of all lanes over one connection (wall/pictures.py has the form), each greyed once it is old.

import { all, find, pick, say } from "/shared/dom.js";
import { lane } from "./lane.js";
import { ago } from "./times.js";

const OLD_MS = 3000;
const AGAIN_MS = 1000;
const words = new TextDecoder();
const taken = new Map();

/** Cuts the stream into frames: calls `take(name, at, jpeg)` for each. */
async function read(body, take) {
  const reader = body.getReader();
  let held = new Uint8Array(0);
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const joined = new Uint8Array(held.length + value.length);
    joined.set(held);
    joined.set(value, held.length);
    held = joined;
    for (;;) {
      const name = 1 + (held[0] ?? 0);
      if (held.length < name + 12) break;
      const view = new DataView(held.buffer, held.byteOffset);
      const length = view.getUint32(name + 8);
      if (held.length < name + 12 + length) break;
      const at = Number(view.getBigUint64(name));
      take(words.decode(held.subarray(1, name)), at, held.slice(name + 12, name + 12 + length));
      held = held.subarray(name + 12 + length);
    }
  }
}

function show(name, at, jpeg) {
  taken.set(name, at);
  const tile = find(`#grid > [data-key="${CSS.escape(name)}"]`);
  const url = URL.createObjectURL(new Blob([jpeg], { type: "image/jpeg" }));
  const image = tile && find(".pic img", tile);
  if (image) {
    image.src = url;
    image.hidden = false;
  }
  lane.took(name, at, url);
  setTimeout(() => URL.revokeObjectURL(url), 3000);
}

function age(now) {
  for (const tile of all("#grid > .tile")) {
    const ms = now - (taken.get(tile.dataset.key) ?? -Infinity);
    const picture = find(".pic", tile);
    picture.classList.toggle("old", !(ms < OLD_MS));
    say(find(".note", picture), Number.isFinite(ms) ? pick(`old: ${ago(ms)}`, `舊影像：${ago(ms)}`) : pick("no picture", "沒有影像"));
  }
}

export async function followPictures(world, now) {
  setInterval(() => age(now()), 500);
  for (;;) {
    try {
      const answer = await fetch("/pictures", { cache: "no-store" });
      if (answer.ok) await read(answer.body, show);
    } catch {
      // The wall does not answer; the page says so elsewhere.
    }
    await new Promise((done) => setTimeout(done, AGAIN_MS));
  }
}
