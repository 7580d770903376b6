// The live picture and both screens, fetched one at a time, with their age; and the evidence. Where the camera's own stream plays, it is
// the live picture.

import { find, make, pick, say } from "./dom.js";
import { LivePicture } from "./live.js";

const OLD_MS = 2000;
const FRAME_MS = 350;
const MARK_MS = 200;
const SCREEN_MS = 3000;

/** Shows a fetched picture; resolves to its headers, or null where there is none. */
async function show(image, path) {
  let answer, picture;
  try {
    answer = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(3000) });
    picture = await answer.blob(); // it may stop in the middle, too
  } catch {
    return null;
  }
  if (answer.status !== 200) return null;
  const before = image.src;
  image.src = URL.createObjectURL(picture);
  if (before.startsWith("blob:")) URL.revokeObjectURL(before);
  return answer.headers;
}

let newest = -Infinity;

function oldWords(ms) {
  if (!Number.isFinite(ms)) return pick("No picture from the camera", "沒有影像");
  const s = Math.round(ms / 1000);
  return s < 1 ? pick("OLD picture: not live", "舊影像，並非即時") : pick(`OLD picture, not live: ${s} s`, `舊影像，並非即時：${s} 秒前`);
}

/** The newer of both pictures is shown, and is marked as old once it is. */
function mark(live) {
  const [image, canvas, note] = [find("#frame"), find("#live"), find("#frame-note")];
  const single = performance.now() - newest;
  const age = Math.min(single, live.age());
  const broken = find("#camera").dataset.broken ?? "";
  const old = broken !== "" || age >= OLD_MS;
  canvas.hidden = !(live.age() < single);
  image.hidden = !canvas.hidden || newest === -Infinity; // the last picture stays, marked as old
  note.hidden = !old;
  for (const one of [image, canvas]) one.classList.toggle("old", old);
  say(note, broken ? pick(`OLD picture, not live: ${broken}`, `舊影像，並非即時：${broken}`) : oldWords(age));
  say(find("#live-note"), old ? "" : live.says());
}

export async function followFrame() {
  const live = new LivePicture(find("#live"));
  setInterval(() => mark(live), MARK_MS);
  for (;;) {
    live.follow(document.hidden ? "" : "/picture/lane/live");
    if (!live.plays() && !document.hidden) {
      const headers = await show(find("#frame"), "/picture/lane");
      if (headers !== null) newest = performance.now() - Number(headers.get("X-Age-Ms") ?? 0);
    }
    await new Promise((done) => setTimeout(done, FRAME_MS));
  }
}

const fetched = new Map();

/** Fetches a screen's picture when what it shows has changed, and now and then in any case. */
export async function drawScreen(told) {
  const last = fetched.get(told.screen) ?? { version: "", at: -Infinity, busy: false };
  if (last.busy || (last.version === told.version && performance.now() - last.at < SCREEN_MS)) return;
  fetched.set(told.screen, { ...last, busy: true });
  const image = find(`#screen-${told.screen}`);
  const headers = await show(image, `/picture/screen/${told.screen}`);
  image.hidden = headers === null;
  find(`#screen-none-${told.screen}`).hidden = headers !== null;
  fetched.set(told.screen, { version: headers === null ? "" : told.version, at: performance.now(), busy: false });
}

/** A button with a small picture, which opens the large one. Only officers have these: each view is logged. */
export function thumbnail(digest, label) {
  const image = make("img", { src: `/picture/evidence/${digest}`, alt: label, loading: "lazy" });
  const button = make("button", { type: "button", class: "thumb" }, image);
  button.addEventListener("click", () => {
    const large = find("#picture-large");
    large.src = `/picture/evidence/${digest}?as=opened`;
    large.alt = label;
    say(find("#picture-name"), label);
    find("#dialog-picture").showModal();
  });
  image.addEventListener("error", () => button.replaceChildren(make("span", { class: "muted", text: pick("not kept", "不再保存") })));
  return button;
}
