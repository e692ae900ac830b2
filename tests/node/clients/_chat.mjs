// What is under `useChat`, without React: the chat of an AI SDK, and its state.
const MOST = 5
const rest = () => new Promise((resolve) => setTimeout(resolve, 0))

class State {
  status = 'ready'
  messages = []
  error = undefined
  pushMessage = (message) => { this.messages = [...this.messages, message] }
  popMessage = () => { this.messages = this.messages.slice(0, -1) }
  replaceMessage = (index, message) => { this.messages = this.messages.with(index, this.snapshot(message)) }
  snapshot = (value) => structuredClone(value)
}

export function chatOf(ai, { url, body, transport, ...given }) {
  class Chat extends ai.AbstractChat {
    posts = 0
    // Until it asks for nothing more by itself.
    async settled() {
      for (let still = 0; still < 50; still++) {
        await rest()
        if (['submitted', 'streaming'].includes(this.status)) still = 0
      }
    }
    get told() {
      return { posts: this.posts, messages: this.messages, error: this.error?.message ?? null }
    }
  }
  const chat = new Chat({
    state: new State(),
    transport: new ai.DefaultChatTransport({
      api: url,
      body,
      fetch: (...request) => {
        if (++chat.posts > MOST) throw new Error('it asks for ever')
        return fetch(...request)
      },
      ...transport,
    }),
    ...given,
  })
  return chat
}
