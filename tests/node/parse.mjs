// Reads one base64 stream a line; writes its events, as eventsource-parser sees them.
import { createParser } from 'eventsource-parser'
import { createInterface } from 'node:readline'

for await (const line of createInterface({ input: process.stdin })) {
  const bytes = Buffer.from(line, 'base64')
  const decoder = new TextDecoder()
  const events = []
  const parser = createParser({
    onEvent: (event) => events.push([event.event ?? 'message', event.data]),
    onComment: (comment) => events.push(['comment', comment]),
    onError: (error) => events.push(['error', String(error)]),
  })
  for (let at = 0; at < bytes.length; at += 7) {
    parser.feed(decoder.decode(bytes.subarray(at, at + 7), { stream: true }))
  }
  console.log(JSON.stringify(events))
}
