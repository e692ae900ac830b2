// Reads the dialect `text` from stdin, in pieces of as many bytes as the argument says.
const size = Number(process.argv[2])
const stdin = Buffer.concat(await process.stdin.toArray())
const decoder = new TextDecoder()
let text = '', done = false, lines = [''], data = null

for (let at = 0; at < stdin.length; at += size) {
  const piece = decoder.decode(stdin.subarray(at, at + size), { stream: true })
  lines = (lines[0] + piece).split('\n')
  while (lines.length > 1) {
    const line = lines.shift().replace(/\r$/, '')
    if (line.startsWith('data:')) {
      const value = line.slice(5).replace(/^ /, '')
      data = data === null ? value : `${data}\n${value}`
    } else if (line === '') {
      if (data === '[DONE]') done = true
      else text += data ?? ''
      data = null
    }
  }
}
console.log(JSON.stringify({ text, done }))
