// The AI SDK with what @ai-sdk/openai and @ai-sdk/azure ask if nothing is said: responses.
import { createAzure } from '@ai-sdk/azure'
import { createOpenAI } from '@ai-sdk/openai'
import { generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai'
import { given, tell } from './_given.mjs'

const { url, provider, model, question, callTools, again } = given
const shared = { apiKey: 'any', baseURL: `${url}/openai/v1` }
const make = provider === 'azure' ? createAzure(shared) : createOpenAI(shared)
const city = { type: 'object', properties: { city: { type: 'string' } } }
const ran = []
const weather = tool({
  inputSchema: jsonSchema(city),
  execute: async input => { ran.push(input); return '21 degrees' },
})
const asked = {
  model: make(model), maxRetries: 0, stopWhen: stepCountIs(3),
  tools: callTools ? { get_weather: weather } : undefined,
}

async function streamed() {
  const errors = []
  const messages = [{ role: 'user', content: question }]
  const result = streamText({ ...asked, messages, onError: ({ error }) => errors.push(error) })
  const told = { text: '', reasoning: '', sources: [], tools: [] }
  for await (const part of result.fullStream) {
    if (part.type === 'text-delta') told.text += part.text
    if (part.type === 'reasoning-delta') told.reasoning += part.text
    if (part.type === 'source') told.sources.push(part.url)
    if (part.type === 'tool-call') told.tools.push([part.toolName, part.providerExecuted ?? false])
    if (part.type === 'error') errors.push(part.error)
  }
  if (errors.length) throw errors[0]
  const made = { ...told, finishReason: await result.finishReason }
  if (!again) return made
  const { messages: answer } = await result.response
  const next = [...messages, ...answer, { role: 'user', content: again }]
  return { ...made, next: (await generateText({ ...asked, messages: next })).text }
}

async function whole() {
  const { text, finishReason, usage } = await generateText({ ...asked, prompt: question })
  return { text, finishReason, tokens: usage.outputTokens }
}

async function attempt(call) {
  try {
    return await call()
  } catch (error) {
    return { error: { name: error.name, status: error.statusCode, message: error.message ?? String(error) } }
  }
}

tell({ streamed: await attempt(streamed), whole: await attempt(whole), ran })
