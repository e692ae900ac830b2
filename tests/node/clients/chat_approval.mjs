// What is under `useChat`: a chat whose page decides what the server asks.
import { given, tell } from './_given.mjs'

const { sdk, url, body, question, decisions } = given
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
    if (++told.posts > 5) throw new Error('it asks for ever')
    return fetch(...request)
  },
})
class Chat extends ai.AbstractChat {}
const chat = new Chat({
  transport,
  state: new State(),
  sendAutomaticallyWhen: ai.lastAssistantMessageIsCompleteWithApprovalResponses,
})
async function settled() {
  for (let still = 0; still < 50; still++) {
    await rest()
    if (['submitted', 'streaming'].includes(chat.status)) still = 0
  }
}
await chat.sendMessage({ text: question })
await settled()
for (const decision of decisions) {
  const asked = chat.messages.at(-1).parts.find((part) => part.state === 'approval-requested')
  if (!asked) break
  await chat.addToolApprovalResponse({ id: asked.approval.id, ...decision })
  await settled()
}
told.messages = chat.messages
told.error = chat.error?.message ?? null
tell(told)
