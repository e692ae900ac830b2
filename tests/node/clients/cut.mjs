// Connections that break off: each client asks through a proxy that closes the first of them.
import { HttpAgent } from '@ag-ui/client'
import { createAzure } from '@ai-sdk/azure'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { Client } from '@langchain/langgraph-sdk'
import * as ai from 'ai'
import { createServer as createHttpServer } from 'node:http'
import { connect, createServer } from 'node:net'
import { text as textOf } from 'node:stream/consumers'
import OpenAI from 'openai'
import { chat } from '../../../web/client.js'
import { chatOf } from './_chat.mjs'
import { given, tell } from './_given.mjs'

const { port, question, cuts } = given
const direct = `http://127.0.0.1:${port}`
const apiKey = 'any'
console.error = console.warn = () => {}

// What *attempt* makes of an answer whose connection ends after *left* bytes.
async function through(attempt, left) {
  const told = { carried: 0, connections: 0 }
  const server = createServer((caller) => {
    const there = connect(port, '127.0.0.1')
    let rest = told.connections++ ? Infinity : left
    for (const each of [caller, there]) each.on('error', () => {})
    caller.on('data', (data) => there.write(data))
    caller.on('close', () => there.destroy())
    there.on('close', () => caller.end())
    there.on('data', (data) => {
      const piece = data.subarray(0, rest)
      told.carried += piece.length
      rest -= piece.length
      caller.write(piece)
      if (!rest) there.destroy()
    })
  })
  const made = await asked(server, attempt)
  return { ...told, ...made }
}

// What *attempt* makes of an answer that a proxy ends in its middle as if that were all.
async function throughPolite(attempt) {
  let first = true
  const server = createHttpServer(async (request, response) => {
    const { method, url, headers: { 'content-type': type = 'none' } } = request
    const body = method === 'POST' ? await textOf(request) : undefined
    const answer = await fetch(direct + url, { method, body, headers: { 'content-type': type } })
    const whole = Buffer.from(await answer.arrayBuffer())
    const { 'transfer-encoding': _, connection, ...headers } = Object.fromEntries(answer.headers)
    response.writeHead(answer.status, headers)
    response.end(first ? whole.subarray(0, whole.lastIndexOf('\n\n', whole.indexOf('tok6')) + 2) : whole)
    first = false
  })
  return asked(server, attempt)
}

async function asked(server, attempt) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    return { text: await attempt(`http://127.0.0.1:${server.address().port}`) }
  } catch (error) {
    return { error: error.name }
  } finally {
    server.close()
  }
}

async function streamed(model) {
  const errors = []
  const result = ai.streamText({ model, prompt: question, maxRetries: 0, onError: ({ error }) => errors.push(error) })
  let text = ''
  for await (const part of result.fullStream) {
    if (part.type === 'text-delta') text += part.text
    if (part.type === 'error') errors.push(part.error)
  }
  if (errors.length) throw errors[0]
  return (await result.finishReason) === 'stop' ? text : `unfinished: ${text}`
}

const v1 = (url) => ({ apiKey, baseURL: `${url}/openai/v1` })
const CLIENTS = {
  'openai-js': async (url) => {
    const client = new OpenAI({ ...v1(url), maxRetries: 0 })
    const messages = [{ role: 'user', content: question }]
    let [text, reason] = ['']
    for await (const { choices: [choice] } of
      await client.chat.completions.create({ model: 'chat', messages, stream: true })) {
      text += choice?.delta.content ?? ''
      reason = choice?.finish_reason ?? reason
    }
    return reason === 'stop' ? text : `unfinished: ${text}`
  },
  'openai-js-chain': async (url) => {
    const client = new OpenAI({ ...v1(url), maxRetries: 0 })
    const { status, output_text: text } =
      await client.responses.stream({ model: 'chat', input: question }).finalResponse()
    return status === 'completed' ? text : `unfinished: ${text}`
  },
  'ai-azure': (url) => streamed(createAzure(v1(url)).chat('chat')),
  'ai-azure-chain': (url) => streamed(createAzure(v1(url))('chat')),
  'ai-openai-chain': (url) => streamed(createOpenAI(v1(url))('chat')),
  'ai-compatible': (url) => streamed(createOpenAICompatible({ name: 'ours', ...v1(url) }).chatModel('chat')),
  ai: async (url) => {
    const told = chatOf(ai, { url: `${url}/api/chat/ui-message`, body: { chain: 'chat' } })
    await told.sendMessage({ text: question })
    if (told.error) throw told.error
    const { metadata, parts } = told.messages.at(-1)
    const text = parts.map((part) => part.text ?? '').join('')
    return metadata.finishReason ? text : `unfinished: ${text}`
  },
  'ag-ui': async (url) => {
    const agent = new HttpAgent({ url: `${url}/api/chat/ag-ui` })
    agent.addMessage({ id: 'm', role: 'user', content: question })
    let finished = false
    const onRunFinishedEvent = () => { finished = true }
    await agent.runAgent({ forwardedProps: { chain: 'chat' } }, { onRunFinishedEvent })
    const text = agent.messages.at(-1).content
    return finished ? text : `unfinished: ${text}`
  },
  'langgraph-js': async (url) => {
    const of = (host) => new Client({ apiUrl: `${host}/langgraph`, callerOptions: { maxRetries: 0 } })
    const { thread_id: thread } = await of(direct).threads.create()
    let [text, last] = ['']
    for await (const { event, data } of of(url).runs.stream(thread, 'chat', {
      input: { messages: [{ type: 'human', content: question }] },
      streamMode: ['messages-tuple', 'values'],
      streamResumable: true,
    })) {
      if (event === 'messages') text += data[0].content
      last = event
    }
    return last === 'end' ? text : `unfinished: ${text}`
  },
  'client.js': async (url) => {
    let text = ''
    for await (const { type, data } of chat(`${url}/api/chat`, { user: question, chain: 'chat' }, { resume: true })) {
      if (type === 'message') text += data.delta_content
    }
    return text
  },
}

// @ag-ui/client leaves one behind for each connection that breaks.
process.on('unhandledRejection', () => {})
const found = {}
for (const [name, attempt] of Object.entries(CLIENTS)) {
  const whole = await through(attempt, Infinity)
  const places = Array.from({ length: cuts }, (_, n) => Math.floor((whole.carried * (n + 1)) / (cuts + 1)))
  const cut = await Promise.all(places.map((left) => through(attempt, left)))
  found[name] = { whole, cut, ended: await throughPolite(attempt) }
}
tell(found)
