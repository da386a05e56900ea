// The interface's language: the browser's, until the reader chooses; the choice is remembered.

import en from "./words-en.js";
import ko from "./words-ko.js";

const words = { en, ko };
const PLACE = "churon.language";
let current = remembered() ?? (navigator.language?.toLowerCase().startsWith("ko") ? "ko" : "en");

export function language() {
  return current;
}

/** A phrase; unknown ones are empty. A phrase may be a function of its values. */
export function t(key, values = {}) {
  const phrase = words[current][key] ?? "";
  return typeof phrase === "function" ? phrase(values) : phrase;
}

export function known(key) {
  return key in words[current];
}

export function choose(chosen) {
  current = chosen;
  keep(PLACE, chosen);
  translate();
}

/** Puts the current language's phrases where the page's `data-t…` attributes ask for them. */
export function translate() {
  document.documentElement.lang = current;
  for (const one of document.querySelectorAll("[data-t]")) one.textContent = t(one.dataset.t);
  for (const one of document.querySelectorAll("[data-t-label]")) {
    one.setAttribute("aria-label", t(one.dataset.tLabel));
  }
  for (const one of document.querySelectorAll("[data-t-placeholder]")) {
    one.placeholder = t(one.dataset.tPlaceholder);
  }
  for (const one of document.querySelectorAll("[data-language]")) {
    one.setAttribute("aria-pressed", String(one.dataset.language === current));
  }
}

function remembered() {
  const chosen = kept(PLACE);
  return Object.hasOwn(words, chosen) ? chosen : null;
}

/** Storage may be forbidden; then nothing is remembered. */
export function keep(place, value) {
  try {
    localStorage.setItem(place, value);
  } catch {
    // not remembered
  }
}

export function kept(place) {
  try {
    return localStorage.getItem(place);
  } catch {
    return null;
  }
}


