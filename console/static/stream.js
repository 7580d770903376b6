// Hears the lane. A page that has heard nothing for 3 s is stale: it says which of four things it is, and its buttons are off.

const SILENCE_MS = 3000;
const AGAIN_MS = 2000;
const started = document.body.dataset.started;
const officer = document.body.dataset.officer;

/** `onStale` is told "" while all is well, else why not: "out", "restarted", "agent" or "link". */
export function listen({ onView, onStale }) {
  let heard = -Infinity;
  let stuck = false;
  let login = ""; // "out" or "restarted" once the server no longer knows this page's login
  let source = null;

  const quiet = () => performance.now() - heard;
  const cause = () => login || (quiet() > SILENCE_MS ? "link" : stuck ? "agent" : "");
  const told = () => onStale(cause(), quiet());

  function open() {
    source?.close();
    source = new EventSource(`/events?lang=${document.documentElement.lang}`);
    source.addEventListener("view", (event) => {
      const view = JSON.parse(event.data);
      login = view.you.started !== started ? "restarted" : view.you.officer !== officer ? "out" : "";
      heard = performance.now();
      stuck = view.stuck;
      if (!login) onView(view);
      told();
    });
    source.addEventListener("over", () => source.close());
  }

  /** A stream that the server refused stays closed: ask why, and try again. */
  async function mend() {
    if (source.readyState !== EventSource.CLOSED) return;
    try {
      const answer = await fetch("/picture/lane", { method: "HEAD", cache: "no-store" });
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
  return { stale: () => cause() !== "" };
}
