// A page with LangGraph's `useStream`: it sends, stops, is reloaded, and approves.
import { useStream } from '@langchain/langgraph-sdk/react'
import { useState } from 'react'
import { createRoot } from 'react-dom/client'

const { api, assistant } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)))

function Chat() {
  const [threadId, setThreadId] = useState(localStorage.getItem('thread'))
  const [question, setQuestion] = useState('')
  const stream = useStream({
    apiUrl: api,
    assistantId: assistant,
    threadId,
    onThreadId: (id) => { localStorage.setItem('thread', id); setThreadId(id) },
    reconnectOnMount: () => window.localStorage,
    fetchStateHistory: true,
    callerOptions: { maxRetries: 0 },
  })
  const send = (event) => {
    event.preventDefault()
    const message = { type: 'human', content: question, id: crypto.randomUUID() }
    stream.submit({ messages: [message] }, {
      optimisticValues: (before) => ({
        ...before, messages: [...(before.messages ?? []), message],
      }),
    })
  }
  const answer = (resume) => stream.submit(undefined, { command: { resume } })
  const parent = (message) =>
    stream.getMessagesMetadata(message)?.firstSeenState?.parent_checkpoint
  const again = () => {
    const checkpoint = parent(stream.messages.at(-1))
    stream.submit(undefined, { checkpoint })
  }
  const edit = () => {
    const last = stream.messages.findLast((each) => each.type === 'human')
    const message = { type: 'human', content: question }
    stream.submit({ messages: [message] }, { checkpoint: parent(last) })
  }
  return <main>
    {stream.messages.map((message, index) => <section key={message.id ?? index}
      data-role={message.type} data-id={message.id}>{message.content}</section>)}
    {stream.interrupts.map((each) => <p key={each.id}>
      Asked: {JSON.stringify(each.value)}
      <button onClick={() => answer({ decisions: [{ type: 'approve' }] })}>Approve</button>
    </p>)}
    {stream.error && <strong role="alert">{String(stream.error.message)}</strong>}
    <form onSubmit={send}>
      <input value={question} onChange={(event) => setQuestion(event.target.value)} />
      <button>Send</button>
      <button type="button" onClick={() => stream.stop()}>Stop</button>
      <button type="button" onClick={again}>Again</button>
      <button type="button" onClick={edit}>Edit</button>
      <output>{stream.isLoading ? 'loading' : 'ready'}: {stream.messages.length}</output>
    </form>
  </main>
}

createRoot(document.getElementById('root')).render(<Chat />)
