// What is under `useChat`: questions, answers made anew, and questions that are edited.
import { given, tell } from './_given.mjs'

const { sdk, url, body, steps, newest } = given
const ai = await import(sdk)

class State {
  status = 'ready'
  messages = []
  error = undefined
  pushMessage = (message) => { this.messages = [...this.messages, message] }
  popMessage = () => { this.messages = this.messages.slice(0, -1) }
  replaceMessage = (index, message) => { this.messages = this.messages.with(index, this.snapshot(message)) }
  snapshot = (value) => structuredClone(value)
}

const transport = new ai.DefaultChatTransport({
  api: url,
  body,
  // As pages do whose server keeps the conversation.
  ...(newest && {
    prepareSendMessagesRequest: ({ messages, trigger, messageId, body }) => ({
      body: { ...body, trigger, messageId, messages: messages.slice(-1) },
    }),
  }),
})
class Chat extends ai.AbstractChat {}
const chat = new Chat({ transport, state: new State() })
const errors = []
for (const { ask, again, edit } of steps) {
  const idOf = (place) => chat.messages[place].id
  if (ask !== undefined && edit === undefined) await chat.sendMessage({ text: ask })
  else if (edit !== undefined) await chat.sendMessage({ text: ask, messageId: idOf(edit) })
  else await chat.regenerate(again === true ? {} : { messageId: idOf(again) })
  errors.push(chat.error?.message ?? null)
}
tell({ messages: chat.messages, errors })
