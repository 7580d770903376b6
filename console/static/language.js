// One language at a time: the page is drawn again by the server in the other one, which is kept for this officer.

import { ask } from "./ask.js";
import { onClick } from "./dom.js";

onClick("#language", async (event) => {
  await ask("/language", { tongue: event.target.closest("button").dataset.tongue });
  location.reload();
});
