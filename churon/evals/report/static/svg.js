// Plots as SVG: places on the page, axes, marks. Variants differ by shape as well as colour.

import { short } from "./numbers.js";

export const WIDE = 380;
export const TALL = 270;
export const INSIDE = { left: 46, right: 14, top: 10, bottom: 42 };

export function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.flat().filter((one) => one !== null && one !== ""));
  return made;
}

/** Places of values between `from` and `to`, on a scale that may be logarithmic. */
export function scale([low, high], [from, to], log = false) {
  const of = log ? Math.log : (value) => value;
  const length = of(high) - of(low) || 1;
  return (value) => from + ((of(value) - of(low)) / length) * (to - from);
}

export const across = (range, log) => scale(range, [INSIDE.left, WIDE - INSIDE.right], log);
export const upward = (range) => scale(range, [TALL - INSIDE.bottom, INSIDE.top]);

/** A figure with axes; `marks` are drawn over them. */
export function plot({ label, x, y, xTicks, yTicks, xName, yName }, ...marks) {
  const bottom = TALL - INSIDE.bottom;
  return svg("svg", { viewBox: `0 0 ${WIDE} ${TALL}`, class: "plot", role: "img", "aria-label": label },
    yTicks.map((at) => [
      svg("line", { class: "grid", x1: INSIDE.left, x2: WIDE - INSIDE.right, y1: y(at), y2: y(at) }),
      svg("text", { class: "tick", x: INSIDE.left - 7, y: y(at) + 4, "text-anchor": "end" }, short(at)),
    ]).flat(),
    xTicks.map((at) => svg("text", { class: "tick", x: x(at), y: bottom + 17, "text-anchor": "middle" }, short(at))),
    svg("line", { class: "axis", x1: INSIDE.left, x2: WIDE - INSIDE.right, y1: bottom, y2: bottom }),
    svg("text", { class: "axis-name", x: (INSIDE.left + WIDE - INSIDE.right) / 2, y: TALL - 6, "text-anchor": "middle" }, xName),
    svg("text", { class: "axis-name", "text-anchor": "middle",
      transform: `translate(12 ${(INSIDE.top + bottom) / 2}) rotate(-90)` }, yName),
    ...marks);
}

/** A variant's sign; `title` is what a pointer over it reads. */
export function mark(place, x, y, title, size = 5) {
  return svg("path", { class: `mark ${ink(place)}`, d: SHAPES[place % SHAPES.length](size),
    transform: `translate(${x} ${y})` }, svg("title", {}, title));
}

const SHAPES = [
  (s) => `M${-s} 0a${s} ${s} 0 1 0 ${2 * s} 0a${s} ${s} 0 1 0 ${-2 * s} 0Z`,
  (s) => `M${-s} ${-s}H${s}V${s}H${-s}Z`,
  (s) => `M0 ${-s * 1.25}L${s * 1.2} ${s}H${-s * 1.2}Z`,
  (s) => `M0 ${-s * 1.35}L${s * 1.35} 0L0 ${s * 1.35}L${-s * 1.35} 0Z`,
  (s) => `M0 ${s * 1.25}L${s * 1.2} ${-s}H${-s * 1.2}Z`,
  (s) => `M${-s} ${-s}L${s} ${s}M${s} ${-s}L${-s} ${s}`,
  (s) => `M${-s} 0a${s} ${s} 0 1 0 ${2 * s} 0a${s} ${s} 0 1 0 ${-2 * s} 0Z`,
  (s) => `M0 ${-s * 1.3}V${s * 1.3}M${-s * 1.3} 0H${s * 1.3}`,
];

/** The class that colours what is a variant's. */
export const ink = (place) => `v${place % SHAPES.length}`;

/** An interval, across or upright; where a bound cannot be told it ends at the point. */
export function whisker(place, x1, y1, x2, y2) {
  return svg("line", { class: `whisker ${ink(place)}`, x1, y1, x2, y2 });
}

/** The sign of a variant beside its name. */
export function sign(place) {
  return svg("svg", { viewBox: "-8 -8 16 16", class: "sign", "aria-hidden": "true" }, mark(place, 0, 0, ""));
}
