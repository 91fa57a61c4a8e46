import { createServer } from 'node:http'

// An API that takes whatever is sent, and answers how many bytes it was.

const [port = '0'] = process.argv.slice(2)

createServer((request, response) => {
  let bytes = 0
  request.on('data', (piece: Buffer) => (bytes += piece.length))
  request.on('end', () => {
    const body = String(bytes)
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': body.length }).end(body)
  })
}).listen(Number(port), '127.0.0.1')
