// Asks for the key of the app, and keeps it in this browser.

import { settings } from "./storage.js";

const NOT_SENT = /[^ -~]/; // Such as an invisible character that was copied with the key: no header takes it.

let asking;

/** Whether the user has given one; two who ask at once get the same answer. */
export function askForKey() {
  asking ??= ask().finally(() => (asking = undefined));
  return asking;
}

async function ask(problem = settings.key && "The key that is kept here is not, or no longer, right.") {
  const [dialog, field] = [document.getElementById("key-dialog"), document.getElementById("key")];
  document.getElementById("key-problem").textContent = problem;
  dialog.returnValue = field.value = ""; // Escape leaves the value of the last time.
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  const key = field.value.trim();
  field.value = "";
  if (dialog.returnValue !== "ok" || !key) return false;
  if (NOT_SENT.test(key)) return ask("This key has a character that no key has. Copy it once more.");
  settings.key = key;
  return true;
}
