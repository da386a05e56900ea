// How an answer was found: plan, passages, steps. The tree has a file of its own.

import { pill } from "./answer.js";
import { basename, el, meter, refill } from "./dom.js";
import { t } from "./i18n.js";
import { openPassage } from "./panel.js";

const FEW = 5;
const MARKS = { waiting: "", running: "", done: "✓", failed: "✕", not_run: "–" };

/** The plan: every step with its state, and what it found. */
export function drawPlan(turn, part) {
  show(part, turn.plan.length, "plan");
  const over = turn.phase !== "running";
  refill(part.body, el("ol", { class: "plan" }, turn.plan.map((step) => planStep(turn, step, over))));
}

function planStep(turn, step, over) {
  const open = step.state === "waiting" || step.state === "running";
  const state = over && open ? "not_run" : step.state;
  const after = step.depends_on.map((id) => `#${id}`).join(", ");
  return el("li", { class: state },
    el("span", { class: state === "running" ? "mark spinner" : "mark", "aria-hidden": "true" }, MARKS[state]),
    el("div", {},
      el("p", { class: "step-question" }, el("span", { class: "number" }, `#${step.id} `),
        step.result?.question ?? step.question),
      step.result?.answer ? el("p", { class: "step-answer" }, step.result.answer, " ", support(step.result)) : null,
      el("p", { class: "meta" }, [
        t(`state_${state}`), t(`op_${step.op}`), after ? t("after", { steps: after }) : "",
        step.result?.answer ? t(`method_${step.result.method}`) : "",
      ].filter(Boolean).join(" · "), sources(turn, step))));
}

function support(result) {
  return result.support_score === null ? null : pill(result.support, result.support_score);
}

function sources(turn, step) {
  const ids = (step.result?.evidence_ids ?? []).filter((id) => turn.passages.has(id));
  return ids.slice(0, 3).map((id) => el("button", {
    type: "button", class: "source", "data-key": `${turn.id}:step:${step.id}:${id}`,
    onclick: () => openPassage(turn, id, null),
  }, basename(turn.passages.get(id).document)));
}

/** Passages, the cited ones first, then by what is known of their worth. */
export function drawPassages(turn, part) {
  const all = ranked(turn);
  show(part, all.length, "passages");
  const shown = turn.all ? all : all.slice(0, FEW);
  refill(part.body,
    el("ul", { class: "passages" }, shown.map((passage) => card(turn, passage))),
    all.length > shown.length ? more(turn, part, all.length - shown.length) : null);
}

function ranked(turn) {
  const n = (passage) => sourceNumber(turn, passage) ?? Infinity;
  const worth = (passage) => [-n(passage), passage.relevance ?? -1, passage.rerank_score ?? -1e9, passage.retrieval_score];
  return [...turn.passages.values()].sort((a, b) => {
    const [left, right] = [worth(a), worth(b)];
    const place = left.findIndex((value, at) => value !== right[at]);
    return place < 0 ? 0 : right[place] - left[place];
  });
}

function sourceNumber(turn, passage) {
  return turn.citations.find((one) => one.evidence_id === passage.id)?.n;
}

function card(turn, passage) {
  const n = sourceNumber(turn, passage);
  return el("li", {}, el("button", {
    type: "button", class: n ? "card used" : "card", "data-key": `${turn.id}:passage:${passage.id}`,
    onclick: () => openPassage(turn, passage.id, null),
  },
  el("span", { class: "card-title" }, n ? el("span", { class: "n" }, `[${n}] `) : null,
    basename(passage.document), passage.page ? `, ${t("page", { n: passage.page })}` : ""),
  el("span", { class: "snippet" }, passage.text.slice(0, 220)),
  el("span", { class: "scores" }, scores(passage))));
}

/** Relevance where it was graded; else what ranked it. */
function scores(passage) {
  if (passage.relevance !== null) return meter(passage.relevance, t("relevance"));
  const [name, value] = passage.rerank_score === null
    ? ["retrieval", passage.retrieval_score] : ["rerank", passage.rerank_score];
  return el("span", { class: "meter" }, el("span", { class: "meter-label" }, t(name)), " ",
    el("span", { class: "number" }, value.toFixed(2)));
}

function more(turn, part, count) {
  const open = () => {
    turn.all = true;
    drawPassages(turn, part);
    part.body.querySelectorAll(".card")[FEW]?.focus();
  };
  return el("button", { type: "button", class: "quiet more", onclick: open }, `+${count}`);
}

/** Steps: new ones are added; all are drawn anew where there are fewer, or another language. */
export function drawSteps(turn, part, anew = false) {
  show(part, turn.steps.length, "steps");
  let list = part.body.firstElementChild;
  if (!list || anew || list.childElementCount > turn.steps.length) {
    list = el("ol", { class: "steps" });
    part.body.replaceChildren(list);
  }
  list.append(...turn.steps.slice(list.childElementCount).map(line));
}

function line(step) {
  const number = step.kind === "search" ? t("found", { n: step.n }) : step.score?.toFixed(2);
  return el("li", {},
    el("span", { class: "label" }, t(`label_${step.kind}`)),
    el("span", { class: "what" }, t(`step_${step.kind}`, step)),
    number ? el("span", { class: "number" }, number) : null);
}

/** A part appears with its first content; its title says how much there is. */
export function show(part, count, name, more_ = "") {
  part.root.hidden = !count;
  part.title.textContent = t(name);
  part.count.textContent = more_ || String(count);
}
