// The headline table: measures down, variants across, the interval below each figure.

import { el, refill } from "./dom.js";
import { digits, number, span } from "./numbers.js";
import { sign } from "./svg.js";
import { block, parts, setName } from "./sets.js";
import { known, t } from "./words.js";

const COUNTS = ["rows", "errors", "abstained", "without"];

export function drawSummary(data, root) {
  refill(root, parts(data).map((set) => block(data, set.name,
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `${t("part.summary")}: ${setName(set.name)}` },
      table(data, set)),
    times(set))));
}

function table(data, set) {
  return el("table", { class: "figures" }, el("caption", { class: "unseen" }, `${setName(set.name)}: ${t("table.caption")}`),
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, t("table.measure")),
      set.variants.map((one) => el("th", { scope: "col" }, sign(data.variants.indexOf(one.name)), one.name)))),
    el("tbody", {},
      COUNTS.map((name) => el("tr", { class: "count" }, el("th", { scope: "row" }, t(`table.${name}`)),
        set.variants.map((one) => el("td", { class: name === "errors" && one.counts[name] ? "bad" : null },
          String(one.counts[name]))))),
      set.shown.map((name) => el("tr", {}, title(name), set.variants.map((one) => cell(name, one.figures[name], one.counts.rows))))));
}

function title(name) {
  const about = known(`about.${name}`) ? el("span", { class: "about" }, t(`about.${name}`)) : null;
  return el("th", { scope: "row" }, t(`measure.${name}`), about);
}

function cell(name, figure, rows) {
  if (!figure) return el("td", {}, "–");
  const places = digits(name);
  const range = span(figure.low, figure.high, places);
  return el("td", {}, el("span", { class: "value" }, number(figure.value, places)),
    range ? el("span", { class: "range" }, range) : null,
    figure.n === rows ? null : el("span", { class: "range" }, `n ${figure.n}`));
}

/** Seconds by kind of step, closed at first. */
function times(set) {
  const names = [...new Set(set.variants.flatMap((one) => Object.keys(one.stages)))];
  if (!names.length) return null;
  const cells = (one, name) => [one.stages[name]?.mean, one.stages[name]?.p95].map((value) => (value === undefined ? "–" : number(value)));
  return el("details", { class: "part" }, el("summary", {}, t("part.times")),
    el("div", { class: "scroll" }, el("table", { class: "figures slim" },
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, t("step.result")),
        set.variants.map((one) => el("th", { scope: "col" }, one.name, el("span", { class: "range" }, `${t("table.mean")} / p95`))))),
      el("tbody", {}, names.map((name) => el("tr", {}, el("th", { scope: "row" }, t(`stage.${name}`)),
        set.variants.map((one) => el("td", {}, cells(one, name).join(" / ")))))))));
}
