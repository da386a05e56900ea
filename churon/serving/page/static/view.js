// A turn on the page: its places, and drawing what changed, at most once a frame.

import { drawAnswer, elapsed } from "./answer.js";
import { byId, el } from "./dom.js";
import { countDown } from "./failure.js";
import { t } from "./i18n.js";
import { drawPassages, drawPlan, drawSteps } from "./trace.js";
import { drawTree } from "./tree.js";

const PARTS = ["plan", "tree", "passages", "steps"];
const DRAW = { plan: drawPlan, tree: drawTree, passages: drawPassages, steps: drawSteps };

export class View {
  #dirty = new Set();
  #waiting = false;

  constructor(turn, act) {
    this.turn = turn;
    this.act = act;
    this.head = el("div", { class: "answer-head" });
    this.text = el("div", { class: "answer-text" });
    this.notes = el("div", { class: "answer-notes" });
    this.answer = el("div", { class: "answer-live", "aria-live": "polite", "aria-busy": "true" }, this.text);
    this.parts = Object.fromEntries(PARTS.map((name) => [name, part(name)]));
    this.trace = el("aside", { class: "trace" }, PARTS.map((name) => this.parts[name].root));
    const title = `asked-${turn.id}`;
    this.root = el("article", { class: "turn", "aria-labelledby": title },
      el("h2", { id: title, class: "asked" }, turn.question),
      el("p", { class: "by" }, el("code", {}, turn.graph)),
      el("div", { class: "turn-body" },
        el("section", { class: "answer" }, this.head, this.answer, this.notes), this.trace));
    this.drawAll();
  }

  /** Draws these parts with the next frame. */
  changed(parts) {
    for (const name of parts) this.#dirty.add(name);
    if (this.#waiting || !this.#dirty.size) return;
    this.#waiting = true;
    requestAnimationFrame(() => this.#flush());
  }

  #flush() {
    this.#waiting = false;
    const parts = [...this.#dirty];
    this.#dirty.clear();
    for (const name of parts) if (name in DRAW) DRAW[name](this.turn, this.parts[name]);
    drawAnswer(this.turn, this, this.act);
  }

  /** Everything, as after a change of language. */
  drawAll() {
    for (const name of PARTS) DRAW[name](this.turn, this.parts[name], true);
    this.trace.setAttribute("aria-label", t("found_by"));
    drawAnswer(this.turn, this, this.act, true);
  }

  /** Once a second. */
  tick() {
    const clock = this.head.querySelector(".elapsed");
    if (clock) clock.textContent = elapsed(this.turn);
    if (this.turn.error) countDown(this.turn, this.notes);
  }
}

function part(name) {
  const title = el("span", { class: "part-title" });
  const count = el("span", { class: "part-count number" });
  const body = el("div", { class: "part-body" });
  const root = el("details", { class: `part part-${name}`, open: true, hidden: true }, el("summary", {}, title, count), body);
  return { root, title, count, body };
}

/** Tells those who cannot see the page. */
export function say(text) {
  byId("said").textContent = text;
}
