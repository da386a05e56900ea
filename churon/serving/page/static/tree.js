// The search tree: a nested list, a node a row, with its visits and values.

import { el, meter, refill } from "./dom.js";
import { t } from "./i18n.js";
import { show } from "./trace.js";

/** Draws the tree as it stands. */
export function drawTree(turn, part) {
  const { done, of } = turn.rollouts;
  show(part, turn.nodes.size, "tree", of ? t("rollouts", { done, of }) : t("nodes", { n: turn.nodes.size }));
  const children = byParent(turn.nodes);
  const path = pathTo(turn.nodes, turn.winner);
  refill(part.body, el("ul", { class: "tree" }, branches(turn, null, children, path)));
}

function byParent(nodes) {
  const found = new Map();
  for (const node of nodes.values()) {
    found.set(node.parent, [...(found.get(node.parent) ?? []), node]);
  }
  return found;
}

function pathTo(nodes, id) {
  const path = new Set();
  for (let at = nodes.get(id); at && !path.has(at.id); at = nodes.get(at.parent)) path.add(at.id);
  return path;
}

function branches(turn, parent, children, path) {
  return (children.get(parent) ?? []).map((node) => {
    const below = branches(turn, node.id, children, path);
    return el("li", { class: path.has(node.id) ? "on-path" : null },
      row(turn, node), below.length ? el("ul", {}, below) : null);
  });
}

function row(turn, node) {
  const classes = ["node", node.terminal ? "terminal" : "", turn.winner === node.id ? "winner" : ""];
  const running = node.active && turn.phase === "running";
  return el("div", { class: classes.join(" ").trim() },
    el("p", { class: "node-head" },
      running ? el("span", { class: "spinner", "aria-hidden": "true" }) : null,
      el("span", { class: "action" }, t(`action_${node.action}`)),
      turn.winner === node.id ? el("span", { class: "badge grounded" }, t("winner")) : null),
    words(node),
    el("p", { class: "node-values" },
      el("span", { class: "number" }, t("visits", { n: node.visits })),
      node.mean === null ? null : meter(node.mean, t("mean")),
      node.value === null ? null : meter(node.value, t("value"))));
}

/** What was asked, and what came of it. */
function words(node) {
  const said = node.answer || node.text;
  const asked = node.query && node.query !== said && !node.terminal ? node.query : "";
  return [
    asked ? el("p", { class: "node-query" }, asked) : null,
    said ? el("p", { class: "node-said" }, said) : null,
  ];
}
