// One question, A beside B: what each answered, on what grounds, by which steps, and where they part.

import { el, refill } from "./dom.js";
import { badge, chosen, wanted } from "./list.js";
import { digits, number } from "./numbers.js";
import { answer, claims, passages, steps } from "./run.js";
import { sign } from "./svg.js";
import { t } from "./words.js";

let shown = null;

/** Opens, or draws anew, the sheet for a question. */
export function openSheet(data, sheet, one) {
  shown = one;
  const all = chosen(data);
  const at = all.indexOf(one);
  const names = [data.a, wanted.b].filter(Boolean);
  const go = (by) => {
    const next = all[at + by];
    if (next) openSheet(data, sheet, next);
  };
  refill(sheet, bar(sheet, at, all.length, go), el("div", { class: "sheet-body" }, asked(one),
    el("div", { class: names.length > 1 ? "pair" : "pair single" }, names.map((name) => column(data, name, one))),
    parting(one), rows(data, names, one)));
  sheet.onkeydown = (event) => {
    if (event.key === "ArrowRight") go(1);
    else if (event.key === "ArrowLeft") go(-1);
  };
  remember(data, one);
  if (!sheet.open) sheet.showModal();
  sheet.scrollTop = 0;
}

/** Again in another language. */
export function redrawSheet(data, sheet) {
  if (sheet.open && shown) openSheet(data, sheet, shown);
}

/** The question that the address names, as one that was sent on. */
export function named(data) {
  return data.questions[Number(/^#q(\d+)$/.exec(location.hash)?.[1] ?? NaN) - 1];
}

function remember(data, one) {
  try {
    history.replaceState(null, "", `#q${data.questions.indexOf(one) + 1}`);
  } catch {
    // a page without an address of its own has none to change
  }
}

function bar(sheet, at, count, go) {
  const button = (key, press, off) => el("button", { type: "button", class: "quiet", disabled: off, "data-key": `sheet:${key}`,
    onclick: press }, t(`sheet.${key}`));
  return el("div", { class: "sheet-bar" }, button("previous", () => go(-1), at <= 0), button("next", () => go(1), at + 1 >= count),
    el("span", { class: "meta" }, t("sheet.place", { n: at + 1, of: count })), button("close", () => sheet.close(), false));
}

function asked(one) {
  const { question, language, id, tags = [], answers, truth, answerable } = one.case;
  const gold = !answerable ? t("sheet.unanswerable") : answers.length ? answers.join(" · ") : t("sheet.no_gold");
  const verdict = truth === null ? null : el("div", {}, el("dt", {}, t("sheet.truth")), el("dd", {}, t(truth ? "sheet.yes" : "sheet.no")));
  return el("header", {}, el("h2", { id: "sheet-title", lang: language }, question),
    el("p", { class: "meta" }, [one.set, id, ...tags].join(" · ")),
    el("dl", { class: "gold-answer" }, el("div", {}, el("dt", {}, t("sheet.gold")), el("dd", {}, gold)), verdict));
}

function column(data, name, one) {
  const letter = name === data.a ? "A" : "B";
  return el("div", { class: "side-head" }, el("h3", {}, sign(data.variants.indexOf(name)), `${letter} · ${name}`), badge(one.runs[name]));
}

/** In words, where the two ways part. */
function parting(one) {
  const found = one.parting[wanted.b];
  if (!found) return null;
  const step = found.step === null ? t("sheet.part_steps_same") : found.step === 0 ? t("sheet.part_first")
    : t("sheet.part_step", { n: found.step + 1 });
  const passage = found.passage === null ? t("sheet.part_passages_same") : found.passage === 0 ? t("sheet.part_passage_first")
    : t("sheet.part_passage", { n: found.passage + 1 });
  return el("p", { class: "note" }, el("strong", {}, `${t("sheet.parts")}: `), `${step} ${passage}`);
}

function rows(data, names, one) {
  const found = one.parting[wanted.b] ?? {};
  const parts = [
    ["answer", (run) => answer(run, one.case.language)], ["claims", (run) => claims(run, one.case.language)],
    ["passages", (run) => passages(run, found.passage, data.texts)], ["steps", (run) => steps(run, found.step)], ["scores", scores],
  ];
  return parts.map(([key, draw]) => el("section", { class: "row-of" }, el("h3", {}, t(`sheet.${key}`)),
    el("div", { class: names.length > 1 ? "pair" : "pair single" }, names.map((name) => el("div", { class: "cell", "data-name": name },
      one.runs[name] ? draw(one.runs[name]) : el("p", { class: "meta" }, t("sheet.not_run")))))));
}

function scores(run) {
  const names = Object.keys(run.scores).filter((name) => !["settled", "abstained"].includes(name));
  return el("dl", { class: "scores" }, names.map((name) => el("div", {}, el("dt", {}, t(`measure.${name}`)),
    el("dd", { class: "number" }, number(run.scores[name], digits(name))))));
}
