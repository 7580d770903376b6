// The dialogs: what will happen, to which vehicle, why. A dialog about a vehicle is void once that visit is over, or the agent
// has started anew (another vehicle may stand there by then); a release must be looked at again when the lane has learnt
// something since it was opened.

import { ask } from "./ask.js";
import { all, bind, find, follow, lines, make, pick, say } from "./dom.js";
import { answer, endLocked, hasVoice, talks } from "./voice.js";

let view = null;
let isStale = () => true;
const HOLD_MS = 2000;
const decided = { visit: 0, start: "", basis: "", facts: [], act: "" };

export function prepareDialogs(stale) {
  isStale = stale;
  for (const dialog of all("dialog[data-action]")) {
    find("form", dialog).addEventListener("submit", (event) => submit(event, dialog));
    dialog.addEventListener("close", () => deciding(""));
    dialog.addEventListener("keydown", (event) => chooseByDigit(event, dialog));
    if ("direct" in dialog.dataset) dialog.addEventListener("click", (event) => chooseAndGo(event, dialog));
    find(".again", dialog)?.addEventListener("click", () => lookAgain(dialog));
  }
  setInterval(() => find("dialog[open][data-action]") && deciding(decided.act), HOLD_MS);
  find("#dialog-close-alarm form").addEventListener("submit", sendClosing);
  find("#dialog-shelve-alarm form").addEventListener("submit", sendShelving);
  for (const cancel of all("dialog .cancel")) cancel.addEventListener("click", () => cancel.closest("dialog").close());
  for (const button of all("[data-act]")) button.addEventListener("click", () => begin(button.dataset.act));
  find("#dialog-unlock form").addEventListener("submit", unlock);
  find("#picture-large").addEventListener("error", () => say(find("#picture-name"), pick("This picture is no longer kept.", "此圖片已不再保存。")));
}

/** Keeps the newest view, and judges what an open dialog was opened on. */
export function refreshDialogs(newest) {
  view = newest;
  for (const open of all("dialog[open][data-action]")) drawSecondNeeded(open);
  const dialog = find("dialog[open][data-visit]");
  if (!dialog) return;
  const anew = view.start !== decided.start;
  if (anew || (view.visit?.id ?? 0) !== decided.visit) {
    const over = pick(`Visit ${decided.visit} is over; nothing was done.`, `車次 ${decided.visit} 已結束，未有執行。`);
    const started = pick("The lane's box was restarted; nothing was done. Look again.", "通道系統已重新啟動，未有執行，請重新查看。");
    tell(dialog, [anew ? started : over, byWhom()].filter(Boolean).join(" "));
    find(".confirm", dialog).disabled = true;
    return;
  }
  bind(view, dialog);
  const changed = find(".changed", dialog);
  if (!changed) return;
  changed.hidden = view.basis === decided.basis;
  if (!changed.hidden) say(find(".what", changed), whatChanged());
  find(".confirm", dialog).disabled = isStale() || view.basis !== decided.basis;
  drawWarnings(dialog);
}

/** What the lane has learnt since the dialog was opened, and who acted meanwhile. */
function whatChanged() {
  const before = new Map(decided.facts.map((fact) => [fact.name, fact.says]));
  const lines = view.facts
    .filter((fact) => before.get(fact.name) !== fact.says)
    .map((fact) => `${fact.title}: ${before.get(fact.name) ?? "–"} → ${fact.says}.`);
  return [pick("Changed while this was open:", "開啟期間情況已改變："), ...lines, byWhom()].filter(Boolean).join(" ");
}

/** Who acted on this very visit, "" for nobody. */
const byWhom = () => (decided.visit && view.you.last?.visit === decided.visit ? view.you.last.says : "");

/** Tells the other pages that this dialog is open, or is no longer. */
function deciding(act) {
  if (view && !view.you.locked && document.body.dataset.officer) ask("/deciding", { act, visit: act ? decided.visit : 0 });
}

/** 0 says that the warnings were read, 1 to 9 choose a typical reason, unless something is being typed. */
function chooseByDigit(event, dialog) {
  if (!/^[0-9]$/.test(event.key) || event.target.matches('input:not([type="radio"], [type="checkbox"])')) return;
  if (event.key === "0") {
    find('.warned:not([hidden]) [name="read"]', dialog)?.click();
    return;
  }
  const option = all('[name="typical"]', dialog)[Number(event.key) - 1];
  if (!option) return;
  event.preventDefault();
  option.checked = true;
  option.focus();
  if ("direct" in dialog.dataset && option.value) find("form", dialog).requestSubmit();
}

function chooseAndGo(event, dialog) {
  const pointed = event.detail > 0 && event.target.closest("label")?.querySelector('[name="typical"]');
  if (pointed?.value) queueMicrotask(() => setTimeout(() => find("form", dialog).requestSubmit()));
}

const tell = (dialog, words) => say(find(".error", dialog), words);

function begin(action) {
  if (isStale() || !view) return;
  const dialog = find(`#dialog-${action}`);
  // A driver waits: whoever is at the page may answer, and end what he answered, without the password.
  const call = find(`[data-act="${action}"]`).dataset.call;
  if (call === "takes" && hasVoice()) answer(() => send({ action }), report);
  else if (call === "ends" && view.you.locked && talks()) endLocked(report);
  else if (view.you.locked) unlockFirst(() => begin(action));
  else if (!dialog) send({ action });
  else open(dialog);
}

function open(dialog) {
  find("form", dialog).reset();
  tell(dialog, "");
  decided.visit = view.visit?.id ?? 0;
  decided.start = view.start;
  decided.basis = view.basis;
  decided.facts = view.facts;
  decided.act = dialog.dataset.action;
  bind(view, dialog);
  find(".confirm", dialog).disabled = false;
  if (find(".candidates", dialog)) drawCandidates(dialog);
  dialog.showModal();
  if (find("#mark", dialog)) find("#mark").select();
  else find('[name="typical"]', dialog)?.focus();
  refreshDialogs(view);
  deciding(decided.act);
}

/** Whether one officer is enough for this now, by the lane's own judgement. */
function drawSecondNeeded(dialog) {
  const two = view.second.includes(dialog.dataset.action);
  find(".second", dialog).hidden = !two;
  const confirm = find(".confirm", dialog);
  say(confirm, two ? confirm.dataset.second : confirm.dataset.alone);
}

function drawWarnings(dialog) {
  const box = find(".warned", dialog);
  box.hidden = view.warnings.length === 0;
  lines(find(".warnings", dialog), view.warnings);
}

function lookAgain(dialog) {
  decided.basis = view.basis;
  decided.facts = view.facts;
  find('[name="read"]', dialog).checked = false;
  refreshDialogs(view);
}

/** The plate large beside the box, as the reader cut it out, which begins with what the reader saw; what is only on record is never filled in. */
function drawCandidates(dialog) {
  const crop = find(".crop", dialog);
  const pictured = Boolean(view.visit?.evidence.length);
  crop.hidden = !pictured;
  if (pictured) crop.src = `/picture/plate/${view.visit.id}?of=${view.visit.evidence.at(-1)}`;
  find("#mark").value = view.visit?.guess ?? "";
  // Where the reader saw no mark, nobody is taken to have read one from its picture.
  if (!view.visit?.guess) for (const one of all('[name="typical"]', dialog)) one.checked = false;
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
  if (!reason) return pick("Choose a reason, or write one.", "請選擇或填寫原因。");
  const asked = { action: dialog.dataset.action, reason };
  if ("visit" in dialog.dataset) asked.visit = decided.visit;
  if (form.has("loop")) asked.loop = form.get("loop");
  if (form.has("vrn")) asked.vrn = form.get("vrn").trim();
  if (asked.vrn === "") return pick("Type the mark.", "請輸入車牌。");
  if (form.has("paper")) asked.paper = form.get("paper").trim();
  if (!find(".changed", dialog)) return asked; // no basis is asked for
  if (view.warnings.length && !form.has("read")) return pick("Read the warnings and tick the box first.", "請先細閱警告並剔選方格。");
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

const asked = { alarm: "", others: [] };

/** Closes an alarm, and those of one cause with it, after asking what became of it. */
export function closeAlarm(alarm, others, says) {
  askAbout(find("#dialog-close-alarm"), alarm, others, says);
}

/** Shelves an alarm, and those of one cause with it, after asking for how long and why. */
export function shelveAlarm(alarm, others, says) {
  askAbout(find("#dialog-shelve-alarm"), alarm, others, says);
}

function askAbout(dialog, alarm, others, says) {
  Object.assign(asked, { alarm, others });
  find("form", dialog).reset();
  tell(dialog, "");
  say(find(".which", dialog), others.length ? `${says} (${others.length + 1})` : says);
  dialog.showModal();
  find("[name=reason]", dialog).focus();
}

async function sendClosing(event) {
  event.preventDefault();
  await sendAbout(find("#dialog-close-alarm"), "/close-alarm", { reason: find("#close-reason").value });
}

async function sendShelving(event) {
  event.preventDefault();
  const fields = { reason: find("#shelve-reason").value, minutes: Number(find("#shelve-minutes").value) };
  await sendAbout(find("#dialog-shelve-alarm"), "/shelve-alarm", fields);
}

async function sendAbout(dialog, path, fields) {
  const became = await ask(path, { ...asked, ...fields });
  report(became);
  if (became.accepted) dialog.close();
  else tell(dialog, became.words);
}
