// The camera's own stream, decoded here picture by picture (console/live.py has its form). Each picture is painted with its age known:
// what stands still, or what the line held back, grows old here at once.

import { pick } from "./dom.js";

const HEAD = 17;
const CREEP = 200e-6; // two quartz clocks drift apart by no more
const STANDS_MS = 1000; // a stream that stands still for so long gives way to single pictures
const SILENT_MS = 4000;
const AGAIN_MS = 2000;
const REFUSED_MS = 10000;
const MOST_QUEUED = 30;
const MOST_FAILURES = 3;
const words = new TextDecoder();

/** The clock of the machine that sends, as seen from here: the quickest picture is the measure, for all others. */
class OtherClock {
  #ahead = Infinity;
  #last = 0;

  here(taken, age, now) {
    this.#ahead = Math.min(now - taken - age, this.#ahead + (now - this.#last) * CREEP);
    this.#last = now;
    return taken + this.#ahead;
  }
}

/** Cuts a stream into pictures: calls `take(taken, age, codec, data)` for each, and `heard()` for all that comes. */
async function cut(body, take, heard) {
  const reader = body.getReader();
  let held = new Uint8Array(0);
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    heard();
    const joined = new Uint8Array(held.length + value.length);
    joined.set(held);
    joined.set(value, held.length);
    held = joined;
    while (held.length >= HEAD) {
      const view = new DataView(held.buffer, held.byteOffset);
      const name = HEAD + view.getUint8(12);
      const end = name + view.getUint32(13);
      if (held.length < end) break;
      take(Number(view.getBigUint64(0)), view.getUint32(8), words.decode(held.subarray(HEAD, name)), held.slice(name, end));
      held = held.subarray(end);
    }
  }
}

export class LivePicture {
  #canvas;
  #path = "";
  #ended = new AbortController();
  #decoder = null;
  #codec = "";
  #clock = null;
  #whole = false;
  #number = 0;
  #times = new Map();
  #taken = -Infinity;
  #failures = 0;
  #alone = false;
  /** Why there is none, in an officer's words; "" while there is one, or nobody asked. */
  why = "";

  constructor(canvas) {
    this.#canvas = canvas;
  }

  /** How long ago the picture that is painted was taken, ms; Infinity while none is. */
  age() {
    return performance.now() - this.#taken;
  }

  /** Whether it moves. */
  plays() {
    return this.age() < STANDS_MS;
  }

  /** Its caption: that it is live, with its age; or why there are single pictures. */
  says() {
    const s = (this.age() / 1000).toFixed(1);
    return this.plays() ? pick(`Live, ${s} s`, `即時，${s} 秒`) : this.why;
  }

  /** Shows the stream of that path from now on; "" shows none. `alone` where there are no single pictures besides. */
  follow(path, { alone = false } = {}) {
    if (path === this.#path) return;
    this.#path = path;
    this.#alone = alone;
    this.#stop(); // or a picture of the stream before is painted in this one's name
    this.#ended.abort();
    this.#ended = new AbortController();
    this.#taken = -Infinity;
    this.#failures = 0;
    this.why = "";
    if (path && !("VideoDecoder" in window)) this.why = this.#instead("This browser shows no live video", "此瀏覽器不能播放即時影像");
    else if (path) this.#keep(path, this.#ended.signal);
  }

  async #keep(path, over) {
    while (!over.aborted && this.#failures < MOST_FAILURES) {
      const refused = await this.#once(path, over);
      if (over.aborted) return;
      this.why = refused || this.#instead("Live video has stopped", "即時影像已中斷");
      this.#stop();
      await new Promise((done) => setTimeout(done, refused ? REFUSED_MS : AGAIN_MS));
    }
    if (!over.aborted) this.why = this.#instead("This browser cannot decode the camera's video", "此瀏覽器不能解碼鏡頭影像");
  }

  /** Why there is none, and what is shown instead. */
  #instead(english, chinese) {
    return this.#alone ? pick(`${english}.`, `${chinese}。`) : pick(`${english}: single pictures.`, `${chinese}，改為顯示圖片。`);
  }

  /** One connection; the server's words where it refuses. */
  async #once(path, over) {
    const silent = new AbortController();
    let timer;
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(() => silent.abort(), SILENT_MS);
    };
    heard();
    try {
      const signal = AbortSignal.any([over, silent.signal]);
      const answer = await fetch(path, { cache: "no-store", signal, headers: { "X-Lang": document.documentElement.lang } });
      if (answer.status === 409) return (await answer.json()).words;
      if (!answer.ok) return "";
      this.#clock = new OtherClock();
      await cut(answer.body, (...picture) => over.aborted || this.#take(...picture), heard);
    } catch {
      // The line or the server is gone; it is asked again.
    } finally {
      clearTimeout(timer);
    }
    return "";
  }

  #take(taken, age, codec, data) {
    const when = taken ? this.#clock.here(taken, age, performance.now()) : 0;
    if (codec) this.#begin(codec);
    if (!this.#whole) return;
    if (this.#decoder.decodeQueueSize > MOST_QUEUED) {
      this.#whole = false; // this browser is too slow: on with the next key frame
      return;
    }
    this.#times.set((this.#number += 1), when);
    this.#decoder.decode(new EncodedVideoChunk({ type: codec ? "key" : "delta", timestamp: this.#number, data }));
  }

  #begin(codec) {
    if (this.#decoder?.state !== "configured" || codec !== this.#codec) {
      this.#stop();
      const decoder = new VideoDecoder({
        output: (frame) => this.#paint(frame),
        error: () => {
          if (this.#decoder !== decoder) return;
          this.#failures += 1;
          this.#stop();
        },
      });
      decoder.configure({ codec, optimizeForLatency: true });
      this.#decoder = decoder;
      this.#codec = codec;
    }
    this.#whole = true;
  }

  #paint(frame) {
    const when = this.#times.get(frame.timestamp);
    for (const number of this.#times.keys()) if (number <= frame.timestamp) this.#times.delete(number);
    if (when) {
      const canvas = this.#canvas;
      if (canvas.width !== frame.displayWidth || canvas.height !== frame.displayHeight) {
        canvas.width = frame.displayWidth;
        canvas.height = frame.displayHeight;
      }
      canvas.getContext("2d").drawImage(frame, 0, 0);
      this.#taken = when;
      this.#failures = 0;
      if (this.plays()) this.why = "";
    }
    frame.close();
  }

  #stop() {
    this.#whole = false;
    this.#times.clear();
    if (this.#decoder && this.#decoder.state !== "closed") this.#decoder.close();
    this.#decoder = null;
  }
}
