// Elements from data. Text goes in as text nodes only: nothing here, or anywhere on this page, makes
// markup out of a string, and the server's policy (Trusted Types) forbids it.

/** An element with attributes (`on…` are listeners) and children; null and "" are left out. */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) set(made, name, value);
  made.append(...children.flat().filter((one) => one !== null && one !== undefined && one !== ""));
  return made;
}

function set(made, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
  else made.setAttribute(name, value === true ? "" : value);
}

/** Other children for `parent`; the focus stays where it was, by `data-key`. */
export function refill(parent, ...children) {
  const held = parent.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  parent.replaceChildren(...children.flat().filter(Boolean));
  if (!held) return;
  const again = [...parent.querySelectorAll("[data-key]")].find((one) => one.dataset.key === held);
  again?.focus({ preventScroll: true });
}

/** The text cut into before, span and after; places are code points, as the server counts. */
export function cut(text, start, end) {
  const points = Array.from(text);
  const piece = (from, to) => points.slice(from, to).join("");
  return [piece(0, start), piece(start, end), piece(end)];
}

/** The last part of a path. */
export function basename(path) {
  return path.split(/[\\/]/).filter(Boolean).pop() ?? path;
}

export function byId(id) {
  return document.getElementById(id);
}

/** A share in [0, 1] with a bar; the number is the text. */
export function meter(value, label) {
  const bar = el("span", { class: "bar", "aria-hidden": "true" }, el("span", { class: "fill" }));
  const share = Math.min(1, Math.max(0, value));
  bar.firstChild.style.inlineSize = `${Math.round(share * 100)}%`;
  return el("span", { class: "meter" }, el("span", { class: "meter-label" }, label), bar,
    el("span", { class: "number" }, value.toFixed(2)));
}
