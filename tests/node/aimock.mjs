// Serves the fixtures on a free loopback port until stdin ends.
import { LLMock } from "@copilotkit/aimock";

const mock = new LLMock({ port: 0, host: "127.0.0.1", logLevel: "silent", chunkSize: 5 });
const answer = { content: "Hello from a mock that knows nothing of this project." };
const busy = {
  error: { message: "Please retry after 7 seconds.", type: "rate_limit_error", code: "429" },
  status: 429,
  retryAfter: 7,
};

mock.onMessage("please be busy", busy);
// With a latency the chunks leave before the connection is destroyed.
mock.onMessage("please truncate", answer, { truncateAfterChunks: 4, latency: 5 });
mock.onMessage("hello", answer);

process.stdin.on("end", () => process.exit(0)).resume();
console.log(`ready ${await mock.start()}`);
