// A chat that asks again by itself while its tools are answered.
import { chatOf } from './_chat.mjs'
import { given, tell } from './_given.mjs'

const { sdk, url, body, question, answers } = given
const ai = await import(sdk)
const chat = chatOf(ai, {
  url,
  body,
  sendAutomaticallyWhen: ai.lastAssistantMessageIsCompleteWithToolCalls,
  onToolCall({ toolCall }) {
    if (!(toolCall.toolName in answers)) return
    const { toolName: tool, toolCallId } = toolCall
    // As the SDK says: not awaited, which would be a deadlock.
    const add = chat.addToolOutput ?? chat.addToolResult
    add({ tool, toolCallId, output: answers[tool] })
  },
})
await chat.sendMessage({ text: question })
await chat.settled()
tell(chat.told)
