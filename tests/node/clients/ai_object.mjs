// `generateObject` and `streamObject` of the AI SDK, in the version that is named.
import { given, tell } from './_given.mjs'

const { url, sdk, provider, model, question } = given
globalThis.AI_SDK_LOG_WARNINGS = false // Where this script tells.
const version = sdk.replace(/^ai/, '')
const { generateObject, jsonSchema, streamObject } = await import(sdk)
const { createAzure } = await import(version ? `ai-azure${version}` : '@ai-sdk/azure')
const { createOpenAICompatible } = await import(
  version ? `ai-compatible${version}` : '@ai-sdk/openai-compatible')
const baseURL = `${url}/openai/v1`
const apiKey = 'any'
const providers = {
  azureV1: () => createAzure({ baseURL, apiKey }).chat(model),
  // By the deployment's path, as it was before Azure's v1.
  azure: () => createAzure({
    baseURL: `${url}/openai`, apiKey, useDeploymentBasedUrls: true,
  }).chat(model),
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
