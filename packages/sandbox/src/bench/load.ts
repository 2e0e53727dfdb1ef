// The load on a server, in a process of its own so that the server's CPU is the server's. Told what to do by messages.
import { Agent, request } from 'node:https'
import type { Load, LoadAnswer, LoadRequest, Spread, Target } from './messages.ts'
import { Watchers } from './watchers.ts'

type Session = { target: Target; namespaces: string[]; watchers: Watchers; made: number }

let session: Session | undefined

process.on('message', (message: LoadRequest) => {
  follow(message).then(
    (done) => answer({ done }),
    (error: unknown) => answer({ failed: String(error) }),
  )
})
process.once('disconnect', () => process.exit())

function answer(message: LoadAnswer): void {
  process.send?.(message)
}

async function follow(message: LoadRequest): Promise<Load | undefined> {
  if (message.do === 'connect') return connect(message)
  if (session === undefined) throw new Error('there is no target yet')
  if (message.do === 'watch') return void (await session.watchers.start(message.watches, session.namespaces))
  return create(session, message)
}

async function connect({ target, namespaces: count }: Extract<LoadRequest, { do: 'connect' }>): Promise<undefined> {
  const namespaces = Array.from({ length: count }, (_, index) => `bench-${index}`)
  const agent = new Agent({ keepAlive: true, maxSockets: 8, ca: target.ca })
  const make = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  await Promise.all(namespaces.map((name) => post(target, agent, '/api/v1/namespaces', JSON.stringify(make(name)))))
  agent.destroy()
  session = { target, namespaces, watchers: new Watchers(target), made: 0 }
}

/** Each connection sends its next create when its last one was answered. */
async function create(
  of: Session,
  { objects, connections, bytes }: Extract<LoadRequest, { do: 'create' }>,
): Promise<Load> {
  const { target, namespaces, watchers } = of
  const agent = new Agent({ keepAlive: true, maxSockets: connections, ca: target.ca })
  const filler = 'x'.repeat(bytes)
  const sent = new Map<string, number>()
  const answers: number[] = []
  const end = of.made + objects
  watchers.clear()
  const cpu = process.cpuUsage()
  const began = performance.now()
  await Promise.all(Array.from({ length: connections }, worker))
  const elapsed = performance.now() - began
  const { user, system } = process.cpuUsage(cpu)
  if (watchers.open) await watchers.all(objects)
  agent.destroy()
  const events = [...watchers.seen].map(([name, at]) => at - (sent.get(name) ?? at))
  return {
    perSecond: (objects * 1_000) / elapsed,
    answerMs: spreadOf(answers),
    eventMs: watchers.open ? spreadOf(events) : undefined,
    clientCores: (user + system) / 1_000 / elapsed,
  }

  async function worker(): Promise<void> {
    while (of.made < end) {
      const index = of.made++
      const name = `object-${index}`
      const body = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"${name}"},"data":{"filler":"${filler}"}}`
      const start = performance.now()
      sent.set(name, start)
      await post(target, agent, `/api/v1/namespaces/${namespaces[index % namespaces.length]}/configmaps`, body)
      answers.push(performance.now() - start)
    }
  }
}

function post({ url, token, prefix }: Target, agent: Agent, path: string, body: string): Promise<void> {
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  }
  return new Promise((resolve, reject) => {
    const call = request(`${url}${prefix}${path}`, { method: 'POST', agent, headers }, (response) => {
      const { statusCode = 0 } = response
      response.resume().once('end', () => {
        if (statusCode < 300) resolve()
        else reject(new Error(`POST ${path} was answered with ${statusCode}`))
      })
    })
    call.once('error', reject)
    call.end(body)
  })
}

/** Of values in any order; zeros where there are none. */
function spreadOf(values: number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { p50: at(0.5), p99: at(0.99) }
}
