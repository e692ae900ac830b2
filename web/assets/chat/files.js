// Files that go with a question: images, PDFs, and text.

import { h, iconButton } from "./dom.js";

const MOST_BYTES = 2_500_000; // A request has 4 MiB at most, and base64 makes 4 bytes of 3.
const NO_TEXT = /[\0\ufffd]/; // What is no text has these if it is read as UTF-8.

const read = (file, how) =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader[how](file);
  });

/** The content part of *file*, as OpenAI's API has it; none if it is of a kind that it has no part for. */
async function partOf(file) {
  if (/^image\/(png|jpeg|gif|webp)$/.test(file.type)) {
    return { type: "image_url", image_url: { url: await read(file, "readAsDataURL") } };
  }
  if (file.type === "application/pdf") {
    return { type: "file", file: { filename: file.name, file_data: await read(file, "readAsDataURL") } };
  }
  const text = await read(file, "readAsText");
  return NO_TEXT.test(text) ? undefined : { type: "text", text: `File ${file.name}:\n\n${text}` };
}

const hasFiles = ({ dataTransfer }) => dataTransfer.types.includes("Files");

export class Attachments {
  /** *tell* shows what is wrong with a file; *rest* has the focus once the last one is removed. */
  constructor(list, tell, rest) {
    [this.list, this.tell, this.rest, this.files] = [list, tell, rest, []];
  }

  /** Take the files that are picked, pasted or dropped. */
  listen(pick, question) {
    pick.addEventListener("change", () => this.add(pick.files).then(() => (pick.value = "")));
    question.addEventListener("paste", (event) => {
      const { files, types } = event.clipboardData;
      // Cells of a table come with their picture, and are text.
      if (!files.length || (types.includes("text/plain") && types.includes("text/html"))) return;
      event.preventDefault();
      this.add(files);
    });
    document.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
    document.addEventListener("drop", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      this.add(event.dataTransfer.files);
    });
  }

  async add(files) {
    const problems = [];
    for (const file of files) problems.push(await this.addOne(file));
    this.tell(problems.filter((each) => each).join(" "));
    this.show();
  }

  /** Add *file*, or return what is wrong with it. */
  async addOne(file) {
    const size = file.size + this.files.reduce((sum, each) => sum + each.size, 0);
    if (size > MOST_BYTES) return `${file.name} is too large: 2.5 MB in all.`;
    try {
      const part = await partOf(file);
      if (!part) return `${file.name} is no image (PNG, JPEG, GIF or WebP), no PDF and no text in UTF-8.`;
      this.files.push({ name: file.name, size: file.size, part });
    } catch {
      return `${file.name} could not be read.`; // Such as a folder.
    }
  }

  take() {
    const taken = this.files;
    this.files = [];
    this.show();
    return taken.map(({ name, part }) => ({ name, part }));
  }

  show() {
    const rows = this.files.map((file, index) => {
      const drop = () => {
        this.files = this.files.filter((each) => each !== file);
        this.show();
        (this.list.querySelectorAll("button")[index] ?? this.rest).focus();
      };
      return h("li", {}, file.name, iconButton("close", `Remove ${file.name}`, drop));
    });
    this.list.replaceChildren(...rows);
  }
}
