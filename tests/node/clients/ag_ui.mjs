// AG-UI's own agent: its verifier checks each stream, its reducer keeps the messages.
import { HttpAgent } from '@ag-ui/client'
import { given, tell } from './_given.mjs'

const { url, runs: byId, headers = {}, threadId, messages = [], steps } = given
const agent = new HttpAgent({ url, headers, threadId, initialMessages: messages })
const runs = []
const warnings = []
console.error = () => {}
console.warn = (...said) => warnings.push(said.join(' '))

// A step adds what the page says, runs the agent, and answers as the page would.
for (const { say, add = [], abort, stop, answer, ...parameters } of steps) {
  const run = { events: [], error: null }
  runs.push(run)
  if (say) agent.addMessage({ id: crypto.randomUUID(), role: 'user', content: say })
  agent.addMessages(add)
  if (answer) {
    const calls = agent.messages.flatMap((message) => message.toolCalls ?? [])
    const answered = agent.messages.map((message) => message.toolCallId)
    const open = calls.filter((call) => !answered.includes(call.id))
    agent.addMessages(open.map((call) => ({
      id: crypto.randomUUID(), role: 'tool', toolCallId: call.id, content: answer,
    })))
  }
  if (parameters.payloads) {
    parameters.resume = agent.pendingInterrupts.map((interrupt, index) => ({
      interruptId: interrupt.id, status: 'resolved', payload: parameters.payloads[index],
    }))
  }
  const subscriber = {
    onEvent: ({ event }) => { run.events.push(event) },
    onTextMessageContentEvent: async () => {
      if (abort) agent.abortRun()
      if (stop) await fetch(`${byId}/${run.events[0].metadata.runId}/cancel`, { method: 'POST' })
    },
  }
  try {
    run.result = await agent.runAgent(parameters, subscriber)
  } catch (error) {
    run.error = { message: error.message, status: error.status, payload: error.payload }
  }
}
tell({ runs, warnings, messages: agent.messages, threadId: agent.threadId, pending: agent.pendingInterrupts })
