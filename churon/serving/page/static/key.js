// The API key: asked for when the server wants one, kept in this tab's session only.

import { byId } from "./dom.js";
import { t } from "./i18n.js";

const PLACE = "churon.key";
/** What a header can carry. */
const SENDABLE = /^[\x21-\x7e]+$/;
let kept = stored();
let resolve = null;

export function key() {
  return kept;
}

/** Asks for a key, saying why; true where one was given. */
export function askForKey(why) {
  byId("key-said").textContent = t(why);
  byId("key-value").value = "";
  byId("key-forget").hidden = !kept;
  byId("key-dialog").showModal();
  byId("key-value").focus();
  return new Promise((given) => {
    resolve = given;
  });
}

export function setUpKey() {
  const dialog = byId("key-dialog");
  byId("key").addEventListener("click", () => askForKey("key_change"));
  byId("key-cancel").addEventListener("click", () => dialog.close());
  byId("key-forget").addEventListener("click", () => {
    store("");
    dialog.close();
  });
  byId("key-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const given = byId("key-value").value.trim();
    if (!SENDABLE.test(given)) {
      byId("key-said").textContent = t("key_odd");
      return;
    }
    store(given);
    answered(true);
    dialog.close();
  });
  dialog.addEventListener("close", () => {
    byId("key-value").value = "";
    answered(false);
  });
  byId("key").hidden = !kept;
}

function answered(given) {
  resolve?.(given);
  resolve = null;
}

function store(given) {
  kept = given;
  byId("key").hidden = !given;
  try {
    if (given) sessionStorage.setItem(PLACE, given);
    else sessionStorage.removeItem(PLACE);
  } catch {
    // storage is forbidden: known until the page is left
  }
}

function stored() {
  try {
    return sessionStorage.getItem(PLACE) ?? "";
  } catch {
    return "";
  }
}
