// Sound by priority, made from tones here. Turned on once for a shift: it stays on in this browser; after a page was loaded anew the
// first click or key brings it back, because browsers play nothing before one.

import { find, onClick, pick, say } from "/shared/dom.js";

const KEY = "rocars-wall-sound";
const EVERY_MS = { urgent: 2000, high: 5000, medium: 15000 };
const ORDER = ["urgent", "high", "medium"];
let context = null;
let on = localStorage.getItem(KEY) === "on";
let wanted = "";
let last = -Infinity;

function tone(frequency, from, length) {
  const oscillator = new OscillatorNode(context, { frequency });
  const gain = new GainNode(context, { gain: 0 });
  const start = context.currentTime + from;
  gain.gain.setTargetAtTime(0.25, start, 0.02);
  gain.gain.setTargetAtTime(0, start + length, 0.03);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(start);
  oscillator.stop(start + length + 0.3);
}

const PLAY = {
  urgent: () => [0, 0.5, 1].forEach((from) => tone(1040, from, 0.3)),
  high: () => [[660, 0], [880, 0.35]].forEach(([frequency, from]) => tone(frequency, from, 0.25)),
  medium: () => tone(520, 0, 0.2),
};

function play() {
  if (!on || context?.state !== "running" || !wanted || performance.now() - last < EVERY_MS[wanted]) return;
  last = performance.now();
  PLAY[wanted]();
}

/** What waits untaken is heard, the most urgent of it; what somebody has taken is silent. */
export function sound(needs) {
  const waiting = needs.filter((need) => !need.taken_by).map((need) => need.priority);
  const worst = ORDER.find((priority) => waiting.includes(priority)) ?? "";
  if (ORDER.indexOf(worst) < ORDER.indexOf(wanted) || !wanted) last = -Infinity;
  wanted = worst;
  play();
}

function draw() {
  const button = find("#sound");
  const works = on && context?.state === "running";
  button.setAttribute("aria-pressed", String(on));
  const waits = pick("♪ On: press any key", "♪ 請按任意鍵啟用");
  say(button, works ? pick("♪ On", "♪ 有聲") : on ? waits : pick("♪ Off", "♪ 靜音"));
}

async function wake() {
  if (!on || context?.state === "running") return;
  context ??= new AudioContext();
  await context.resume();
  draw();
  play();
}

/** Turns sound on or off; on only from within a click or key, because browsers play nothing before one. */
export async function setSound(wanted) {
  on = wanted;
  localStorage.setItem(KEY, on ? "on" : "off");
  await wake();
  draw();
}

export function prepareSound() {
  onClick("#sound", () => setSound(!on));
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, wake, { passive: true });
  setInterval(play, 500);
  draw();
}
