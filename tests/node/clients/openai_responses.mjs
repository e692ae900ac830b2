// npm's `openai` at the Responses API.
import OpenAI from 'openai'
import { given, tell } from './_given.mjs'

const { url, model, question, endless, tools } = given
const client = new OpenAI({ apiKey: 'any', maxRetries: 0, baseURL: `${url}/openai/v1` })
const asked = { model, input: question, tools }

async function whole() {
  return ended(await client.responses.create(asked))
}

async function streamed() {
  let text = ''
  const stream = client.responses.stream(asked)
  for await (const event of stream) {
    if (event.type === 'response.output_text.delta') text += event.delta
  }
  const response = await stream.finalResponse()
  return { ...ended(response), deltas: text, again: ended(await client.responses.retrieve(response.id)) }
}

function ended({ status, output, output_text: text, usage, error }) {
  const calls = output.filter(({ type }) => type === 'function_call')
  return {
    status,
    text: text ?? output.flatMap(({ content }) => content ?? []).map(({ text }) => text).join(''),
    calls: calls.map(({ name, arguments: args }) => ({ name, args })),
    tokens: usage?.output_tokens,
    ...(error ? { error: error.code } : {}),
  }
}

async function stopped() {
  const { id, status } = await client.responses.create({ model, input: endless, background: true })
  return [status, (await client.responses.cancel(id)).status]
}

async function attempt(call) {
  try {
    return await call()
  } catch ({ name, status, code, message }) {
    return { error: { name, status, code, message } }
  }
}

tell({
  whole: await attempt(whole),
  streamed: await attempt(streamed),
  ...(endless ? { stopped: await attempt(stopped) } : {}),
})
