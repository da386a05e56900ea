// A question that failed: what happened, what the server said, what to do now.

import { el } from "./dom.js";
import { known, t } from "./i18n.js";

const SAID = new Set([400, 403, 408, 413, 415, 422, 500, 503]);
/** Statuses whose message tells more than the status. */

/** The failure as a message with its way out. */
export function drawError(turn, act) {
  const { error } = turn;
  const lost = error.status === 0 || error.status === 499;
  return el("div", { class: "failure", role: "alert" },
    el("p", { class: "failure-title" }, title(error)),
    lost && turn.passages.size ? el("p", {}, t("lost_means")) : null,
    el("p", { class: "wait", hidden: !left(error) }, t("wait", { s: left(error) })),
    error.message && SAID.has(error.status)
      ? el("p", { class: "server-said" }, t("details"), ": ", el("span", { lang: "en" }, error.message))
      : null,
    el("div", { class: "actions" }, error.status === 401 ? keyButton(turn, act) : retryButton(turn, act)));
}

/** Counts down, without drawing anything anew. */
export function countDown(turn, root) {
  const wait = root.querySelector(".wait");
  const again = root.querySelector(".again");
  if (!wait || !again) return;
  wait.hidden = !left(turn.error);
  wait.textContent = t("wait", { s: left(turn.error) });
  again.disabled = Boolean(left(turn.error));
}

function title(error) {
  for (const key of [error.code, error.status]) {
    if (key !== "" && known(`error_${key}`)) return t(`error_${key}`);
  }
  return t(error.status >= 400 && error.status < 500 ? "error_422" : "error_other");
}

function left(error) {
  return error.until ? Math.max(0, Math.ceil((error.until - Date.now()) / 1000)) : 0;
}

function keyButton(turn, act) {
  return el("button", {
    type: "button", class: "send", "data-key": `${turn.id}:key`, onclick: () => act.key(turn),
  }, t("enter_key"));
}

function retryButton(turn, act) {
  return el("button", {
    type: "button", class: "send again", "data-key": `${turn.id}:again`,
    disabled: Boolean(left(turn.error)), onclick: () => act.retry(turn),
  }, t("retry"));
}
