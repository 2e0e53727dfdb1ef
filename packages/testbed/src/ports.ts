import { createServer } from 'node:net'

/** Below the ports that Linux and macOS give to outgoing connections, so that a port stays free while its server restarts. */
const FIRST_PORT = 15_000
const LAST_PORT = 32_000

/** Where what runs here is reached, unless it is told otherwise. */
export const LOOPBACK = '127.0.0.1'

const given = new Set<number>()

/** A free loopback port that this process has not given before. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT))
    if (given.has(port)) continue
    given.add(port)
    if (await canListen(port)) return port
  }
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, LOOPBACK, () => server.close(() => resolve(true)))
  })
}
