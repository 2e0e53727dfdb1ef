import { mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { stringifyJson } from '@resource-broker/json'
import { ensureBinaries } from './binaries.ts'
import { freePort } from './ports.ts'
import { ManagedProcess } from './processes.ts'

export type NatsOptions = {
  /** Streams, configuration and log are kept here. */
  dir: string
  /** A free one where not given; kept across restarts. */
  port?: number
  /** Appended to the server's configuration file, in its syntax: accounts, TLS, limits. */
  config?: string
  report?: (line: string) => void
}

export type Nats = {
  url: string
  port: number
  process: ManagedProcess
  stop(): Promise<void>
  /** Stops and starts on the same port and streams. */
  restart(): Promise<void>
}

/** Starts a nats-server with JetStream on file storage below `dir`, ready to serve; throws StartError. */
export async function startNats({ dir, port, config = '', report = () => undefined }: NatsOptions): Promise<Nats> {
  const { 'nats-server': command } = await ensureBinaries(['nats-server'], report)
  const served = port ?? (await freePort())
  const configFile = join(dir, 'nats.conf')
  await mkdir(dir, { recursive: true })
  await writeFile(configFile, configuration(dir, served, config))
  const server = await ManagedProcess.start({
    name: 'nats-server',
    command,
    args: ['--config', configFile],
    logFile: join(dir, 'nats-server.log'),
    ready: () => greets(served),
  })
  return {
    url: `nats://127.0.0.1:${served}`,
    port: served,
    process: server,
    stop: () => server.stop(),
    restart: () => server.restart(),
  }
}

/** A busy machine takes longer over a sign-in than the two seconds that a server gives by itself. */
const SIGN_IN_S = 60

function configuration(dir: string, port: number, extra: string): string {
  return `host: 127.0.0.1
port: ${port}
max_payload: 8MB
jetstream: { store_dir: ${stringifyJson(join(dir, 'jetstream'))} }
authorization: { timeout: ${SIGN_IN_S} }
${extra}
`
}

/** The server opens its port after JetStream has recovered its streams, and greets every client with INFO. */
function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const answer = (ready: boolean) => {
      socket.destroy()
      resolve(ready)
    }
    socket.setTimeout(1_000, () => answer(false))
    socket.once('data', (data) => answer(data.toString().startsWith('INFO ')))
    socket.once('error', () => answer(false))
    socket.once('close', () => answer(false))
  })
}
