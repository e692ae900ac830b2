// A conversation as Markdown.

export function asMarkdown(chat) {
  const parts = [`# ${chat.title || "Conversation"}`];
  for (const message of chat.messages) {
    if (message.role === "user") {
      const files = (message.files ?? []).map(({ name }) => `\n\n(file: ${name})`).join("");
      parts.push(`## You\n\n${message.text}${files}`);
      continue;
    }
    parts.push(`## Answer\n\n${message.text}`);
    for (const tool of message.tools) parts.push(`> called ${tool.name} with ${JSON.stringify(tool.args)}`);
    const sources = message.sources.map(({ id, title, url }) => `- [${id}] ${title ?? ""} ${url ?? ""}`.trimEnd());
    if (sources.length) parts.push(sources.join("\n"));
    if (message.error) parts.push(`> ${message.error.message}`);
  }
  return `${parts.join("\n\n")}\n`;
}

export function download(chat) {
  const url = URL.createObjectURL(new Blob([asMarkdown(chat)], { type: "text/markdown" }));
  const name = (chat.title || "conversation").replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 60);
  const link = document.createElement("a");
  [link.href, link.download] = [url, `${name}.md`];
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
