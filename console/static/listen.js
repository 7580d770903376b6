// Listening at the kiosk: its sound comes to this page's loudspeaker, and nothing goes back. No microphone is asked for.

import { ask } from "./ask.js";
import { report, unlockFirst } from "./dialogs.js";
import { find, pick, say } from "./dom.js";
import { gathered } from "./voice.js";

const HERE_MS = 1000;
const ear = { number: 0, seen: false, peer: null, timer: 0 };
const player = new Audio();
let view = null;
let isStale = () => true;

async function listen() {
  letGo();
  ear.peer = new RTCPeerConnection({ iceServers: [] });
  ear.peer.addTransceiver("audio", { direction: "recvonly" });
  ear.peer.addEventListener("connectionstatechange", () => {
    if (ear.peer?.connectionState === "failed") stop();
    drawEar();
  });
  ear.peer.addEventListener("track", ({ track }) => {
    player.srcObject = new MediaStream([track]);
    player.play().catch(() => {});
  });
  try {
    await ear.peer.setLocalDescription(await ear.peer.createOffer());
    await gathered(ear.peer);
    const begun = await ask("/call/listen", { sdp: ear.peer.localDescription.sdp });
    report(begun);
    if (begun.accepted) {
      ear.number = begun.number;
      ear.timer = setInterval(tellHere, HERE_MS);
      await ear.peer.setRemoteDescription({ type: "answer", sdp: begun.sdp });
    } else letGo();
  } catch {
    if (ear.number) ask("/call/stop-listening", { number: ear.number });
    letGo();
    report({ accepted: false, words: pick("The sound did not connect: nobody listens.", "聲音未能接通：未有聆聽。") });
  }
  drawEar();
}

/** Says that this page listens still; no is the end of it, and no answer is not: the lane ends it by itself soon. */
async function tellHere() {
  const { number } = ear;
  const told = await ask("/call/listening", { number });
  if (!told.accepted && told.status && ear.number === number) letGo();
}

function stop() {
  const { number } = ear;
  letGo();
  if (number) ask("/call/stop-listening", { number }).then(report);
}

function letGo() {
  clearInterval(ear.timer);
  ear.peer?.close();
  player.srcObject = null;
  Object.assign(ear, { number: 0, seen: false, peer: null, timer: 0 });
}

function press() {
  if (isStale()) return;
  if (ear.number) stop();
  else if (view?.you.locked) unlockFirst(press);
  else listen();
}

/** Who listens, for everybody at this page; and the button that begins or ends it. */
export function drawListening(newest) {
  view = newest;
  const told = view.voice?.ear;
  ear.seen ||= ear.number > 0 && told?.number === ear.number;
  if (ear.number && view.you.locked) tellHere();
  if (view.you.locked || (ear.seen && told?.number !== ear.number)) letGo();
  drawEar();
}

function drawEar() {
  const told = view?.voice?.ear;
  find("#ear").hidden = !told?.number;
  const button = find("#listen");
  if (!button) return;
  const mine = ear.number > 0;
  const silent = mine && ear.peer?.connectionState !== "connected" ? pick(" (no sound yet)", "（未有聲音）") : "";
  say(find("#ear-says"), `${told?.says ?? ""}${silent}`);
  find("#ear-stop").hidden = !mine;
  say(button, mine ? pick("Stop listening", "停止聆聽") : pick("Listen at the kiosk", "聆聽司機聲音"));
  button.setAttribute("aria-pressed", String(mine));
  button.disabled = isStale() || (!mine && (!told || Boolean(told.why_not)));
  say(find("#listen-why"), mine ? "" : told?.why_not ?? "");
}

export function prepareListening(stale) {
  isStale = stale;
  find("#listen")?.addEventListener("click", press);
  find("#ear-stop").addEventListener("click", stop);
  addEventListener("pagehide", letGo);
}
