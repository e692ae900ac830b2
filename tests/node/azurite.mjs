// Azurite's Blob and Table on free loopback ports, in memory, until stdin ends.
import { createRequire } from "node:module";

const anyPort = ["blob", "queue", "table"].flatMap((name) => [`--${name}Port`, "0"]);
process.argv.push(...anyPort, "--silent", "--inMemoryPersistence", "--disableTelemetry");
process.argv.push("--skipApiVersionCheck");

const found = {};
const print = console.log;
console.log = (line) => {
  const [, name, url] = /Azurite (\w+) service.*listening (?:at|on) (\S+)/.exec(line) ?? [];
  if (name) found[name] = url;
  if (name && found.Blob && found.Table) {
    print(`ready BlobEndpoint=${found.Blob}/devstoreaccount1;TableEndpoint=${found.Table}/devstoreaccount1;`);
  }
};
process.stdin.on("end", () => process.exit(0)).resume();
createRequire(import.meta.url)("azurite/dist/src/azurite.js");
