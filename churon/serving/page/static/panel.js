// The passage panel: a passage with the exact words that bear a sentence.

import { basename, byId, el, marked } from "./dom.js";
import { language, t } from "./i18n.js";

let opened = null;

/** Opens a passage; from a citation with that sentence's span, else with all spans. */
export function openPassage(turn, id, claim) {
  opened = { turn, id, claim, opener: document.activeElement };
  draw();
  byId("passage").showModal();
  byId("passage-text").querySelector("mark")?.scrollIntoView({ block: "center" });
}

/** Draws an open panel anew, as after a change of language. */
export function redrawPanel() {
  if (byId("passage").open) draw();
}

export function setUpPanel() {
  const panel = byId("passage");
  byId("passage-close").addEventListener("click", () => panel.close());
  panel.addEventListener("click", (event) => {
    if (event.target === panel) panel.close(); // beside it
  });
  panel.addEventListener("close", giveFocusBack);
}

/** To what opened it, or to what was drawn in its place since then. */
function giveFocusBack() {
  const { opener } = opened;
  const key = opener?.dataset?.key;
  const again = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key);
  (document.contains(opener) ? opener : again)?.focus({ preventScroll: true });
}

function draw() {
  const { turn, id, claim } = opened;
  const passage = turn.passages.get(id);
  const cited = turn.citations.filter(
    (one) => one.evidence_id === id && (claim === null || one.claim === claim));
  byId("passage-title").textContent = basename(passage.document);
  byId("passage-place").textContent = place(passage);
  byId("passage-scores").replaceChildren(...scores(passage));
  byId("passage-text").replaceChildren(...marked(passage.text, cited));
  byId("passage-claims").replaceChildren(...claims(turn, cited));
}

function place(passage) {
  const { document, page, start, end, title } = passage;
  const where = [title !== document ? title : "", page ? t("page", { n: page }) : "",
    t("characters", { start: start + 1, end })];
  return [document, ...where].filter(Boolean).join(" · ");
}

function scores(passage) {
  const named = { relevance: passage.relevance, rerank: passage.rerank_score, retrieval: passage.retrieval_score };
  return Object.entries(named).filter(([, value]) => value !== null).map(([name, value]) => el("div", {},
    el("dt", {}, t(name)),
    el("dd", {}, value.toLocaleString(language(), { maximumFractionDigits: 3 }))));
}

function claims(turn, cited) {
  if (!cited.length) return [el("p", { class: "hint" }, t("nothing_highlighted"))];
  const unique = [...new Set(cited.map((one) => one.claim))];
  return [
    el("h3", {}, t("bears")),
    ...unique.map((at) => el("blockquote", {}, turn.claims[at]?.text ?? "")),
  ];
}
