// A against B: sentences first, then every difference with its interval, drawn on one scale.

import { el, refill } from "./dom.js";
import { chance, number, short, span, ticks } from "./numbers.js";
import { block } from "./sets.js";
import { scale, svg } from "./svg.js";
import { language, t } from "./words.js";

const QUIET = new Set(["none", "same", "few"]);
const WIDTH = 300;
const EDGE = 10;

export function drawFindings(data, root) {
  const groups = grouped(data);
  if (!groups.length) {
    refill(root, el("p", { class: "meta" }, t(data.others.length ? "findings.nothing" : "findings.alone")));
    return;
  }
  refill(root, bySet(data, groups, (one) => found(data, one, groups.length === 1)), el("p", { class: "meta" }, [t("findings.how"), data.together ? t("findings.together") : ""].join(" ").trim()));
}

function found(data, { b, all }, alone) {
  const loud = all.filter((one) => !QUIET.has(one.finding));
  const quiet = all.filter((one) => QUIET.has(one.finding));
  return el("div", { class: "set" }, heading(data, b), loud.length ? sentences(loud) : null,
    quiet.length ? el("details", { class: "part", open: !loud.length && alone },
      el("summary", {}, t("findings.more", { n: quiet.length })), sentences(quiet)) : null);
}

function sentences(all) {
  return el("ul", { class: "findings" }, all.map((one) => el("li", { class: `is-${one.finding}` }, one.said[language()])));
}

function grouped(data) {
  const made = new Map();
  for (const one of data.comparisons) {
    const key = JSON.stringify([one.set, one.b]);
    if (!made.has(key)) made.set(key, { set: one.set, b: one.b, all: [] });
    made.get(key).all.push(one);
  }
  return [...made.values()];
}

const heading = (data, b) => el(data.together ? "h4" : "h3", {}, t("findings.against", { a: data.a, b }));

/** What `drawn` makes of each comparison, as one block a set. */
function bySet(data, groups, drawn) {
  const names = [...new Set(groups.map(({ set }) => set))];
  return names.map((name) => block(data, name, groups.filter(({ set }) => set === name).map(drawn)));
}

export function drawForest(data, root) {
  const groups = grouped(data);
  root.parentElement.hidden = !groups.length;
  refill(root, bySet(data, groups, ({ b, all }) => el("div", { class: "set" }, heading(data, b), forest(data, b, all))),
    el("p", { class: "meta" }, `${t("plot.forest_note")} ${t("table.detectable")}: ${t("table.detectable_means")}`));
}

function forest(data, b, all) {
  const shares = all.filter((one) => one.better >= 0);
  const reach = Math.min(1, Math.max(0.05, ...shares.flatMap((one) =>
    [one.difference, one.low, one.high, one.detectable].filter((v) => v !== null).map(Math.abs))) * 1.08);
  const heads = ["measure", "", "difference", "interval", "adjusted", "detectable", "n"];
  return el("div", { class: "scroll" }, el("table", { class: "forest" },
    el("thead", {}, el("tr", {}, heads.map((name) => el("th", { scope: "col", class: name ? null : "drawn" },
      name ? t(`table.${name}`) : sides(data.a, b))))),
    el("tbody", {}, shares.map((one) => line(one, reach)), shares.length ? el("tr", { class: "axis-row" }, el("td", {}),
      el("td", { class: "drawn" }, axis(reach)), el("td", { colspan: "5" })) : null),
    el("tbody", {}, all.filter((one) => one.better < 0).map((one) => line(one, null)))));
}

function sides(a, b) {
  return el("span", { class: "sides" }, el("span", {}, `← ${t("plot.lower", { a })}`), el("span", {}, `${t("plot.higher", { b })} →`));
}

function line(one, reach) {
  const cell = (key, text, more = null) => el("td", { "data-name": t(`table.${key}`), class: more }, text);
  const found = one.adjusted_p < 0.05;
  return el("tr", {},
    el("th", { scope: "row" }, t(`measure.${one.measure}`)),
    el("td", { class: "drawn" }, reach === null ? "" : drawn(one, reach, found)),
    cell("difference", number(one.difference, one.digits, true), "strong"),
    cell("interval", span(one.low, one.high, one.digits, true) || "?"),
    cell("adjusted", chance(one.adjusted_p), found ? "strong" : null),
    cell("detectable", one.detectable === null ? "?" : `±${number(one.detectable, one.digits)}`),
    cell("n", String(one.n)));
}

const along = (reach) => scale([-reach, reach], [EDGE, WIDTH - EDGE]);

function drawn(one, reach, found) {
  const x = along(reach);
  const unseen = Math.min(reach, one.detectable ?? 0);
  const clip = (value) => x(Math.max(-reach, Math.min(reach, value)));
  const title = `${t(`measure.${one.measure}`)}: ${number(one.difference, 2, true)} (${span(one.low, one.high, 2, true)})`;
  return svg("svg", { viewBox: `0 0 ${WIDTH} 26`, class: "lane", role: "img", "aria-label": title },
    svg("rect", { class: "unseen-band", x: x(-unseen), width: x(unseen) - x(-unseen), y: 4, height: 18 }),
    svg("line", { class: "zero", x1: x(0), x2: x(0), y1: 0, y2: 26 }),
    one.low === null ? null : svg("line", { class: "reach", x1: clip(one.low), x2: clip(one.high), y1: 13, y2: 13 }),
    svg("circle", { class: found ? "point found" : "point", cx: clip(one.difference), cy: 13, r: 5 }, svg("title", {}, title)));
}

function axis(reach) {
  const x = along(reach);
  return svg("svg", { viewBox: `0 0 ${WIDTH} 20`, class: "lane", "aria-hidden": "true" },
    ticks(-reach, reach).filter((_, at, all) => all.length < 8 || at % 2 === all.indexOf(0) % 2).map((at) =>
      svg("text", { class: "tick", x: x(at), y: 14, "text-anchor": "middle" }, at > 0 ? `+${short(at)}` : short(at))));
}
