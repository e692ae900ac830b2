// The chat page: puts the parts together.

import { AnswerView, ending } from "./answer.js";
import { remove } from "./api.js";
import { ChainPicker } from "./chains.js";
import { Conversation } from "./conversation.js";
import { composing, icon, iconButton, iconLink } from "./dom.js";
import { download } from "./export.js";
import { Attachments } from "./files.js";
import { askForKey } from "./key.js";
import { ChatList } from "./list.js";
import { questionView } from "./question.js";
import { Scroll } from "./scroll.js";
import { Chats, hearOthers, showTheme, tab, toggleTheme } from "./storage.js";
import { fromThread, ThreadList } from "./threads.js";

const $ = (id) => document.getElementById(id);
const [list, question] = [$("messages"), $("question")];
const scroll = new Scroll($("log"), $("to-end"));

const conversations = new Map();
const chats = new Chats((chat) => conversations.get(chat)?.running);
const views = new Map();
const threads = new ThreadList(chats);
const chatList = new ChatList($("chat-list"), { open, forget, older });
const chains = new ChainPicker();
const files = new Attachments($("files"), note, question);
let [current, opening] = [];

function say(text) {
  $("status").textContent = text;
}

/** Say what is also to be seen; nothing if it is over. */
function note(text = "") {
  $("note").textContent = text;
}

const waiting = new Set();
let took = 0; // Milliseconds of the last time: a long list leaves the page time for its reader.

function changed(answer) {
  if (!waiting.size) setTimeout(() => requestAnimationFrame(showChanged), took > 10 ? took * 3 : 0);
  waiting.add(answer);
}

function showChanged() {
  const answers = [...waiting];
  waiting.clear();
  const begun = performance.now();
  scroll.following(() => answers.forEach((answer) => views.get(answer)?.update()));
  took = performance.now() - begun;
}

function showQuestion(message) {
  const send = (text) => {
    branch(current.chat.messages.indexOf(message));
    ask(text, message.files ?? []);
  };
  list.append(questionView(message, send));
}

function showAnswer(answer) {
  const conversation = current;
  const view = new AnswerView(answer, {
    retry: () => retry(conversation, answer),
    branch: () => branch(conversation.chat.messages.indexOf(answer) + 1, true),
    reply(id, value) {
      conversation.reply(answer, id, value).catch(console.error);
      view.end();
      $("send").focus(); // The button that had it is gone.
    },
  });
  views.set(answer, view);
  list.append(view.element);
}

function show(conversation, { focus = true } = {}) {
  [current, opening] = [conversation];
  const { chat } = conversation;
  tab.shown = chat.id;
  views.clear();
  list.replaceChildren();
  chat.messages.forEach((message) => (message.role === "user" ? showQuestion(message) : showAnswer(message)));
  $("welcome").hidden = chat.messages.length > 0;
  $("title").textContent = document.title = chat.title || "New conversation";
  chains.choose(chat.chain, chat.inputs);
  note();
  showState();
  showChats();
  scroll.toEnd();
  $("to-end").hidden = true;
  document.body.classList.remove("chats-open");
  $("show-chats").setAttribute("aria-expanded", "false");
  if (focus) question.focus();
}

function showState() {
  const { running } = current;
  $("send").replaceChildren(icon(running ? "stop" : "send"));
  $("send").setAttribute("aria-label", running ? "Stop" : "Send");
  $("send").classList.toggle("stop", running);
  $("export").disabled = !current.chat.messages.length;
}

function showChats() {
  chatList.show(chats.all, current.chat, threads.more);
}

let full = false;

function save() {
  if (chats.save() || full) return;
  full = true;
  note("This browser has no room for all conversations: those that are too old or too long are not kept.");
}

const on = {
  save,
  key: giveKey,
  change: changed,
  begin(answer) {
    if (current.chat.messages.includes(answer) && !views.has(answer)) scroll.following(() => showAnswer(answer));
    views.get(answer)?.update();
    say("Answering…");
    showState();
  },
  replaced: (answer) => views.get(answer)?.remove(),
  end(answer) {
    scroll.following(() => views.get(answer)?.update());
    if (answer.error?.code !== "thread_required") say(ending(answer)); // Else it is asked again, on a thread.
    showState();
    showChats();
  },
};

function conversationOf(chat) {
  if (!conversations.has(chat)) conversations.set(chat, new Conversation(chat, on));
  return conversations.get(chat);
}

async function open(chat) {
  opening = chat;
  if (chat.remote && !(await loaded(chat))) return;
  if (opening !== chat) return; // Another one has been opened since.
  show(conversationOf(chat));
  if (!current.running) await current.resume();
}

async function loaded(chat) {
  try {
    if (await fromThread(chat)) return true;
    note("The server no longer has this conversation.");
    chats.remove(chat);
    showChats();
  } catch (error) {
    if (error.status === 401 && (await giveKey())) return loaded(chat);
    note("The conversation could not be loaded.");
  }
}

async function older(enough) {
  if (!enough && threads.more) await threads.load().catch(() => note("Older conversations could not be loaded."));
  showChats();
}

function startNew() {
  const empty = chats.all.find((chat) => !chat.messages.length && !chat.remote);
  show(conversationOf(empty ?? chats.start()));
}

function forget(chat) {
  conversationOf(chat).stop();
  if (chat.thread) remove(`api/threads/${encodeURIComponent(chat.thread)}`);
  chats.remove(chat);
  if (chat === current.chat) startNew();
  else showChats();
}

/** Show what other tabs have changed. */
function showOthers() {
  const changed = chats.refresh();
  if (!chats.all.includes(current.chat)) startNew();
  else if (!changed.includes(current.chat)) showChats();
  else {
    show(current, { focus: false });
    if (current.last?.runId) current.resume().catch(console.error);
  }
}

async function ask(text, attached) {
  const conversation = current;
  $("welcome").hidden = true;
  const answered = conversation.ask(text, attached, chains.chosen);
  const { messages } = conversation.chat;
  messages.forEach((each) => each.passed && views.get(each)?.end());
  showQuestion(messages.at(-2));
  const view = views.get(messages.at(-1));
  if (view) list.append(view.element);
  $("title").textContent = document.title = conversation.chat.title;
  scroll.toEnd();
  showChats();
  chats.save();
  await answered;
}

function retry(conversation, answer) {
  if (conversation.running) return;
  const { messages } = conversation.chat;
  const index = messages.indexOf(answer);
  messages.slice(index).forEach((each) => views.get(each)?.remove());
  conversation.again(index).catch(console.error);
  show(conversation);
}

/** Another conversation, begun with what stands before *index*. */
function branch(index, shown) {
  const { title, chain, inputs: given, threads, messages } = current.chat;
  const chat = chats.start({ title, chain, inputs: given, threads });
  chat.messages = structuredClone(messages.slice(0, index));
  conversationOf(chat).pass();
  show(conversationOf(chat));
  if (shown) say("A new conversation, with the same messages.");
}

function send(event) {
  event?.preventDefault();
  if (current.running) return current.stop();
  const text = question.value;
  if (!text.trim() && !files.files.length) return;
  if (!$("composer").reportValidity()) return;
  question.value = "";
  note();
  grow();
  ask(text, files.take()).catch(console.error);
}

function grow() {
  question.style.height = "auto";
  question.style.height = `${Math.min(question.scrollHeight, 220)}px`;
}

async function loadChains() {
  await chains.load(current.chat.chain, current.chat.inputs).catch(({ status }) => {
    const then = status === 401 ? "This app asks for a key." : "Reload the page to try again.";
    $("welcome-text").textContent = `The list of chains could not be loaded. ${then}`;
    say($("welcome-text").textContent);
  });
  if (chains.known.threads) await threads.load().then(showChats, () => {});
}

async function giveKey() {
  const given = await askForKey();
  if (given && !chains.known.chains.length) loadChains().catch(console.error);
  return given;
}

function toggleChats() {
  const opened = document.body.classList.toggle("chats-open");
  $("show-chats").setAttribute("aria-expanded", String(opened));
  $(opened ? "new-chat" : "show-chats").focus();
}

function begin() {
  showTheme();
  $("show-chats").append(icon("menu"));
  $("new-chat").prepend(icon("plus"));
  $("to-end").append(icon("down"));
  $("tools").append(
    iconButton("export", "Export as Markdown", () => download(current.chat), { id: "export" }),
    iconLink("chart", "Usage", "usage"),
    iconButton("theme", "Light or dark", toggleTheme),
    iconButton("key", "Key", giveKey),
  );
  $("left-actions").append(iconButton("clip", "Attach files", () => $("pick").click()));
  files.listen($("pick"), question);
  $("show-chats").addEventListener("click", toggleChats);
  $("new-chat").addEventListener("click", startNew);
  $("composer").addEventListener("submit", send);
  question.addEventListener("input", grow);
  question.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !composing(event)) {
      event.preventDefault();
      if (!current.running) send();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || composing(event) || $("key-dialog").open) return;
    if (document.body.classList.contains("chats-open")) toggleChats();
    else current.stop();
  });
  addEventListener("pagehide", () => chats.save());
  hearOthers(chats, showOthers);
  const left = chats.find(tab.shown) ?? chats.all.find((chat) => chat.messages.at(-1)?.status === "running");
  show(conversationOf(left ?? chats.start()));
  loadChains().catch(console.error);
  current.resume().catch(console.error);
}

begin();
