import OpenAI, { AzureOpenAI } from 'openai'
import { given, tell } from './_given.mjs'

const { url, signature, model, question, tools } = given
const shared = { apiKey: 'any', maxRetries: 0 }
const client = signature === 'azure'
  ? new AzureOpenAI({ ...shared, endpoint: url, apiVersion: '2024-10-21' })
  : new OpenAI({ ...shared, baseURL: `${url}/openai/v1` })
const asked = { model, messages: [{ role: 'user', content: question }], tools }

async function streamed() {
  const options = { stream: true, stream_options: { include_usage: true } }
  const stream = await client.chat.completions.create({ ...asked, ...options })
  const told = { text: '', calls: [] }
  for await (const { choices: [choice], usage } of stream) {
    told.text += choice?.delta.content ?? ''
    for (const { index, function: { name, arguments: args } } of choice?.delta.tool_calls ?? []) {
      told.calls[index] ??= { name, args: '' }
      told.calls[index].args += args ?? ''
    }
    told.finishReason = choice?.finish_reason ?? told.finishReason
    if (usage) told.tokens = usage.completion_tokens
  }
  return told
}

async function whole() {
  const { choices: [{ message, finish_reason }], usage } =
    await client.chat.completions.create(asked)
  const calls = (message.tool_calls ?? []).map(({ function: { name, arguments: args } }) => ({ name, args }))
  return {
    text: message.content ?? '',
    calls,
    finishReason: finish_reason,
    tokens: usage.completion_tokens,
  }
}

async function attempt(call) {
  try {
    return await call()
  } catch (error) {
    const { name, status, code } = error
    return { error: { name, status, code, retryAfter: error.headers?.get('retry-after') } }
  }
}

tell({ streamed: await attempt(streamed), whole: await attempt(whole) })
