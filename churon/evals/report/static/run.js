// The parts of one run: answer, claims, passages, steps.

import { basename, el, meter } from "./dom.js";
import { number } from "./numbers.js";
import { reading, unread } from "./reading.js";
import { tree } from "./tree.js";
import { t } from "./words.js";

const FEW = 8;

export function answer(run, lang) {
  if (run.error) return el("p", { class: "failure" }, run.error);
  return [
    el("p", { class: "answer-text", lang }, run.answer ?? t("sheet.nothing")),
    run.short ? fact("short", run.short) : null,
    run.status ? el("p", { class: "meta" }, t(`status.${run.status}`), run.stop_reason ? ` · ${t("sheet.ended")}: ${t(`reason.${run.stop_reason}`)}` : "") : null,
    run.missing ? fact("missing", run.missing.join(" · ")) : null,
    run.degraded ? fact("degraded", run.degraded.join(" · ")) : null,
  ];
}

function fact(key, text) {
  return el("p", { class: "fact" }, el("span", { class: "meta" }, `${t(`sheet.${key}`)}: `), text);
}

export function claims(run, lang) {
  if (!run.claims.length) return el("p", { class: "meta" }, t("sheet.nothing"));
  const places = new Map(run.read.map((one, at) => [one.id, at + 1]));
  return el("ol", { class: "claims" }, run.claims.map((one) => el("li", {}, el("span", { lang }, one.text), " ",
    el("span", { class: `pill ${one.support}` }, t(`support.${one.support}`), one.score === null ? "" : ` ${number(one.score)}`),
    one.ids.map((id) => el("span", { class: "cite" }, `[${places.get(id) ?? id}]`)))));
}

export function passages(run, part, texts) {
  const all = run.read.map((one, at) => passage(one, at, at === part, texts));
  if (!all.length) return [el("p", { class: "meta" }, t("sheet.nothing")), unread(run, texts)];
  const list = el("ol", { class: "passages" }, all.slice(0, FEW));
  const rest = all.length > FEW ? el("button", { type: "button", class: "quiet more", onclick: (event) => {
    list.append(...all.slice(FEW));
    event.target.remove();
  } }, t("sheet.show_all", { n: all.length })) : null;
  return [list, rest, unread(run, texts)];
}

function passage(one, at, parts, texts) {
  const flags = [one.gold ? "is_gold" : "", one.used ? "cited" : ""].filter(Boolean);
  const scores = [["rerank", one.rerank_score], ["retrieval", one.retrieval_score]].filter(([, value]) => value !== null);
  return el("li", { class: ["passage", one.gold ? "gold" : "", parts ? "parts" : ""].join(" ").trim() }, parts ? here() : null,
    el("p", { class: "card-title" }, el("span", { class: "n" }, `[${at + 1}] `), el("span", { title: one.document }, basename(one.document)),
      el("span", { class: "meta" }, ` ${one.start}–${one.end}`), flags.map((key) => el("span", { class: `pill ${key}` }, t(`sheet.${key}`)))),
    el("p", { class: "values" }, one.relevance === null ? null : meter(one.relevance, t("sheet.relevance")),
      scores.map(([key, value]) => el("span", { class: "meta" }, `${t(`sheet.${key}`)} ${number(value)}`))),
    reading(one, texts));
}

function here() {
  return el("p", { class: "here" }, t("sheet.part_here"));
}

export function steps(run, part) {
  if (!run.steps.length) return el("p", { class: "meta" }, t("sheet.nothing"));
  return el("ol", { class: "steps" }, run.steps.map((one, at) => el("li", { class: at === part ? "parts" : null },
    at === part ? here() : null,
    el("p", { class: "step" }, el("span", { class: "label" }, t(`step.${one.kind}`)),
      el("span", { class: "what" }, words(one)), one.note ? el("span", { class: "number meta" }, note(one)) : null),
    one.parts ? plan(one.parts) : null, one.nodes ? tree(one.nodes) : null)));
}

const words = (one) => (one.kind === "finish" ? t(`status.${one.text}`) : one.text);
const NOTES = { search: "sheet.found", digest: "sheet.relevant" };
const note = (one) => (NOTES[one.kind] ? t(NOTES[one.kind], { n: one.note }) : one.note);

function plan(parts) {
  return el("ol", { class: "plan" }, parts.map((one) => el("li", {}, el("span", { class: "number meta" }, `#${one.id} `), one.text,
    one.after.length ? el("span", { class: "meta" }, ` · ${t("sheet.after", { steps: one.after.map((id) => `#${id}`).join(", ") })}`) : null)));
}
