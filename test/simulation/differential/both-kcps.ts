import { startSandbox } from '@resource-broker/sandbox'
import { ClusterClient, waitFor } from '@resource-broker/testbed'
import { KcpControllers } from '../kcp/kcp-controllers.ts'
import { SimulatedKcp } from '../kcp/simulated-kcp.ts'
import { VirtualTime } from '../world/virtual-time.ts'

// biome-ignore lint/suspicious/noExplicitAny: a test reads what it knows to be there
type Json = any
type Answer = { status: number; body: Json }

const HOME = 'root:home'
/** A name that is in no path, as those that a kcp gives. */
const MODEL_HOME = '0h0m0e'
const PATIENCE_MS = 1_000

/** One kcp with a workspace `root:home`, and by what names its logical clusters go: `$home` and `$work` in paths stand for them. */
export class KcpSide {
  readonly names: Record<string, string>
  readonly #send: (method: string, path: string, body?: object) => Promise<Answer>
  readonly stop: () => Promise<void>

  private constructor(home: string, send: KcpSide['send'], stop: () => Promise<void>) {
    this.names = { $home: home }
    this.#send = send
    this.stop = stop
  }

  /** The model of the simulation. */
  static model(): KcpSide {
    const time = new VirtualTime()
    const kcp = new SimulatedKcp(time, [])
    new KcpControllers(kcp, time)
    kcp.add(MODEL_HOME, HOME)
    const send = async (method: string, path: string, body?: object) => {
      const headers = { 'content-type': 'application/merge-patch+json' }
      const sent = { method, path, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
      const answer = JSON.parse(JSON.stringify(kcp.server.handle(sent))) as Answer
      const end = time.elapsed + PATIENCE_MS
      while (await time.step(end)) {}
      return answer
    }
    return new KcpSide(MODEL_HOME, send, async () => undefined)
  }

  /** The sandbox, which is held against kcp's own tests and clients elsewhere. */
  static async sandbox(): Promise<KcpSide> {
    const sandbox = await startSandbox({ log: { warn: () => undefined } })
    const { url, ca, adminToken: token } = sandbox
    const client = new ClusterClient({ url, ca, token })
    const send = async (method: string, path: string, body?: object) => {
      const answer = await client.send(method, path, body)
      return { status: answer.status, body: answer.body.startsWith('{') ? JSON.parse(answer.body) : {} }
    }
    const workspaces = '/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspaces'
    const spec = { type: { name: 'universal', path: 'root' } }
    const made = { apiVersion: 'tenancy.kcp.io/v1alpha1', kind: 'Workspace', metadata: { name: 'home' }, spec }
    await send('POST', workspaces, made)
    const home = await waitFor('the workspace is Ready', async () => {
      const { body } = await send('GET', `${workspaces}/home`)
      return body.status?.phase === 'Ready' && (body.spec.cluster as string)
    })
    return new KcpSide(home, send, async () => {
      client.close()
      await sandbox.close()
    })
  }

  async send(method: string, path: string, body?: object): Promise<Answer> {
    const named = Object.entries(this.names).reduce((text, [word, name]) => text.replaceAll(word, name), path)
    return await this.#send(method, named, body)
  }

  /** Waits until what is read at a path is so, and answers it. */
  async see(path: string, isSo: (answer: Answer) => unknown): Promise<Json> {
    return await waitFor(path, async () => {
      const answer = await this.send('GET', path)
      return isSo(answer) ? answer.body : undefined
    })
  }

  /** With the words in the place of the names. */
  masked<T>(form: T): T {
    const text = Object.entries(this.names).reduce(
      (all, [word, name]) => all.replaceAll(name, word),
      JSON.stringify(form),
    )
    return JSON.parse(text) as T
  }
}
