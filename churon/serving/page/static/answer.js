// The answer of a turn: verdict, sentences with support and citations, notes, cost.

import { basename, el, refill } from "./dom.js";
import { drawError } from "./failure.js";
import { language, known, t } from "./i18n.js";
import { openPassage } from "./panel.js";

const SIGNS = { full: "✓", partial: "◐", none: "✕", unchecked: "○" };
/** Graphs that begin with a plan. */
const PLANNERS = new Set(["auto", "cot_rag"]);

/** Draws everything about the answer; `act` holds what its buttons do. */
export function drawAnswer(turn, view, act, anew = false) {
  const busy = turn.phase === "running";
  view.answer.setAttribute("aria-busy", String(busy));
  const line = view.head.querySelector(".now");
  if (busy && line && !anew) line.replaceChildren(...now(turn)); // the spinner turns on
  else refill(view.head, busy ? working(turn) : verdict(turn));
  refill(view.text, text(turn));
  refill(view.notes, turn.error ? drawError(turn, act) : null, notes(turn, act));
}

/** What a turn has come to: an outcome of the contract, "stopped" or "failed". */
export function statusOf(turn) {
  return turn.phase === "done" ? turn.output.status : turn.phase;
}

function working(turn) {
  return [
    el("p", { class: "verdict" },
      el("span", { class: "spinner", "aria-hidden": "true" }),
      el("strong", {}, t("working")),
      el("span", { class: "elapsed number" }, elapsed(turn))),
    el("p", { class: "now" }, now(turn)),
  ];
}

/** What was done last, or what comes first. */
function now(turn) {
  const step = turn.steps.at(-1);
  if (!step) return [t(PLANNERS.has(turn.graph) ? "planning" : "searching")];
  return [el("span", { class: "label" }, t(`label_${step.kind}`)), ` ${t(`step_${step.kind}`, step)}`];
}

export function elapsed(turn) {
  const until = turn.phase === "running" ? Date.now() : turn.ended;
  return t("seconds", { s: Math.round((until - turn.began) / 1000) });
}

function verdict(turn) {
  const status = statusOf(turn);
  return [
    el("p", { class: "verdict" }, el("span", { class: `badge ${status}` }, t(status))),
    el("p", { class: "means" }, t(`${status}_means`)),
  ];
}

function text(turn) {
  if (turn.claims.length) return turn.claims.flatMap((claim, place) => sentence(turn, claim, place));
  if (turn.draft.text && !turn.output) {
    return el("span", { class: "draft" }, el("span", { class: "label" }, t("draft")), " ", turn.draft.text);
  }
  return turn.output ? el("span", {}, turn.output.answer) : null;
}

function sentence(turn, claim, place) {
  const cited = turn.citations.filter((one) => one.claim === place);
  return [
    el("span", { class: `sentence ${claim.support}` }, claim.text),
    ...cited.map((one) => citation(turn, one)),
    " ", pill(claim.support, claim.support_score), " ",
  ];
}

function citation(turn, cited) {
  const document = basename(turn.passages.get(cited.evidence_id)?.document ?? "");
  const key = `${turn.id}:cite:${cited.claim}:${cited.evidence_id}`;
  return el("button", {
    type: "button", class: "cite", "data-key": key,
    "aria-label": t("cite", { n: cited.n, document }),
    onclick: () => openPassage(turn, cited.evidence_id, cited.claim),
  }, `[${cited.n}]`);
}

/** How well something is supported: a sign, words, a number. */
export function pill(support, score) {
  return el("span", { class: `pill ${support}` },
    el("span", { "aria-hidden": "true" }, SIGNS[support]), ` ${t(`support_${support}`)}`,
    score === null ? null : el("span", { class: "number" }, ` ${score.toFixed(2)}`));
}

function notes(turn, act) {
  const { output } = turn;
  if (!output) return turn.phase === "stopped" ? actions(turn, act) : null;
  return [
    output.missing.length ? note("missing", output.missing.map((fact) => el("li", {}, fact))) : null,
    output.degraded.length
      ? note("degraded", output.degraded.map((one) => el("li", {}, el("code", {}, one)))) : null,
    el("dl", { class: "facts" }, facts(output)),
    actions(turn, act),
  ];
}

function note(name, items) {
  return el("div", { class: `note ${name}` }, el("h3", {}, t(name)), el("ul", {}, items));
}

function facts({ usage, stop_reason: reason }) {
  const number = (value) => value.toLocaleString(language());
  const spent = ["calls", "tokens", "searches"].map((name) => fact(t(name), number(usage[name])));
  const why = known(`reason_${reason}`) ? t(`reason_${reason}`) : reason;
  return [
    ...spent,
    usage.cache_hits ? fact(t("cache_hits"), number(usage.cache_hits)) : null,
    fact(t("time"), t("seconds", { s: usage.seconds.toFixed(1) })),
    fact(t("stop_reason"), why, reason),
  ].filter(Boolean);
}

function fact(name, value, title = null) {
  return el("div", { title }, el("dt", {}, name), el("dd", {}, value));
}

function actions(turn, act) {
  const copy = turn.output && el("button", {
    type: "button", class: "quiet", "data-key": `${turn.id}:copy`,
    onclick: (event) => act.copy(turn, event.currentTarget),
  }, t("copy"));
  const again = el("button", {
    type: "button", class: "quiet", "data-key": `${turn.id}:retry`, onclick: () => act.retry(turn),
  }, t("retry"));
  return el("div", { class: "actions" }, copy, again);
}
