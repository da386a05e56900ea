// The page: asking, stopping, languages, and what belongs to them.

import { statusOf } from "./answer.js";
import { byId, el } from "./dom.js";
import { choose, keep, kept, t, translate } from "./i18n.js";
import { askForKey, key, setUpKey } from "./key.js";
import { redrawPanel, setUpPanel } from "./panel.js";
import { ask } from "./stream.js";
import { asHistory, end, newTurn, restart, take } from "./turn.js";
import { say, View } from "./view.js";

const GRAPH = "churon.graph";
const REMEMBERED_TURNS = 6;
const EXAMPLES = [
  { lang: "en", graph: "self_rag", text: "Who has led Marunuri Ferry since 2016?" },
  { lang: "ko", graph: "self_rag", text: "파도호의 승객 정원은 몇 명입니까?" },
  { lang: "en", graph: "cot_rag", text: "Which of the company's ferries carries more passengers?" },
];
const views = [];
let running = null;

const act = {
  retry: (turn) => running || run(viewOf(turn)),
  key: (turn) => unlock(viewOf(turn)),
  copy: async (turn, button) => {
    await navigator.clipboard?.writeText(turn.output.answer);
    button.textContent = t("copied");
  },
};

function viewOf(turn) {
  return views.find((view) => view.turn === turn);
}

function submit(event) {
  event?.preventDefault();
  const question = byId("question").value.trim();
  if (!question || running) return;
  const history = views.slice(-REMEMBERED_TURNS).flatMap((view) => asHistory(view.turn));
  const view = new View(newTurn(question, byId("graph").value, history), act);
  views.push(view);
  byId("turns").append(view.root);
  byId("question").value = "";
  fit();
  settle();
  view.root.scrollIntoView({ block: "start" });
  run(view);
}

/** Asks a turn's question, from its beginning. */
async function run(view) {
  const { turn } = view;
  restart(turn);
  running = new AbortController();
  settle();
  view.drawAll();
  say(t("working"));
  const { signal } = running;
  const body = { question: turn.question, graph: turn.graph, history: turn.history };
  try {
    for await (const event of ask(body, key(), signal)) {
      if (event.event === "plan" && !turn.plan.length) say(t("said_plan", { n: event.steps.length }));
      view.changed(take(turn, event));
    }
    say(t("said_answer", { status: t(statusOf(turn)) }));
  } catch (error) {
    failed(turn, error, signal);
  } finally {
    running = null;
    settle();
    view.drawAll();
  }
  if (turn.error?.status === 401) unlock(view);
}

function failed(turn, error, signal) {
  if (signal.aborted) {
    end(turn, "stopped");
    say(t("stopped"));
    return;
  }
  const known = "status" in error ? error : Object.assign(error, { status: 0, code: "connection_lost" });
  known.until = known.wait ? Date.now() + known.wait * 1000 : 0;
  end(turn, "failed", known);
}

async function unlock(view) {
  if ((await askForKey(key() ? "key_wrong" : "key_needed")) && !running) run(view);
}

/** Buttons and places as they fit what goes on; a focus that would be lost goes where it continues. */
function settle() {
  const lost = document.activeElement === byId("send") || document.activeElement === byId("stop");
  byId("send").hidden = Boolean(running);
  byId("stop").hidden = !running;
  byId("empty").hidden = views.length > 0;
  byId("anew").hidden = !views.length || Boolean(running);
  byId("question").dataset.tPlaceholder = views.length ? "follow_up" : "placeholder";
  byId("question").placeholder = t(byId("question").dataset.tPlaceholder);
  if (lost) byId(running ? "stop" : "question").focus({ preventScroll: true });
}

function anew() {
  views.length = 0;
  byId("turns").replaceChildren();
  settle();
  byId("question").focus();
}

function hint() {
  byId("graph-hint").textContent = t(`hint_${byId("graph").value}`);
}

function fit() {
  const box = byId("question");
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight, 200)}px`;
}

function example({ lang, graph, text }) {
  const use = () => {
    byId("question").value = text;
    byId("graph").value = graph;
    hint();
    fit();
    byId("question").focus();
  };
  return el("li", {}, el("button", { type: "button", class: "example", lang, onclick: use }, text));
}

function speak(language) {
  choose(language);
  hint();
  redrawPanel();
  for (const view of views) view.drawAll();
}

function setUpComposer() {
  const graph = byId("graph");
  const remembered = kept(GRAPH);
  if ([...graph.options].some((one) => one.value === remembered)) graph.value = remembered;
  graph.addEventListener("change", () => {
    keep(GRAPH, graph.value);
    hint();
  });
  byId("ask").addEventListener("submit", submit);
  byId("stop").addEventListener("click", () => running?.abort());
  byId("question").addEventListener("input", fit);
  byId("question").addEventListener("keydown", (event) => {
    // Enter that ends the composition of a Korean syllable is not meant for the form
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
  });
}

function setUp() {
  translate();
  setUpComposer();
  setUpPanel();
  setUpKey();
  byId("examples").append(...EXAMPLES.map(example));
  byId("anew").addEventListener("click", anew);
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => speak(button.dataset.language));
  }
  hint();
  settle();
  setInterval(() => views.forEach((view) => view.tick()), 1000);
  byId("question").focus({ preventScroll: true });
}

setUp();
