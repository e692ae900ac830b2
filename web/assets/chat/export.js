// A conversation as Markdown.

/** *text*, whose code is closed if the answer ended within it. */
function closed(text) {
  let open;
  for (const [, mark, rest] of text.matchAll(/^ *(`{3,}|~{3,})(.*)$/gm)) {
    if (!open) open = mark[0] === "`" && rest.includes("`") ? undefined : mark;
    else if (mark.startsWith(open) && !rest.trim()) open = undefined;
  }
  return open ? `${text}\n${open}` : text;
}

const quoted = (text) => `> ${text.replaceAll("\n", "\n> ")}`;
const said = (value) => (typeof value === "string" ? value : JSON.stringify(value));

export function asMarkdown(chat) {
  const parts = [`# ${chat.title || "Conversation"}`];
  for (const message of chat.messages) {
    if (message.role === "user") {
      const files = (message.files ?? []).map(({ name }) => `\n\n(file: ${name})`).join("");
      parts.push(`## You\n\n${closed(message.text)}${files}`);
      continue;
    }
    parts.push(`## Answer\n\n${closed(message.text)}`);
    for (const tool of message.tools) parts.push(quoted(`called ${tool.name}${"args" in tool ? ` with ${said(tool.args)}` : ""}`));
    for (const { value } of message.questions) parts.push(quoted(`waited for: ${said(value)}`));
    const sources = message.sources.map(({ id, title, url }) => `- [${id}] ${title ?? ""} ${url ?? ""}`.trimEnd());
    if (sources.length) parts.push(sources.join("\n"));
    if (message.error) parts.push(quoted(message.error.message));
  }
  return `${parts.join("\n\n")}\n`;
}

export function download(chat) {
  const url = URL.createObjectURL(new Blob([asMarkdown(chat)], { type: "text/markdown" }));
  const title = /[\p{L}\p{N}]/u.test(chat.title) ? chat.title : "conversation";
  const name = [...title.replace(/[^\p{L}\p{M}\p{N}]+/gu, "-")].slice(0, 60).join("");
  const link = document.createElement("a");
  [link.href, link.download] = [url, `${name}.md`];
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
