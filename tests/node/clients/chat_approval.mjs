// A chat whose page decides what the server asks.
import { chatOf } from './_chat.mjs'
import { given, tell } from './_given.mjs'

const { sdk, url, body, question, decisions } = given
const ai = await import(sdk)
const chat = chatOf(ai, {
  url,
  body,
  sendAutomaticallyWhen: ai.lastAssistantMessageIsCompleteWithApprovalResponses,
})
await chat.sendMessage({ text: question })
await chat.settled()
for (const decision of decisions) {
  const asked = chat.messages.at(-1).parts.find((part) => part.state === 'approval-requested')
  if (!asked) break
  await chat.addToolApprovalResponse({ id: asked.approval.id, ...decision })
  await chat.settled()
}
tell(chat.told)
