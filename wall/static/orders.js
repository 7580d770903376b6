// What can be ordered of the chosen lane, and by a supervisor of its group or of the point; each with a dialog that says what it does.

import { all, find, follow, make, pick, say } from "/shared/dom.js";

const ORDERS = [
  { name: "answered", needs: "decide", when: (tile) => tile.help === "ringing", says: pick("Answer call", "接聽求助"), about: pick("The lane shows that its call was answered.", "通道會顯示已接聽求助。") },
  { name: "inspect_visit", needs: "decide", tone: "stop", reason: true, visit: true, when: (tile) => tile.visit_key !== "", says: pick("Inspect", "查驗"), about: pick("The vehicle is sent to the compound.", "車輛將轉往驗貨場。") },
  { name: "open", needs: "lane", many: true, when: (tile) => !tile.open, says: pick("Open", "開放"), about: pick("The lane takes vehicles.", "通道開始接收車輛。") },
  { name: "close", needs: "lane", many: true, reason: true, when: (tile) => tile.open, says: pick("Close", "關閉"), about: pick("The lane closes after the vehicle that is in it.", "現有車輛離開後通道關閉。") },
  { name: "manual", needs: "lane", many: true, reason: true, when: () => true, says: pick("Manual", "人手模式"), about: pick("Vehicles are cleared by hand; it ends by itself after an hour.", "車輛須人手清關；一小時後自動結束。") },
  { name: "automatic", needs: "lane", many: true, when: () => true, says: pick("Automatic", "自動模式"), about: pick("Ends manual mode that was ordered from here.", "結束由此發出的人手模式。") },
  { name: "message", needs: "lane", many: true, reason: true, when: () => true, says: pick("Words to officer", "通知關員"), about: pick("The officer at the lane reads it on the lane's page.", "通道關員可於通道頁面閱讀。") },
  { name: "notice", needs: "lane", many: true, notice: true, when: () => true, says: pick("Tell driver", "告知司機"), about: pick("A line on the panel, below its message. It is not shown while the message tells the driver to go, or asks him for something.", "於控制板訊息下方顯示一行文字。指示司機駛離或要求司機操作時不會顯示。") },
  { name: "restart_reader", needs: "repair", reason: true, when: () => true, says: pick("Restart reader", "重啟車牌辨識"), about: pick("The plate reader's program starts anew.", "車牌辨識程式將重新啟動。") },
];

let given = null;
let tile = null;
let order = null;
let shown = null;

export function drawOrders(now) {
  tile = now;
  const possible = ORDERS.filter((one) => given.may(one.needs) && one.when(tile));
  follow(find("#lane-acts"), possible, {
    key: (one) => one.name,
    build: (one) => make("button", { type: "button", "data-order": one.name, class: one.tone ?? "", text: one.says }),
  });
}

/** The vehicle and the lanes are those that the dialog showed, whatever has changed since. */
function lanes() {
  const scope = find("#order-scope").value;
  if (scope === "vehicle" || scope === "lane" || !order.many) return [shown.lane];
  const all = [...given.world.tiles.values()];
  return all.filter((one) => scope === "point" || one.group === shown.group).map((one) => one.lane);
}

function open(name) {
  order = ORDERS.find((one) => one.name === name);
  shown = { lane: tile.lane, group: tile.group, visit: tile.visit_key };
  say(find("#order-title"), `${order.says}: ${tile.lane}${order.visit ? ` ${tile.vrn}` : ""}`);
  say(find("#order-about"), order.about);
  say(find("#order-send"), order.says);
  find("#order-send").className = order.tone ?? "go";
  find("#order-reason-line").hidden = !order.reason;
  find("#order-reason").required = Boolean(order.reason);
  find("#order-reason").value = "";
  const vehicle = Boolean(order.notice && shown.visit);
  find("#order-scope").value = vehicle ? "vehicle" : "lane";
  for (const one of find("#order-scope").options) one.hidden = one.value === "vehicle" ? !vehicle : one.value !== "lane" && !given.may("many");
  find("#order-scope-line").hidden = !(vehicle || (order.many && given.may("many")));
  find("#order-notice-line").hidden = !order.notice;
  for (const one of all("#order-notice-line [name=notice]")) Object.assign(one, { required: Boolean(order.notice), checked: false });
  find("#order-minutes").value = "2";
  find("#order").showModal();
}

export function prepareOrders(parts) {
  given = parts;
  find("#lane-acts").addEventListener("click", (event) => {
    const button = event.target.closest("[data-order]");
    if (button) open(button.dataset.order);
  });
  find("#order-cancel").addEventListener("click", () => find("#order").close());
  find("#order-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    find("#order").close();
    const asked = { name: order.name, lanes: lanes(), text: order.reason ? find("#order-reason").value : "" };
    if (order.visit || (order.notice && find("#order-scope").value === "vehicle")) asked.visit = shown.visit;
    if (order.notice) Object.assign(asked, { text: find("#order-notice-line :checked").value, minutes: Number(find("#order-minutes").value) });
    say(find("#said"), pick("Sent…", "已發出……"));
    const told = await given.act("/orders", asked);
    if (told) say(find("#said"), told.words);
  });
}
