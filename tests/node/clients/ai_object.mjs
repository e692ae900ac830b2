// The AI SDK's `generateObject` and `streamObject`.
import { createAzure } from '@ai-sdk/azure'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateObject, jsonSchema, streamObject } from 'ai'
import { given, tell } from './_given.mjs'

const { url, provider, model, question } = given
const baseURL = `${url}/openai/v1`
const apiKey = 'any'
const providers = {
  azureV1: () => createAzure({ baseURL, apiKey }).chat(model),
  // Without a schema's support it asks for any JSON object, and has the schema in the prompt.
  compatible: () => createOpenAICompatible({ name: 'ours', baseURL, apiKey }).chatModel(model),
  compatibleForms: () => createOpenAICompatible({
    name: 'ours', baseURL, apiKey, supportsStructuredOutputs: true,
  }).chatModel(model),
}
const string = { type: 'string' }
const schema = jsonSchema({
  type: 'object',
  properties: { city: string, country: string },
  required: ['city', 'country'],
  additionalProperties: false,
})
const asked = { model: providers[provider](), prompt: question, schema, maxRetries: 0 }

const whole = await generateObject(asked)
const stream = streamObject(asked)
let pieces = 0
for await (const _ of stream.partialObjectStream) pieces += 1
tell({
  whole: { object: whole.object, finishReason: whole.finishReason },
  streamed: { object: await stream.object, finishReason: await stream.finishReason },
  pieces,
})
