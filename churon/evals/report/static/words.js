// The interface's language: the report's, else the browser's; the choice holds while it is open.

const held = JSON.parse(document.getElementById("words").textContent);
const browsers = () => (navigator.language?.toLowerCase().startsWith("ko") ? "ko" : "en");
let current = "en";

export function language() {
  return current;
}

/** A phrase with its values; what nobody translated is said as the data names it. */
export function t(key, values = {}) {
  const phrase = Object.hasOwn(held[current], key) ? held[current][key] : null;
  if (phrase === null) return key.slice(key.indexOf(".") + 1);
  return phrase.replace(/\{(\w+)\}/g, (all, name) => (name in values ? String(values[name]) : all));
}

export function known(key) {
  return Object.hasOwn(held[current], key);
}

/** Puts phrases where `data-t…` attributes ask for them. */
export function speak(chosen) {
  current = chosen ?? browsers();
  document.documentElement.lang = current;
  for (const one of document.querySelectorAll("[data-t]")) one.textContent = t(one.dataset.t);
  for (const one of document.querySelectorAll("[data-t-label]")) {
    one.setAttribute("aria-label", t(one.dataset.tLabel));
  }
  for (const one of document.querySelectorAll("[data-language]")) {
    one.setAttribute("aria-pressed", String(one.dataset.language === current));
  }
}
