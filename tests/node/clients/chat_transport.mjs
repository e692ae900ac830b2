// What is under `useChat`: its transport, and how it makes a message of the chunks.
import { given, tell } from './_given.mjs'

const { sdk, kind, url, body, question, stopAfter } = given
const { [kind]: Transport, readUIMessageStream } = await import(sdk)
const transport = new Transport({ api: url, body })
const stop = new AbortController()
const told = { chunks: [], errors: [] }
try {
  const stream = await transport.sendMessages({
    chatId: 'chat',
    trigger: 'submit-message',
    messages: [{ id: 'm', role: 'user', parts: [{ type: 'text', text: question }] }],
    abortSignal: stop.signal,
  })
  const seen = new TransformStream({
    transform(chunk, controller) {
      told.chunks.push(chunk)
      if (chunk.type === stopAfter) stop.abort()
      controller.enqueue(chunk)
    },
  })
  const messages = readUIMessageStream({
    stream: stream.pipeThrough(seen),
    onError: (error) => told.errors.push(error.message),
  })
  for await (const message of messages) told.message = message
} catch (error) {
  told.thrown = { name: error.name, message: error.message }
}
tell(told)
