// What waits for a second officer: told to everybody at this page, decided here by somebody else than whoever asked.

import { ask } from "./ask.js";
import { report, unlockFirst } from "./dialogs.js";
import { bind, find, lines, pick, say } from "./dom.js";

const person = (name) => name.split("@")[0];
let view = null;
let isStale = () => true;
const seen = { id: "", basis: "" };

export function drawSecond(newest) {
  view = newest;
  const asked = view.approval;
  const panel = find("#second");
  panel.hidden = !asked;
  if (asked) {
    panel.dataset.waits = asked.waits;
    say(find("#second-became"), asked.became);
    say(find("#second-left"), asked.waits ? pick(`${asked.left_s} s left`, `尚餘 ${asked.left_s} 秒`) : "");
    say(find("#second-says"), asked.says);
    say(find("#second-why"), asked.why || asked.reason);
    const mine = person(asked.officer) === person(document.body.dataset.officer);
    const off = !asked.waits || !document.body.dataset.officer;
    find("#second-look").hidden = off || mine;
    find("#second-back").hidden = off || !mine;
  }
  drawDialog();
}

/** What was opened is void once the request is over, or the lane has learnt something since. */
function drawDialog() {
  const dialog = find("#dialog-second");
  if (!dialog.open) return;
  const asked = view.approval;
  const over = !asked?.waits || asked.id !== seen.id;
  if (!over) bind(view, dialog);
  const warned = find(".warned", dialog);
  warned.hidden = over || asked.of_loop || view.warnings.length === 0;
  lines(find(".warnings", dialog), view.warnings);
  find(".changed", dialog).hidden = !over;
  for (const name of [".approve", ".refuse"]) find(name, dialog).disabled = over || isStale();
}

function open() {
  if (isStale() || !view?.approval?.waits) return;
  if (view.you.locked) {
    unlockFirst(open);
    return;
  }
  const dialog = find("#dialog-second");
  find("form", dialog).reset();
  say(find(".error", dialog), "");
  seen.id = view.approval.id;
  seen.basis = view.basis;
  dialog.showModal();
  drawDialog();
}

async function send(asked) {
  const became = await ask("/second", asked);
  report(became);
  if (became.status === 423) unlockFirst(() => {});
  return became;
}

async function decide(approves) {
  const dialog = find("#dialog-second");
  const read = find("[name=read]", dialog).checked;
  if (approves && !find(".warned", dialog).hidden && !read) {
    say(find(".error", dialog), pick("Read the warnings and tick the box first.", "請先細閱警告並剔選方格。"));
    return;
  }
  const became = await send({ id: seen.id, approves, reason: find("#second-reason").value, basis: seen.basis, read });
  if (became.accepted) dialog.close();
  else say(find(".error", dialog), became.words);
}

export function prepareSecond(stale) {
  isStale = stale;
  find("#second-look").addEventListener("click", open);
  find("#second-back").addEventListener("click", () => {
    if (view?.approval?.waits) send({ id: view.approval.id, approves: false, reason: "taken back by whoever asked 由提出者撤回" });
  });
  find("#dialog-second .approve").addEventListener("click", () => decide(true));
  find("#dialog-second .refuse").addEventListener("click", () => decide(false));
  find("#dialog-second form").addEventListener("submit", (event) => event.preventDefault());
}
