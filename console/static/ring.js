// Rings for a help call, and for a vehicle that ran. Made from tones here, so that there is no sound file; off until an officer turns it on,
// because browsers play nothing before a click.

let context = null;
let on = false;
let ringing = false;
let siren = false;
let timer = 0;

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

function once() {
  if (siren) for (const from of [0, 0.5, 1]) tone(1040, from, 0.3);
  if (!ringing) return;
  tone(660, 0, 0.25);
  tone(880, 0.35, 0.25);
}

function settle() {
  const wanted = on && (ringing || siren);
  if (wanted && !timer) {
    once();
    timer = setInterval(once, 2000);
  } else if (!wanted && timer) {
    clearInterval(timer);
    timer = 0;
  }
}

/** Turns the sound on or off; call it from a click. Resolves to whether it is on. */
export async function toggleSound() {
  context ??= new AudioContext();
  await context.resume();
  on = !on && context.state === "running";
  settle();
  return on;
}

/** `called`: a driver asks for help; `ran`: a vehicle left against the signal, which sounds otherwise. */
export function ring(called, ran) {
  ringing = called;
  siren = ran;
  settle();
}
