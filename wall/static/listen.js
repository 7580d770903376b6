// Hears the wall: everything once, then what differs, and a beat each second. One that hears nothing for 3 s is stale.

const SILENCE_MS = 3000;
const AGAIN_MS = 2000;
const started = document.body.dataset.started;

/** `onStale` is told "" while all is well, else why not: "out", "restarted" or "link". */
export function listen({ onAll, onSome, onBeat, onStale }) {
  let heard = -Infinity;
  let login = "";
  let source = null;

  const quiet = () => performance.now() - heard;
  const told = () => onStale(login || (quiet() > SILENCE_MS ? "link" : ""), quiet());
  const on = (name, take) =>
    source.addEventListener(name, (event) => {
      heard = performance.now();
      take(JSON.parse(event.data));
    });

  function open() {
    source?.close();
    source = new EventSource(`/events?lang=${document.documentElement.lang}`);
    on("all", onAll);
    on("some", onSome);
    on("beat", (beat) => {
      login = beat.started !== started ? "restarted" : "";
      onBeat(beat);
      told();
    });
    source.addEventListener("over", () => source.close());
  }

  /** A stream that the server refused stays closed: ask why, and try again. */
  async function mend() {
    if (source.readyState !== EventSource.CLOSED) return;
    try {
      const answer = await fetch("/sign/xdb/WAIT", { cache: "no-store" });
      if (answer.status === 401) login = answer.headers.get("X-Started") === started ? "out" : "restarted";
      else open();
    } catch {
      // The server does not answer; the next turn tries again.
    }
    told();
  }

  open();
  setInterval(told, 250);
  setInterval(mend, AGAIN_MS);
}
