// Where the rows come from: what differs between variants first, what they share below.

import { el, refill } from "./dom.js";
import { block } from "./sets.js";
import { t } from "./words.js";

export function drawOrigin(data, root) {
  refill(root, data.sets.map((set) => block(data, set.name, differing(set), shared(set))));
}

function differing(set) {
  const rows = Object.entries(set.origin.differing);
  if (!rows.length || set.variants.length < 2) return el("p", { class: "meta" }, t("origin.none"));
  return el("div", { class: "scroll" }, el("table", { class: "figures slim" },
    el("caption", {}, t("origin.differing")),
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, t("origin.field")),
      set.variants.map((one) => el("th", { scope: "col" }, one.name)))),
    el("tbody", {}, rows.map(([name, values]) => el("tr", {}, el("th", { scope: "row" }, el("code", {}, name)),
      set.variants.map((one) => el("td", {}, el("code", {}, values[one.name]))))))));
}

function shared(set) {
  const rows = Object.entries(set.origin.shared);
  return el("details", { class: "part" }, el("summary", {}, t("origin.shared", { n: rows.length })),
    el("dl", { class: "shared" }, rows.map(([name, value]) => el("div", {}, el("dt", {}, el("code", {}, name)), el("dd", {}, el("code", {}, value))))));
}
