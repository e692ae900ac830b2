// What is kept in this browser: conversations, the key, the choice of colours.

const [CHATS, KEY, THEME, CHAIN] = ["chats", "key", "theme", "chain"].map((name) => `chat-page:${name}`);

export const newId = () => (crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random().toString(36).slice(2)}`);

function read(name, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(name)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function write(name, value, replacer) {
  try {
    localStorage.setItem(name, JSON.stringify(value, replacer));
    return true;
  } catch {
    return false; // The browser keeps nothing, or is full.
  }
}

export const settings = {
  get key() { return read(KEY, ""); },
  set key(value) { value ? write(KEY, value) : localStorage.removeItem(KEY); },
  get theme() { return read(THEME, ""); },
  set theme(value) { write(THEME, value); },
  get chain() { return read(CHAIN, ""); },
  set chain(value) { write(CHAIN, value); },
};

/** The colours that were chosen here, if any were; else they are the system's. */
export function showTheme() {
  if (settings.theme) document.documentElement.dataset.theme = settings.theme;
}

export function toggleTheme() {
  const { dataset } = document.documentElement;
  const dark = dataset.theme ? dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  settings.theme = dataset.theme = dark ? "light" : "dark";
}

/** Files stay in memory: a browser keeps only 5 MB. */
const withoutFiles = (name, value) => (name === "part" ? undefined : value);

export class Chats {
  constructor() {
    this.all = read(CHATS, []).filter((chat) => chat?.id && Array.isArray(chat.messages));
  }

  start(fields) {
    const chat = { id: newId(), title: "", messages: [], updated: Date.now(), ...fields };
    this.all.unshift(chat);
    return chat;
  }

  find(id) {
    return this.all.find((chat) => chat.id === id);
  }

  remove(chat) {
    this.all = this.all.filter((each) => each !== chat);
    this.save();
  }

  /** Keep all of them; the oldest are dropped if they no longer fit. */
  save() {
    this.all.sort((one, other) => other.updated - one.updated);
    let kept = this.all.filter((chat) => chat.messages.length);
    while (kept.length && !write(CHATS, kept, withoutFiles)) kept = kept.slice(0, -1);
    if (!kept.length) write(CHATS, []);
  }
}
