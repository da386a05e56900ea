// The table of questions: searched, filtered, ordered; a question opens the sheet.

import { el, refill } from "./dom.js";
import { number } from "./numbers.js";
import { sign } from "./svg.js";
import { t } from "./words.js";

const STEP = 60;
const OUTCOMES = ["right", "partly", "wrong", "answered", "abstained", "declined", "none", "error"];
const SORTS = ["order", "gain", "loss", "worst", "slow"];
export const wanted = { text: "", set: "", variant: "", outcome: "", sort: "order", b: "", shown: STEP };

/** The filters; `changed` is called with every choice. */
export function drawFilters(data, root, changed) {
  wanted.b ||= data.others[0] ?? "";
  const two = Boolean(wanted.b);
  const outcomes = OUTCOMES.filter((name) => data.questions.some((one) =>
    Object.values(one.runs).some((run) => run.outcome === name)));
  const choose = (name, value) => {
    wanted[name] = value;
    wanted.shown = STEP;
    changed();
  };
  refill(root,
    el("label", { class: "grow" }, el("span", {}, t("filter.search")),
      el("input", { type: "search", id: "search", value: wanted.text, "data-key": "search",
        oninput: (event) => choose("text", event.target.value) })),
    data.sets.length > 1 ? select("set", data.sets.map((one) => [one.name, one.name]), "filter.all", choose) : null,
    select("variant", data.variants.map((one) => [one, one]), "filter.any", choose),
    select("outcome", [...outcomes, ...(two ? ["gain", "loss"] : [])].map((one) => [one, t(`outcome.${one}`)]), "filter.all", choose),
    data.others.length > 1 ? select("b", data.others.map((one) => [one, one]), null, choose, "other") : null,
    select("sort", SORTS.filter((one) => two || !["gain", "loss"].includes(one)).map((one) => [one, t(`sort.${one}`)]), null, choose));
}

function select(name, options, all, choose, label = name) {
  const every = all ? [["", t(all)], ...options] : options;
  return el("label", {}, el("span", {}, t(`filter.${label}`)),
    el("select", { "data-filter": name, "data-key": name, onchange: (event) => choose(name, event.target.value) },
      every.map(([value, text]) => el("option", { value, selected: wanted[name] === value }, text))));
}

/** The questions that the filters let through, in order. */
export function chosen(data) {
  const words = wanted.text.toLowerCase().split(/\s+/).filter(Boolean);
  const made = data.questions.filter((one) => (!wanted.set || one.set === wanted.set)
    && outcomeFits(data, one) && words.every((word) => haystack(one).includes(word)));
  const key = ORDER[wanted.sort];
  return key ? made.map((one) => [key(data, one), one]).sort((a, b) => a[0] - b[0]).map(([, one]) => one) : made;
}

function haystack(one) {
  one.text ??= [one.case.id, one.case.question, ...one.case.answers, ...(one.case.tags ?? []),
    ...Object.values(one.runs).map((run) => run.answer ?? run.error ?? "")].join("\n").toLowerCase();
  return one.text;
}

function outcomeFits(data, one) {
  const runs = wanted.variant ? [one.runs[wanted.variant]].filter(Boolean) : Object.values(one.runs);
  if (!runs.length) return false;
  if (!wanted.outcome) return true;
  if (wanted.outcome === "gain") return gain(data, one) > 0;
  if (wanted.outcome === "loss") return gain(data, one) < 0;
  return runs.some((run) => run.outcome === wanted.outcome);
}

/** B's score less A's; NaN where one has none. */
function gain(data, one) {
  const [a, b] = [one.runs[data.a]?.score, one.runs[wanted.b]?.score];
  return a === null || a === undefined || b === null || b === undefined ? NaN : b - a;
}

const last = (value) => (Number.isNaN(value) || value === undefined || value === null ? Infinity : value);
const ORDER = {
  gain: (data, one) => last(-gain(data, one)),
  loss: (data, one) => last(gain(data, one)),
  worst: (data, one) => last(one.runs[data.a]?.score),
  slow: (data, one) => -(one.runs[data.a]?.scores.seconds ?? -Infinity),
};

export function drawList(data, root, status, open) {
  const all = chosen(data);
  status.textContent = t("filter.shown", { n: all.length, of: data.questions.length });
  if (!all.length) {
    refill(root, el("p", { class: "nothing" }, t("filter.none")));
    return;
  }
  refill(root, el("table", { class: "list" }, head(data),
    el("tbody", {}, all.slice(0, wanted.shown).map((one) => line(data, one, open)))), more(data, root, status, open, all.length));
}

function head(data) {
  const letter = (name) => (name === data.a ? "A · " : name === wanted.b ? "B · " : "");
  return el("thead", {}, el("tr", {}, el("th", { scope: "col" }, t("part.questions")),
    data.variants.map((name, at) => el("th", { scope: "col" }, sign(at), letter(name) + name))));
}

function line(data, one, open) {
  const about = [data.sets.length > 1 ? one.set : "", one.case.id, ...(one.case.tags ?? [])].filter(Boolean).join(" · ");
  return el("tr", {}, el("th", { scope: "row" },
    el("button", { type: "button", class: "open", lang: one.case.language, "data-key": `${one.set}\n${one.case.id}`,
      onclick: () => open(one) }, one.case.question), el("span", { class: "meta" }, about)),
  data.variants.map((name) => el("td", { "data-name": name }, badge(one.runs[name]))));
}

export function badge(run) {
  if (!run) return el("span", { class: "meta" }, t("outcome.missing"));
  const score = run.score === null || run.outcome === "error" ? null : el("span", { class: "number" }, number(run.score));
  return el("span", { class: "ended" }, el("span", { class: `badge ${run.outcome}` }, t(`outcome.${run.outcome}`)), score);
}

function more(data, root, status, open, count) {
  const rest = Math.min(STEP, count - wanted.shown);
  if (rest <= 0) return null;
  return el("button", { type: "button", class: "quiet more", onclick: () => {
    const before = wanted.shown;
    wanted.shown += STEP;
    drawList(data, root, status, open);
    root.querySelectorAll("button.open")[before]?.focus();
  } }, t("filter.more", { n: rest }));
}
