// The sets as parts of the page: where there are several, all of them together stand open, and each
// single one is folded.

import { el } from "./dom.js";
import { t } from "./words.js";

export const parts = (data) => (data.together ? [data.together, ...data.sets] : data.sets);

/** What a reader calls it; all sets together have no name of their own. */
export const setName = (name) => name || t("set.together");

export function block(data, name, ...content) {
  if (!data.together) return el("div", { class: "set" }, ...content);
  if (!name) return el("div", { class: "set" }, el("h3", {}, setName(name)), ...content);
  return el("details", { class: "part set" }, el("summary", {}, name), ...content);
}
