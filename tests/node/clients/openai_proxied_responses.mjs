import OpenAI, { AzureOpenAI } from 'openai'
import { given, tell } from './_given.mjs'

const { url, signature, model, question, tools } = given
const shared = { apiKey: 'any', maxRetries: 0 }
const client = signature === 'azure'
  ? new AzureOpenAI({ ...shared, endpoint: url, apiVersion: '2025-04-01-preview' })
  : new OpenAI({ ...shared, baseURL: `${url}/openai/v1` })
const asked = { model, input: question, tools }

function told({ id, status, output, output_text: text, usage }) {
  const calls = output
    .filter(({ type }) => type === 'function_call')
    .map(({ name, arguments: args }) => ({ name, args }))
  return { id, status, text, calls, tokens: usage?.output_tokens }
}

async function streamed() {
  const stream = client.responses.stream(asked)
  let pieces = 0
  stream.on('response.output_text.delta', () => { pieces += 1 })
  return { ...told(await stream.finalResponse()), pieces }
}

async function whole() {
  return told(await client.responses.create(asked))
}

async function again() {
  const { id } = await client.responses.create(asked)
  const found = told(await client.responses.retrieve(id))
  const { data } = await client.responses.inputItems.list(id)
  await client.responses.delete(id)
  return { ...found, items: data.length }
}

async function resumed() {
  const stream = await client.responses.create({ ...asked, background: true, stream: true })
  const numbers = []
  let id
  for await (const event of stream) {
    id ??= event.response?.id
    if (numbers.push(event.sequence_number) === 6) break
  }
  const rest = await client.responses.retrieve(id, {
    stream: true, starting_after: numbers.at(-1),
  })
  for await (const { sequence_number: number } of rest) numbers.push(number)
  return { numbers }
}

async function stopped() {
  const { id } = await client.responses.create({ ...asked, background: true })
  return { status: (await client.responses.cancel(id)).status }
}

async function attempt(call) {
  try {
    return await call()
  } catch (error) {
    const { name, status, code, message } = error
    return { error: { name, status, code, message, retryAfter: error.headers?.get('retry-after') } }
  }
}

const ways = { streamed, whole, again, resumed, stopped }
tell(Object.fromEntries(
  await Promise.all(given.ways.map(async way => [way, await attempt(ways[way])])),
))
