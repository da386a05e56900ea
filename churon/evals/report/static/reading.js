// What stands in a passage: closed at first; what claims quote and the gold evidence are marked.

import { el, marked } from "./dom.js";
import { t } from "./words.js";

const SNIPPET = 160;

/** The text of a passage, to be opened; null where the rows hold none, as those of older files. */
export function reading(one, texts) {
  const text = texts[one.text];
  if (text === undefined) return null;
  return el("details", { class: "reading" },
    el("summary", {}, el("span", { class: "label" }, t("sheet.text")), " ",
      el("span", { class: "snippet meta", "aria-hidden": "true" }, Array.from(text).slice(0, SNIPPET).join(""))),
    legend(one), el("p", { class: "passage-text" }, marked(text, one.marks)));
}

function legend(one) {
  const kinds = ["quote", "gold"].filter((kind) => one.marks.some((mark) => mark.kind === kind));
  const said = kinds.flatMap((kind) => [el("mark", { class: kind }, t(`sheet.mark_${kind}`)), " "]);
  return said.length || one.beyond ? el("p", { class: "legend" }, said, one.beyond ? t("sheet.beyond") : null) : null;
}

/** The gold evidence that a run did not read; of what another run read, with its text. */
export function unread(run, texts) {
  if (!run.unread.length) return null;
  return el("div", { class: "unread" }, el("strong", {}, t("sheet.unread")),
    el("ul", {}, run.unread.map((one) => el("li", {}, el("p", {}, one.name), reading(one, texts)))));
}
