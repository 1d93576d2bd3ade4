import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A reverse proxy that serves a page below a path and removes the path from requests, as many do. */
export async function proxyBelow(path: string, target: string): Promise<{ url: string; close: () => void }> {
  const server = createServer((incoming, outgoing) => {
    const below = incoming.url ?? ''
    if (!below.startsWith(`${path}/`)) {
      outgoing.writeHead(404).end('not below the path')
      return
    }
    const address = new URL(target)
    const { hostname, port } = address
    const asked = request(
      { hostname, port, path: below.slice(path.length), method: incoming.method, headers: incoming.headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
      },
    )
    asked.on('error', () => outgoing.destroy())
    incoming.pipe(asked)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}${path}/`, close: () => void server.close() }
}
