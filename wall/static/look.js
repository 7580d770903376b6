// Looking back: the pages are the server's; here are the export, printing, and that somebody is at the page.

import { ask } from "/shared/ask.js";
import { find, onClick, pick, say } from "/shared/dom.js";
import "/shared/language.js";
import "/static/replay.js";

const HERE_MS = 30000;
const NO_PAGES = 502; // the record was signed, and its pages could not be made

onClick("#print", () => print());
onClick("#logout", async () => {
  const told = await ask("/logout", {});
  location.assign(told.goes_to ?? "/login");
});

/** Fetches the story as a PDF that the core has sealed (or its signed record alone), and hands it to the browser, which asks where to keep it. */
async function exported(form, pages) {
  const said = find("#said");
  say(said, pages ? pick("The core signs it, and the pages are made…", "中央正在簽署，並製作頁面…") : pick("The core writes and signs it…", "中央正在製作及簽署…"));
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": find('meta[name="csrf"]').content, "X-Lang": document.documentElement.lang };
  const body = JSON.stringify({ visit: form.dataset.visit, purpose: find("#purpose").value, pages });
  try {
    const answer = await fetch("/look/export", { method: "POST", headers, body });
    if (!answer.ok) {
      say(said, (await answer.json()).words);
      find("#alone").hidden = answer.status !== NO_PAGES;
      return;
    }
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition"))?.[1] ?? "story";
    link.click();
    URL.revokeObjectURL(link.href);
    say(said, pick("Exported: keep the file as it is.", "已匯出，請勿改動檔案。"));
  } catch {
    say(said, pick("No answer: nothing was exported. This page can be printed; a print is not signed.", "沒有回應，未有匯出。可列印此頁，惟列印本未經簽署。"));
  }
}

const form = find("#export");
if (form) {
  const go = find("button.go", form);
  let busy = false;
  const once = async (pages) => {
    if (busy) return;
    busy = go.disabled = true;
    await exported(form, pages);
    busy = go.disabled = false;
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    once(true);
  });
  onClick("#alone", () => once(false));
  go.disabled = false;
}

find("#unlock-here")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const told = await ask("/unlock", { password: find("#unlock-password").value });
  if (told.accepted) location.reload();
  else say(find("#said"), told.words);
});

let told = -Infinity;
const here = () => {
  if (find("#unlock-here") || performance.now() - told < HERE_MS) return;
  told = performance.now();
  ask("/here", {});
};
for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, here, { passive: true });
