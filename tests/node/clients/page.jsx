// A page as people write it: `useChat` on top, and fetch-event-source for tests to call.
import { useChat } from '@ai-sdk/react'
import { fetchEventSource } from '@microsoft/fetch-event-source'
import { DefaultChatTransport } from 'ai'
import { useState } from 'react'
import { createRoot } from 'react-dom/client'

const { api, chain } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)))
const transport = new DefaultChatTransport({ api, body: chain ? { chain } : {} })

function Part({ part }) {
  switch (part.type) {
    case 'text': return <p>{part.text}</p>
    case 'reasoning': return <i>{part.text}</i>
    case 'dynamic-tool': return <pre>{part.toolName}: {String(part.output)}</pre>
    case 'source-url': return <a href={part.url}>{part.title}</a>
    case 'source-document': return <cite>{part.title}</cite>
    default: return null
  }
}

function Chat() {
  const { messages, sendMessage, status, stop, error } = useChat({ transport })
  const [question, setQuestion] = useState('')
  const send = (event) => {
    event.preventDefault()
    sendMessage({ text: question })
    setQuestion('')
  }
  return <main>
    {messages.map(({ id, role, parts, metadata }) => <section key={id} data-role={role}>
      <h2>{role}</h2>
      {parts.map((part, index) => <Part key={index} part={part} />)}
      {metadata && <small>{metadata.finishReason} by {metadata.deployment}</small>}
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

window.readEvents = async (url, body) => {
  const events = []
  await fetchEventSource(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    openWhenHidden: true,
    onmessage: ({ event, data }) => events.push([event || 'message', data]),
    onerror: (error) => { throw error },
  })
  return events
}
