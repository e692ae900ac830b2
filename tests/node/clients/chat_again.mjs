// Questions, answers made anew, and questions that are edited.
import { chatOf } from './_chat.mjs'
import { given, tell } from './_given.mjs'

const { sdk, url, body, steps, newest } = given
// As pages do whose server keeps the conversation.
const prepareSendMessagesRequest = ({ messages, trigger, messageId, body }) => ({
  body: { ...body, trigger, messageId, messages: messages.slice(-1) },
})
const chat = chatOf(await import(sdk), {
  url,
  body,
  transport: newest ? { prepareSendMessagesRequest } : {},
})
const errors = []
for (const { ask, again, edit } of steps) {
  const idOf = (place) => chat.messages[place].id
  if (ask !== undefined && edit === undefined) await chat.sendMessage({ text: ask })
  else if (edit !== undefined) await chat.sendMessage({ text: ask, messageId: idOf(edit) })
  else await chat.regenerate(again === true ? {} : { messageId: idOf(again) })
  errors.push(chat.error?.message ?? null)
}
tell({ messages: chat.messages, errors })
