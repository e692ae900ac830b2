// What is under `useChat`: a chat that asks again by itself while its tools are answered.
import { given, tell } from './_given.mjs'

const { sdk, url, body, question, answers } = given
const ai = await import(sdk)
const told = { posts: 0, error: null }

class State {
  status = 'ready'
  messages = []
  error = undefined
  pushMessage = (message) => { this.messages = [...this.messages, message] }
  popMessage = () => { this.messages = this.messages.slice(0, -1) }
  replaceMessage = (index, message) => { this.messages = this.messages.with(index, this.snapshot(message)) }
  snapshot = (value) => structuredClone(value)
}

const rest = () => new Promise((resolve) => setTimeout(resolve, 0))
const transport = new ai.DefaultChatTransport({
  api: url,
  body,
  fetch: (...request) => {
    if (++told.posts > 4) throw new Error('it asks for ever')
    return fetch(...request)
  },
})
class Chat extends ai.AbstractChat {}
const chat = new Chat({
  transport,
  state: new State(),
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
for (let still = 0; still < 50; still++) {
  await rest()
  if (['submitted', 'streaming'].includes(chat.status)) still = 0
}
told.messages = chat.messages
told.error = chat.error?.message ?? null
tell(told)
