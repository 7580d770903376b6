// The voice of a help call: this page's microphone to the kiosk, and the kiosk's to this page's loudspeaker.

import { ask } from "./ask.js";
import { find, pick, say } from "./dom.js";

const HEARD_MS = 500;
const GATHER_MS = 1000;
const call = { attempt: 0, peer: null, microphone: null, timer: 0, packets: 0 };
const player = new Audio();

/** Whether an officer can talk through this page: the box has a voice, and the browser gives a microphone (HTTPS). */
export const hasVoice = () => document.body.dataset.voice === "on" && Boolean(navigator.mediaDevices?.getUserMedia);

/** Whether this page is the one that talks. */
export const talks = () => call.attempt > 0;

/** Answers with the voice; without a microphone by `plainly`, so that the driver is answered in any case. */
export async function answer(plainly, report) {
  hangUp();
  try {
    call.microphone = await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    });
  } catch {
    report({ accepted: false, words: pick("This browser gives no microphone: answered without a voice.", "此瀏覽器未能使用麥克風：已接聽，但未能通話。") });
    plainly();
    return;
  }
  try {
    await connect(report);
  } catch {
    hangUp();
    report({ accepted: false, words: pick("The call did not connect: go to the driver.", "未能接通：請前往司機處。") });
  }
}

async function connect(report) {
  call.peer = new RTCPeerConnection({ iceServers: [] });
  for (const track of call.microphone.getTracks()) call.peer.addTrack(track, call.microphone);
  call.peer.addEventListener("track", ({ streams: [stream] }) => {
    player.srcObject = stream;
    player.play().catch(() => {});
  });
  await call.peer.setLocalDescription(await call.peer.createOffer());
  await gathered(call.peer);
  const agreed = await ask("/call/answer", { sdp: call.peer.localDescription.sdp });
  report(agreed);
  if (!agreed.accepted || !agreed.sdp) {
    hangUp();
    return;
  }
  call.attempt = agreed.attempt;
  call.timer = setInterval(tellHeard, HEARD_MS);
  await call.peer.setRemoteDescription({ type: "answer", sdp: agreed.sdp });
}

/** The addresses of this computer; without any that take longer. */
export function gathered(peer) {
  if (peer.iceGatheringState === "complete") return Promise.resolve();
  return new Promise((done) => {
    peer.addEventListener("icegatheringstatechange", () => peer.iceGatheringState === "complete" && done());
    setTimeout(done, GATHER_MS);
  });
}

/** Says that the driver's sound has come since the last time, and how loud this side is; says nothing if none came. */
async function tellHeard() {
  if (!call.peer) return;
  let packets = 0;
  let level = 0;
  for (const report of (await call.peer.getStats()).values()) {
    if (report.type === "inbound-rtp") packets += report.packetsReceived;
    if (report.type === "media-source") level = report.audioLevel ?? 0;
  }
  if (packets > call.packets) ask("/call/heard", { attempt: call.attempt, db: level > 0 ? Math.max(-120, 20 * Math.log10(level)) : -120 });
  call.packets = packets;
}

/** Ends the call that this locked page answered. */
export async function endLocked(report) {
  report(await ask("/call/end", {}));
}

function hangUp() {
  clearInterval(call.timer);
  call.peer?.close();
  for (const track of call.microphone?.getTracks() ?? []) track.stop();
  player.srcObject = null;
  Object.assign(call, { attempt: 0, peer: null, microphone: null, timer: 0, packets: 0 });
}

/** Draws the call, and lets go of the microphone when the call is over or another's. */
export function drawVoice({ voice, help }) {
  const line = find("#voice");
  line.hidden = !voice || help.state === "none";
  if (call.attempt && voice?.attempt !== call.attempt) hangUp();
  if (line.hidden) return;
  const here = talks() ? pick(". Speak into this computer's microphone", "，請對此電腦的麥克風說話") : "";
  const state = voice.talking ? pick("Voice: both hear each other", "通話中：雙方互相聽到") : pick("No voice yet", "未有聲音");
  say(find("#voice-says"), voice.problems && !voice.talking ? `${state}. ${voice.problems}` : state + here);
  find("#voice-driver").value = voice.driver_db;
  find("#voice-officer").value = voice.officer_db;
}
