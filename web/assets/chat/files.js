// Files that go with a question: images, PDFs, and text.

import { h, iconButton } from "./dom.js";

const MOST_BYTES = 2_500_000; // A request has 4 MiB at most, and base64 makes 4 bytes of 3.

const read = (file, how) =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader[how](file);
  });

/** The content part of *file*, as OpenAI's API has it. */
async function partOf(file) {
  if (/^image\/(png|jpeg|gif|webp)$/.test(file.type)) {
    return { type: "image_url", image_url: { url: await read(file, "readAsDataURL") } };
  }
  if (file.type === "application/pdf") {
    return { type: "file", file: { filename: file.name, file_data: await read(file, "readAsDataURL") } };
  }
  return { type: "text", text: `File ${file.name}:\n\n${await read(file, "readAsText")}` };
}

export class Attachments {
  constructor(list, tell) {
    [this.list, this.tell, this.files] = [list, tell, []];
  }

  async add(files) {
    for (const file of files) {
      const size = file.size + this.files.reduce((sum, each) => sum + each.size, 0);
      if (size > MOST_BYTES) this.tell(`${file.name} is too large: 2.5 MB in all.`);
      else this.files.push({ name: file.name, size: file.size, part: await partOf(file) });
    }
    this.show();
  }

  take() {
    const taken = this.files;
    this.files = [];
    this.show();
    return taken.map(({ name, part }) => ({ name, part }));
  }

  show() {
    const rows = this.files.map((file) => {
      const drop = () => {
        this.files = this.files.filter((each) => each !== file);
        this.show();
      };
      return h("li", {}, file.name, iconButton("close", `Remove ${file.name}`, drop));
    });
    this.list.replaceChildren(...rows);
  }
}
