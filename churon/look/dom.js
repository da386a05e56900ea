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

/** The text with `spans` ({ start, end, kind }) marked, alike where they overlap and are of a kind;
 * places are code points, as Python counts. */
export function marked(text, spans) {
  const points = Array.from(text);
  const edges = [0, points.length, ...spans.flatMap(({ start, end }) => [start, end])];
  const places = [...new Set(edges)].filter((at) => at >= 0 && at <= points.length).sort((a, b) => a - b);
  const pieces = [];
  for (const [at, from] of places.slice(0, -1).entries()) {
    const over = spans.filter(({ start, end }) => start <= from && from < end);
    const kinds = over.length ? [...new Set(over.map((one) => one.kind ?? ""))].sort().join(" ") : null;
    const said = points.slice(from, places[at + 1]).join("");
    if (pieces.at(-1)?.kinds === kinds) pieces.at(-1).said += said;
    else pieces.push({ kinds, said });
  }
  return pieces.map(({ kinds, said }) => (kinds === null ? said : el("mark", { class: kinds || null }, said)));
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
