import type { IncomingMessage } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { CertificateAuthority, waitFor } from '@resource-broker/testbed'
import type { Site } from './landscape.ts'

/** One write that an API server is about to perform: it waits until it is judged. */
type Admission = {
  operation: 'CREATE' | 'UPDATE' | 'DELETE'
  name: string
  object?: unknown
  oldObject?: unknown
}

/** Writes of one resource that are to be judged. `when`: a CEL expression over `object` and `oldObject`. */
export type Watched = {
  group: string
  version: string
  resource: string
  operations: Admission['operation'][]
  when?: string
}

/** Whether the write may go on; with a reason it is refused as "try again later". */
type Judge = (admission: Admission) => Promise<string | undefined>

const PROBE = 'admission-probe'

/** Has API servers ask before they write, so that what is read while they wait was so before the write. */
export class AdmissionServer {
  readonly #server: Server
  readonly #authority: string
  readonly #judges = new Map<string, Judge>()
  readonly #probed = new Set<string>()

  private constructor(server: Server, authority: string) {
    this.#server = server
    this.#authority = authority
  }

  static async start(): Promise<AdmissionServer> {
    const authority = await CertificateAuthority.create('admission')
    const { certificate: cert, key } = await authority.issueServing()
    const server = createServer({ cert, key })
    const admission = new AdmissionServer(server, authority.pem)
    server.on('request', (request, response) => {
      void admission.#answer(request).then(
        (body) => response.setHeader('content-type', 'application/json').end(body),
        (error: unknown) => {
          if (request.complete) throw error
          response.destroy() // the API server crashed while it asked
        },
      )
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return admission
  }

  /** Resolves once `site` asks before each such write. */
  async guard(site: Site, watched: Watched[], judge: Judge): Promise<void> {
    this.#judges.set(`/${site.name}`, judge)
    const { port } = this.#server.address() as AddressInfo
    const clientConfig = {
      url: `https://127.0.0.1:${port}/${site.name}`,
      caBundle: Buffer.from(this.#authority).toString('base64'),
    }
    const fixed = {
      clientConfig,
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      failurePolicy: 'Fail',
      timeoutSeconds: 10,
    }
    const hooks = [
      { group: '', version: 'v1', resource: 'configmaps', operations: ['CREATE'] } as Watched,
      ...watched,
    ].map((rule, index) => ({
      ...fixed,
      name: `hook-${index}.test.platform-mesh.io`,
      rules: [
        {
          apiGroups: [rule.group],
          apiVersions: [rule.version],
          resources: [rule.resource],
          operations: rule.operations,
        },
      ],
      matchConditions: [
        { name: 'when', expression: index === 0 ? `object.metadata.name == '${PROBE}'` : (rule.when ?? 'true') },
      ],
    }))
    await site.client.apply({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'observer' },
      webhooks: hooks,
    })
    await waitFor(`${site.name} asks before it writes`, async () => {
      await this.#probe(site)
      return this.#probed.has(`/${site.name}`)
    })
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  /** A write that is only tried; the observer is asked about it from the moment on that the configuration is in force. */
  async #probe(site: Site): Promise<void> {
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: PROBE, namespace: 'default' } }
    await site.client.send('POST', '/api/v1/namespaces/default/configmaps?dryRun=All', body)
  }

  async #answer(request: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { apiVersion, kind, request: review } = JSON.parse(Buffer.concat(chunks).toString('utf8'))
    const path = request.url?.split('?')[0] ?? ''
    const later =
      review.name === PROBE || review.object?.metadata?.name === PROBE
        ? this.#note(path)
        : await this.#judges.get(path)?.(review)
    const refusal = { status: { code: 503, reason: 'ServiceUnavailable', message: later } }
    return JSON.stringify({
      apiVersion,
      kind,
      response: { uid: review.uid, allowed: later === undefined, ...(later === undefined ? {} : refusal) },
    })
  }

  #note(path: string): undefined {
    this.#probed.add(path)
  }
}
