// Asks for the password of a page that has locked itself, then does what was wanted.

import { ask } from "/shared/ask.js";
import { find, say } from "/shared/dom.js";

let then = () => {};

export function unlockFirst(next) {
  then = next;
  say(find("#unlock-error"), "");
  find("#unlock").showModal();
  find("#unlock-password").focus();
}

export function prepareUnlock() {
  find("#unlock-cancel").addEventListener("click", () => find("#unlock").close());
  find("#unlock-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const field = find("#unlock-password");
    const told = await ask("/unlock", { password: field.value });
    field.value = "";
    if (!told.accepted) {
      say(find("#unlock-error"), told.words);
      return;
    }
    find("#unlock").close();
    then();
  });
}
