// The search tree: a nested list, a node a row, the winner's path marked.

import { el } from "./dom.js";
import { t } from "./words.js";

export function tree(nodes) {
  const ids = new Set(nodes.map((one) => one.id));
  const children = new Map();
  for (const node of nodes) {
    const parent = ids.has(node.parent) ? node.parent : null;
    children.set(parent, [...(children.get(parent) ?? []), node]);
  }
  return el("ul", { class: "tree" }, branches(null, children, new Set()));
}

function branches(parent, children, above) {
  return (children.get(parent) ?? []).filter((node) => !above.has(node.id)).map((node) => {
    const below = branches(node.id, children, new Set([...above, node.id]));
    return el("li", { class: node.path ? "on-path" : null }, row(node), below.length ? el("ul", {}, below) : null);
  });
}

function row(node) {
  const values = [t("sheet.visits", { n: node.visits }), node.mean ? `${t("sheet.mean")} ${node.mean}` : "",
    node.value ? `${t("sheet.value")} ${node.value}` : ""].filter(Boolean);
  return el("div", { class: "node" },
    el("p", {}, el("span", { class: "label" }, t(`action.${node.action}`)), " ", el("span", { class: "meta number" }, values.join(" · "))),
    node.asked && node.asked !== node.text ? el("p", { class: "meta" }, node.asked) : null, node.text ? el("p", {}, node.text) : null);
}
