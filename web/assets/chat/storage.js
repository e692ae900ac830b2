// What is kept in this browser: conversations, the key, the choice of colours.

const [CHATS, DELETED, SHOWN, KEY, THEME, CHAIN, THREADED] = [
  ...["chats", "deleted", "shown", "key", "theme", "chain", "threaded"],
].map((name) => `chat-page:${name}`);

export const newId = () => (crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random().toString(36).slice(2)}`);

const unkept = new Map(); // What the browser does not keep is kept as long as the page is there.

function read(name, otherwise) {
  if (unkept.has(name)) return unkept.get(name);
  try {
    return JSON.parse(localStorage.getItem(name)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

/** Whether *text* is kept: a browser may keep nothing, or be full. */
function put(name, text) {
  try {
    localStorage.setItem(name, text);
    return true;
  } catch {
    return false;
  }
}

function write(name, value) {
  if (put(name, JSON.stringify(value))) unkept.delete(name);
  else unkept.set(name, value);
}

export const settings = {
  get key() { return read(KEY, ""); },
  set key(value) { write(KEY, value); },
  get theme() { return read(THEME, ""); },
  set theme(value) { write(THEME, value); },
  get chain() { return read(CHAIN, ""); },
  set chain(value) { write(CHAIN, value); },
  /** The chains that have refused to answer without a thread. */
  get threaded() { return read(THREADED, []); },
  set threaded(names) { write(THREADED, names); },
};

/** Which conversation this tab shows, also after a reload. */
export const tab = {
  get shown() {
    try {
      return sessionStorage.getItem(SHOWN);
    } catch {
      return undefined;
    }
  },
  set shown(id) {
    try {
      sessionStorage.setItem(SHOWN, id);
    } catch {
      // The browser keeps nothing.
    }
  },
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

const DELETIONS = 500; // So many are remembered.

/** All conversations of this browser; other tabs change them as well. */
export class Chats {
  /** *busy* says of one whether this tab is changing it. */
  constructor(busy) {
    [this.busy, this.all, this.stale] = [busy, kept(), false];
    this.room = Infinity; // Characters that the browser has for them; unknown until they are too many.
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
    write(DELETED, [chat.id, ...read(DELETED, [])].slice(0, DELETIONS));
    this.all = this.all.filter((each) => each !== chat);
    this.save();
  }

  /** Take over what other tabs have kept or deleted; those of here that it has changed. */
  refresh() {
    this.stale = false;
    const [deleted, others] = [new Set(read(DELETED, [])), kept()];
    this.all = this.all.filter((chat) => !deleted.has(chat.id) || this.busy(chat));
    return others.map((other) => this.take(other, deleted)).filter(Boolean);
  }

  take(other, deleted) {
    const chat = this.find(other.id);
    if (!chat && !deleted.has(other.id)) this.all.push(other);
    if (!chat || this.busy(chat) || chat.updated >= other.updated) return undefined;
    Object.keys(chat).forEach((name) => delete chat[name]);
    return Object.assign(chat, other);
  }

  /** Keep all of them, or as many of the newest as fit; whether all did. */
  save() {
    if (this.stale) this.refresh();
    this.all.sort((one, other) => other.updated - one.updated);
    const all = this.all.filter((chat) => chat.messages.length).map((chat) => JSON.stringify(chat, withoutFiles));
    let fit = fitting(all, this.room);
    while (!put(CHATS, `[${fit}]`) && fit.length) {
      this.room = 0.95 * Math.min(this.room, `${fit}`.length);
      fit = fitting(all, this.room);
    }
    return fit.length === all.length;
  }
}

/** Those of *texts* that *room* characters have room for, the first ones first. */
function fitting(texts, room) {
  return texts.filter(({ length }) => {
    const fits = length < room;
    if (fits) room -= length + 1;
    return fits;
  });
}

/** Whether *message* is of the kind that this version of the page keeps. */
const isMessage = ({ role, text, tools, sources, questions }) =>
  typeof text === "string" && (role === "user" || [tools, sources, questions].every(Array.isArray));

const kept = () => [read(CHATS, [])].flat().filter((chat) => chat?.id && Array.isArray(chat.messages) && chat.messages.every((each) => isMessage(Object(each))));

/** Call *changed* once another tab has kept something; `chats` are stale then. */
export function hearOthers(chats, changed) {
  const look = () => chats.stale && !document.hidden && changed();
  const stale = () => {
    chats.stale = true;
    look();
  };
  addEventListener("storage", ({ key }) => key === CHATS && stale());
  addEventListener("pageshow", ({ persisted }) => persisted && stale());
  document.addEventListener("visibilitychange", look);
}
