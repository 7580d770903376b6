// Small tools over the document. Text is only ever set as text, never as markup.

export const find = (selector, within = document) => within.querySelector(selector);
export const all = (selector, within = document) => [...within.querySelectorAll(selector)];

/** A button that the server sends disabled, so that no click is lost before the script is there to hear it. */
export function onClick(selector, act) {
  const button = find(selector);
  if (!button) return;
  button.addEventListener("click", act);
  button.disabled = false;
}

/** The text in the language of the page. */
export const pick = (english, chinese) => (document.documentElement.lang === "en" ? english : chinese);

/** Sets text only when it differs, so that selections and screen readers are left in peace. */
export function say(element, text) {
  const wanted = String(text ?? "");
  if (element.textContent !== wanted) element.textContent = wanted;
}

export function make(tag, { text, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  element.append(...children);
  return element;
}

/** The value at "a.b.c" of plain data; undefined where any part is missing. */
export const at = (data, path) => path.split(".").reduce((found, name) => found?.[name], data);

/** Every element with data-text shows the value at that path; where there is none, what data-none says. */
export function bind(data, within = document) {
  for (const element of all("[data-text]", within)) {
    const value = at(data, element.dataset.text);
    say(element, value === undefined || value === null || value === "" ? element.dataset.none ?? "" : value);
  }
}

/** Makes a container's children follow `items`, keeping those that stay (a picture is not fetched twice). */
export function follow(container, items, { key, build, fill }) {
  const known = new Map([...container.children].map((child) => [child.dataset.key, child]));
  const wanted = items.map((item) => {
    const name = String(key(item));
    const child = known.get(name) ?? build(item);
    child.dataset.key = name;
    fill?.(child, item);
    known.delete(name);
    return child;
  });
  for (const gone of known.values()) gone.remove();
  wanted.forEach((child, place) => {
    if (container.children[place] !== child) container.insertBefore(child, container.children[place] ?? null);
  });
}

/** Makes a list of plain lines follow `texts`. */
export function lines(container, texts) {
  follow(container, texts, { key: (text) => text, build: (text) => make("li", { text }) });
}
