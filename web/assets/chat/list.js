// The list of conversations: the newest ones, and older ones on demand.

import { h, iconButton } from "./dom.js";

const PAGE = 100; // Conversations that are shown at first, and more with each click.

export class ChatList {
  /** *on* has `open(chat)`, `forget(chat)`, and `older(enough)`, which has it shown again, with more if not enough are there. */
  constructor(element, on) {
    [this.element, this.on, this.rows, this.limit] = [element, on, new WeakMap(), PAGE];
    this.older = h("li", {}, h("button", { type: "button", class: "chat older", onclick: () => this.showOlder() }, "Older conversations"));
  }

  /** *more* says whether there are others than *chats*. */
  show(chats, current, more) {
    [this.chats, this.current] = [chats.filter((chat) => chat.messages.length || chat.remote), current];
    const rows = this.chats.slice(0, this.limit).map((chat) => this.row(chat));
    if (more || this.chats.length > this.limit) rows.push(this.older);
    const there = this.element.children;
    if (rows.length !== there.length || rows.some((row, index) => row !== there[index])) this.element.replaceChildren(...rows);
  }

  row(chat) {
    const title = chat.title || "Untitled";
    let row = this.rows.get(chat);
    if (row?.firstChild.textContent !== title) {
      const button = h("button", { type: "button", class: "chat", onclick: () => this.on.open(chat) }, title);
      row = h("li", {}, button, iconButton("trash", `Delete ${title}`, () => this.forget(chat)));
      this.rows.set(chat, row);
    }
    if (chat === this.current) row.firstChild.setAttribute("aria-current", "true");
    else row.firstChild.removeAttribute("aria-current");
    return row;
  }

  forget(chat) {
    const row = this.rows.get(chat);
    const near = row.nextElementSibling ?? row.previousElementSibling;
    this.on.forget(chat);
    if (document.activeElement === document.body) (near?.firstChild ?? document.getElementById("new-chat")).focus();
  }

  async showOlder() {
    const next = this.element.childElementCount - 1;
    this.limit += PAGE;
    await this.on.older(this.chats.length >= this.limit);
    this.element.children[next]?.firstChild.focus();
  }
}
