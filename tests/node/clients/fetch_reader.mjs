// Nothing but `fetch`: split at blank lines, then at line ends.
import { given, post, tell } from './_given.mjs'

const response = await post(given)
const decoder = new TextDecoder()
const events = []
let rest = ''
for await (const piece of response.body) {
  const frames = (rest + decoder.decode(piece, { stream: true })).split(/\r?\n\r?\n/)
  rest = frames.pop()
  for (const frame of frames) {
    const lines = frame.split(/\r?\n/)
    const values = (name) => lines.filter((line) => line.startsWith(`${name}:`))
      .map((line) => line.slice(name.length + 1).replace(/^ /, ''))
    if (values('data').length) {
      events.push([values('event')[0] ?? 'message', values('data').join('\n')])
    }
  }
}
tell(events)
