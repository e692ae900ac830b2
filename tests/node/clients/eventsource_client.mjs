// It asks again when a body ends, so that the last event has to close it.
import { createEventSource } from 'eventsource-client'
import { given, tell } from './_given.mjs'

const { url, body, last } = given
const source = createEventSource({
  url,
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})
const events = []
for await (const { event, data } of source) {
  events.push([event ?? 'message', data])
  if (event === last || data === last) break
}
source.close()
tell(events)
