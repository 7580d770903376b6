// Hears the lane. A page that has heard nothing for 3 s is stale: it says so and its buttons are off.

const SILENCE_MS = 3000;
const AGAIN_MS = 2000;

export function listen({ onView, onStale, onLoggedOut }) {
  let heard = -Infinity;
  let stuck = false;
  let source = null;

  const quiet = () => performance.now() - heard;
  const stale = () => stuck || quiet() > SILENCE_MS;

  function open() {
    source?.close();
    source = new EventSource("/events");
    source.addEventListener("view", (event) => {
      const view = JSON.parse(event.data);
      heard = performance.now();
      stuck = view.stuck;
      onView(view);
      onStale(stale(), quiet());
    });
    source.addEventListener("over", () => source.close());
  }

  /** A stream that the server refused stays closed: ask why, and try again. */
  async function mend() {
    if (source.readyState !== EventSource.CLOSED) return;
    try {
      const answer = await fetch("/picture/lane", { method: "HEAD", cache: "no-store" });
      if (answer.status === 401) onLoggedOut();
      else open();
    } catch {
      // The server does not answer; the next turn tries again.
    }
  }

  open();
  setInterval(() => onStale(stale(), quiet()), 250);
  setInterval(mend, AGAIN_MS);
  return { stale };
}
