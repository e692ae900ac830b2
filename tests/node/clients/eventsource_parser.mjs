import { EventSourceParserStream } from 'eventsource-parser/stream'
import { given, post, tell } from './_given.mjs'

const response = await post(given)
const parsed = response.body
  .pipeThrough(new TextDecoderStream())
  .pipeThrough(new EventSourceParserStream({ onError: 'terminate' }))
const events = []
for await (const { event, data } of parsed) events.push([event ?? 'message', data])
tell(events)
