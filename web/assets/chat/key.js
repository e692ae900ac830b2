// Asks for the key of the app, and keeps it in this browser.

import { settings } from "./storage.js";

let asking;

/** Whether the user has given one; two who ask at once get the same answer. */
export function askForKey() {
  asking ??= ask().finally(() => (asking = undefined));
  return asking;
}

async function ask() {
  const [dialog, field] = [document.getElementById("key-dialog"), document.getElementById("key")];
  document.getElementById("key-problem").textContent = settings.key ? "The key that is kept here is not, or no longer, right." : "";
  field.value = "";
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  if (dialog.returnValue !== "ok" || !field.value.trim()) return false;
  settings.key = field.value.trim();
  field.value = "";
  return true;
}
