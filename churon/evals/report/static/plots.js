// Quality against cost, recall by depth, the critic's reliability: a row of plots a set.

import { el, refill } from "./dom.js";
import { digits, magnitudes, number, span, ticks } from "./numbers.js";
import { block, parts } from "./sets.js";
import { across, ink, mark, plot, sign, svg, upward, whisker } from "./svg.js";
import { t } from "./words.js";

const LOG_FROM = 6;
const COSTS = [["calls", "plot.calls"], ["p50 seconds", "plot.seconds"]];

export function drawPlots(data, root) {
  refill(root, parts(data).map((set) => {
    const made = [...COSTS.map(([cost, key]) => scatter(data, set, cost, key)), recall(data, set), critic(data, set)];
    return block(data, set.name, legend(data, set), el("div", { class: "plots" }, made));
  }));
}

function legend(data, set) {
  return el("ul", { class: "legend" }, set.variants.map((one) => el("li", {}, sign(place(data, one)), one.name)));
}

const place = (data, variant) => data.variants.indexOf(variant.name);

function figure(title, drawn, ...notes) {
  return el("figure", {}, el("figcaption", {}, title), drawn, notes.filter(Boolean).map((one) => el("p", { class: "meta" }, one)));
}

/** The share of answers, or of evidence where no answers are known. */
function quality(set) {
  return ["answer", "evidence recall"].find((name) => set.variants.some((one) => one.figures[name]));
}

function scatter(data, set, cost, key) {
  const name = quality(set);
  const points = set.variants.filter((one) => one.figures[cost] && one.figures[name]);
  if (!points.length) return null;
  const ends = points.flatMap((one) => bounds(one.figures[cost]));
  const [least, most] = [Math.min(...ends), Math.max(...ends)];
  const log = least > 0 && most / least > LOG_FROM;
  const range = log ? [least / 1.25, most * 1.25] : [0, most * 1.08 || 1];
  const [x, y] = [across(range, log), upward([0, 1])];
  const title = t(key, { quality: t(`measure.${name}`) });
  return figure(title, plot({
    label: `${title}: ${points.map((one) => told(one, cost, name)).join("; ")}`, x, y,
    xTicks: log ? magnitudes(...range) : ticks(...range), yTicks: ticks(0, 1),
    xName: t(`measure.${cost}`), yName: t(`measure.${name}`),
  }, points.map((one) => dot(place(data, one), one.figures[cost], one.figures[name], x, y, told(one, cost, name)))),
  t("plot.bars"));
}

const bounds = ({ value, low, high }) => [low ?? value, high ?? value];

function told(one, cost, name) {
  const [spent, found] = [one.figures[cost], one.figures[name]];
  return `${one.name}: ${t(`measure.${name}`)} ${number(found.value)} (${span(found.low, found.high, 2)}), `
    + `${t(`measure.${cost}`)} ${number(spent.value, digits(cost))}`;
}

function dot(at, spent, found, x, y, title) {
  const [cx, cy] = [x(spent.value), y(found.value)];
  const [[left, right], [below, above]] = [bounds(spent), bounds(found)];
  return svg("g", {}, whisker(at, x(left), cy, x(right), cy), whisker(at, cx, y(below), cx, y(above)), mark(at, cx, cy, title));
}

function recall(data, set) {
  const curves = set.variants.filter((one) => one.recall.length);
  if (!curves.length) return null;
  const depths = [...new Set(curves.flatMap((one) => one.recall.map((point) => point.k)))].sort((a, b) => a - b);
  const [x, y] = [across([depths[0], depths.at(-1)], true), upward([0, 1])];
  const said = curves.map((one) => `${one.name}: ${one.recall.map((point) => `@${point.k} ${number(point.value)}`).join(", ")}`);
  return figure(t("plot.recall"), plot({
    label: `${t("plot.recall")}: ${said.join("; ")}`, x, y, xTicks: depths, yTicks: ticks(0, 1),
    xName: t("plot.k"), yName: t("plot.recall_axis"),
  }, curves.map((one, shift) => curve(place(data, one), one.recall.map((point) => ({
    x: x(point.k) + (shift - (curves.length - 1) / 2) * 5, y: y(point.value), low: y(point.low ?? point.value),
    high: y(point.high ?? point.value),
    title: `${one.name} @${point.k}: ${number(point.value)} (${span(point.low, point.high, 2)})`,
  }))))));
}

function curve(at, points) {
  return svg("g", {},
    svg("polyline", { class: `curve ${ink(at)}`, points: points.map((one) => `${one.x},${one.y}`).join(" ") }),
    points.map((one) => [whisker(at, one.x, one.low, one.x, one.high), mark(at, one.x, one.y, one.title, 3.6)]).flat());
}

function critic(data, set) {
  const judged = set.variants.filter((one) => one.critic);
  if (!judged.length) return null;
  const [x, y] = [across([0, 1]), upward([0, 1])];
  const said = judged.map((one) => t("plot.ece", {
    variant: one.name, ece: number(one.critic.ece), brier: number(one.critic.brier), n: one.critic.n,
  }));
  return figure(t("plot.critic"), plot({
    label: `${t("plot.critic")}. ${said.join("; ")}`, x, y, xTicks: ticks(0, 1), yTicks: ticks(0, 1),
    xName: t("plot.predicted"), yName: t("plot.observed"),
  }, svg("line", { class: "ideal", x1: x(0), y1: y(0), x2: x(1), y2: y(1) }),
  judged.map((one) => curve(place(data, one), one.critic.bins.map((bin) => ({
    x: x(bin.predicted), y: y(bin.observed), low: y(bin.low), high: y(bin.high),
    title: `${one.name}: ${number(bin.predicted)} → ${number(bin.observed)}, n = ${bin.n}`,
  }))))), ...said, t("plot.critic_note"));
}
