// The dialogs: what will happen, to which vehicle, why. A dialog about a vehicle is void once that visit is over, and a
// release must be looked at again when the lane has learnt something since it was opened.

import { ask } from "./ask.js";
import { all, bind, find, follow, lines, make, say } from "./dom.js";

let view = null;
let isStale = () => true;
const decided = { visit: 0, basis: "" };

export function prepareDialogs(stale) {
  isStale = stale;
  for (const dialog of all("dialog[data-action]")) {
    find("form", dialog).addEventListener("submit", (event) => submit(event, dialog));
    find(".again", dialog)?.addEventListener("click", () => lookAgain(dialog));
  }
  for (const cancel of all("dialog .cancel")) cancel.addEventListener("click", () => cancel.closest("dialog").close());
  for (const button of all("[data-act]")) button.addEventListener("click", () => begin(button.dataset.act));
  find("#dialog-unlock form").addEventListener("submit", unlock);
  find("#picture-large").addEventListener("error", () => say(find("#picture-name"), "This picture is no longer kept."));
}

/** Keeps the newest view, and judges what an open dialog was opened on. */
export function refreshDialogs(newest) {
  view = newest;
  const dialog = find("dialog[open][data-visit]");
  if (!dialog) return;
  if ((view.visit?.id ?? 0) !== decided.visit) {
    tell(dialog, `Visit ${decided.visit} is over; nothing was done.`);
    find(".confirm", dialog).disabled = true;
    return;
  }
  bind(view, dialog);
  const changed = find(".changed", dialog);
  if (!changed) return;
  changed.hidden = view.basis === decided.basis;
  find(".confirm", dialog).disabled = isStale() || view.basis !== decided.basis;
  drawWarnings(dialog);
}

const tell = (dialog, words) => say(find(".error", dialog), words);

function begin(action) {
  if (isStale() || !view) return;
  const dialog = find(`#dialog-${action}`);
  if (view.you.locked) unlockFirst(() => begin(action));
  else if (!dialog) send({ action });
  else open(dialog);
}

function open(dialog) {
  find("form", dialog).reset();
  tell(dialog, "");
  decided.visit = view.visit?.id ?? 0;
  decided.basis = view.basis;
  bind(view, dialog);
  if (find(".candidates", dialog)) drawCandidates(dialog);
  dialog.showModal();
  refreshDialogs(view);
}

function drawWarnings(dialog) {
  const box = find(".warned", dialog);
  box.hidden = view.warnings.length === 0;
  lines(find(".warnings", dialog), view.warnings);
}

function lookAgain(dialog) {
  decided.basis = view.basis;
  find('[name="read"]', dialog).checked = false;
  refreshDialogs(view);
}

function drawCandidates(dialog) {
  const box = find(".candidates", dialog);
  const candidates = view.visit?.candidates ?? [];
  box.hidden = candidates.length === 0;
  follow(find("ul", box), candidates, {
    key: (one) => `${one.vrn}/${one.note}`,
    build: (one) => {
      const button = make("button", { type: "button", class: one.held ? "stop" : "plain", text: `${one.vrn} · ${one.note}` });
      button.addEventListener("click", () => {
        find("#mark").value = one.vrn;
      });
      return make("li", {}, button);
    },
  });
}

/** What the dialog asks for, or the words that say what is missing. */
function filled(dialog) {
  const form = new FormData(find("form", dialog));
  const detail = (form.get("detail") ?? "").trim();
  const reason = [form.get("typical"), detail].filter(Boolean).join("; ");
  if (!reason) return "Choose a reason, or write one.";
  const asked = { action: dialog.dataset.action, reason };
  if ("visit" in dialog.dataset) asked.visit = decided.visit;
  if (form.has("loop")) asked.loop = form.get("loop");
  if (form.has("vrn")) asked.vrn = form.get("vrn").trim();
  if (asked.vrn === "") return "Type the mark.";
  if (form.has("paper")) asked.paper = form.get("paper").trim();
  if (!find(".changed", dialog)) return asked; // no basis is asked for
  if (view.warnings.length && !form.has("read")) return "Read the warnings and tick the box first.";
  return { ...asked, basis: decided.basis, read: form.has("read") };
}

async function submit(event, dialog) {
  event.preventDefault();
  if (isStale()) return;
  const asked = filled(dialog);
  if (typeof asked === "string") {
    tell(dialog, asked);
    return;
  }
  const confirm = find(".confirm", dialog);
  confirm.disabled = true;
  const became = await send(asked);
  confirm.disabled = isStale();
  if (became.accepted) dialog.close();
  else tell(dialog, became.words);
}

/** Sends an action and reports the outcome. */
async function send(asked) {
  const became = await ask("/action", asked);
  report(became);
  if (became.status === 423) unlockFirst(() => {});
  return became;
}

export function report(became) {
  const told = find("#told");
  told.classList.toggle("error", !became.accepted);
  say(told, `${view?.now ?? ""} ${became.words}`);
}

let afterUnlock = () => {};

export function unlockFirst(then) {
  afterUnlock = then;
  const dialog = find("#dialog-unlock");
  find("form", dialog).reset();
  tell(dialog, "");
  if (!dialog.open) dialog.showModal();
}

async function unlock(event) {
  event.preventDefault();
  const dialog = find("#dialog-unlock");
  const became = await ask("/unlock", { password: find("#unlock-password").value });
  if (!became.accepted) {
    tell(dialog, became.words);
    return;
  }
  view.you.locked = false;
  dialog.close();
  afterUnlock();
}
