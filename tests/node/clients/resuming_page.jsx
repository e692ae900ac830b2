// A page whose answers go on while it is reloaded, and that stops them by their ids.
import { useChat } from '@ai-sdk/react'
import { DefaultChatTransport } from 'ai'
import { useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'

const { api } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)))
const transport = new DefaultChatTransport({ api, body: { on_disconnect: 'continue' } })
const saved = JSON.parse(localStorage.getItem('messages') ?? '[]')

function Chat() {
  const { messages, sendMessage, status, error } = useChat({
    id: 'a-page-of-mine', messages: saved, resume: true, transport,
  })
  const [question, setQuestion] = useState('')
  // What is half made is resumed and not kept.
  useEffect(() => {
    if (status !== 'streaming') localStorage.setItem('messages', JSON.stringify(messages))
  }, [messages, status])
  const stop = () => {
    const { runId } = messages.at(-1).metadata
    fetch(api.replace('chat/ui-message', `runs/${runId}/cancel`), { method: 'POST' })
  }
  const send = (event) => {
    event.preventDefault()
    sendMessage({ text: question })
  }
  return <main>
    {messages.map(({ id, role, parts }) => <section key={id} data-role={role}>
      {parts.map((part, index) => part.type === 'text' && <p key={index}>{part.text}</p>)}
    </section>)}
    {error && <strong role="alert">{error.message}</strong>}
    <form onSubmit={send}>
      <input value={question} onChange={(event) => setQuestion(event.target.value)} />
      <button>Send</button>
      <button type="button" onClick={stop}>Stop</button>
      <output>{status}</output>
    </form>
  </main>
}

createRoot(document.getElementById('root')).render(<Chat />)
