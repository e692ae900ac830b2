// The AI SDK over @ai-sdk/azure, @ai-sdk/openai or @ai-sdk/openai-compatible.
import { createAzure } from '@ai-sdk/azure'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText, jsonSchema, streamText, tool } from 'ai'
import { given, tell } from './_given.mjs'

const { url, provider, model, question, callTools } = given
const apiKey = 'any'
const apiVersion = '2024-10-21'
const compatible = (baseURL, more) =>
  createOpenAICompatible({ name: 'ours', baseURL, apiKey, includeUsage: true, ...more })
const providers = {
  azure: () => createAzure({
    baseURL: `${url}/openai`, apiKey, apiVersion, useDeploymentBasedUrls: true,
  }).chat(model),
  azureV1: () => createAzure({ baseURL: `${url}/openai/v1`, apiKey }).chat(model),
  azureDefault: () => createAzure({ baseURL: `${url}/openai`, apiKey })(model),
  openaiDefault: () => createOpenAI({ baseURL: `${url}/openai/v1`, apiKey })(model),
  compatible: () => compatible(`${url}/openai/v1`).chatModel(model),
  compatibleDeployment: () => compatible(`${url}/openai/deployments/${model}`, {
    queryParams: { 'api-version': apiVersion },
  }).chatModel(model),
}
const city = { type: 'object', properties: { city: { type: 'string' } } }
const tools = callTools ? { get_weather: tool({ inputSchema: jsonSchema(city) }) } : undefined
const asked = { model: providers[provider](), prompt: question, tools, maxRetries: 0 }

async function streamed() {
  const errors = []
  const result = streamText({ ...asked, onError: ({ error }) => errors.push(error) })
  const told = { text: '' }
  for await (const piece of result.textStream) told.text += piece
  if (errors.length) throw errors[0]
  return { ...told, ...(await ending(result)) }
}

async function whole() {
  const result = await generateText(asked)
  return { text: result.text, ...(await ending(result)) }
}

async function ending(result) {
  const calls = (await result.toolCalls).map(({ toolName, input }) => ({ name: toolName, input }))
  const { outputTokens } = await result.usage
  return { calls, finishReason: await result.finishReason, tokens: outputTokens }
}

async function attempt(call) {
  try {
    return await call()
  } catch (error) {
    return { error: { name: error.name, status: error.statusCode, message: error.message } }
  }
}

tell({ streamed: await attempt(streamed), whole: await attempt(whole) })
