// Asks the server to do something. Every answer has words for the officer.

import { pick } from "./dom.js";

const csrf = document.querySelector('meta[name="csrf"]')?.content ?? "";

/** Posts plain data; resolves to {accepted, words, status} and never rejects. */
export async function ask(path, data) {
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf, "X-Lang": document.documentElement.lang },
      body: JSON.stringify(data),
    });
    const told = await answer.json();
    return { ...told, status: answer.status };
  } catch {
    return { accepted: false, words: pick("No answer from the lane: it is not known whether this was done.", "通道沒有回應：未知是否已執行。"), status: 0 };
  }
}
