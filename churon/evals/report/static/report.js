// The report: draws every part of the data that is embedded in this file, and again in another
// language. It sends and fetches nothing.

import { byId, el, refill } from "./dom.js";
import { drawFindings, drawForest } from "./findings.js";
import { drawFilters, drawList } from "./list.js";
import { drawOrigin } from "./origin.js";
import { drawPlots } from "./plots.js";
import { named, openSheet, redrawSheet } from "./sheet.js";
import { drawSummary } from "./summary.js";
import { language, speak, t } from "./words.js";

const data = JSON.parse(byId("data").textContent);
const sheet = byId("sheet");
const content = (id) => byId(id).querySelector(".part-content");

function draw() {
  const names = data.sets.map((one) => one.name).join(", ");
  document.title = `${t("page.title")}: ${names}`;
  byId("title").textContent = document.title;
  byId("about").textContent = [t("page.questions", { n: data.questions.length }), t("page.variants", { n: data.variants.length }),
    t("page.until", { at: data.until.slice(0, 16).replace("T", " ") })].join(" · ");
  byId("warnings").hidden = !data.warnings.length;
  refill(byId("warnings").querySelector("ul"), data.warnings.map((one) => el("li", {}, one[language()])));
  drawFindings(data, content("findings"));
  drawSummary(data, content("summary"));
  drawForest(data, content("forest"));
  drawPlots(data, content("plots"));
  drawOrigin(data, content("origin"));
  drawFilters(data, byId("filters"), list);
  list();
  redrawSheet(data, sheet);
}

function list() {
  drawList(data, byId("list"), byId("shown"), (one) => openSheet(data, sheet, one));
}

for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => {
    speak(button.dataset.language);
    draw();
  });
}
speak(data.language);
draw();
if (named(data)) openSheet(data, sheet, named(data));
