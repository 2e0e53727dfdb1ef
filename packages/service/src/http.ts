import type { HostPort } from './flags.ts'
import type { Readiness } from './health.ts'
import type { MetricsRegistry } from './metrics.ts'

/** Answers a GET with what becomes the JSON body. `query` holds the last value of each parameter. */
export type RouteHandler = (query: Readonly<Record<string, string>>) => unknown

/** The read-only routes that services add, by path; they may come after the server listens. */
export type Routes = Map<string, RouteHandler>

/** What the HTTP server serves. */
export type HttpContent = { readiness: Readiness; metrics: MetricsRegistry; routes: Routes }

/** A server that listens, at the port that was really taken. */
export type HttpServer = { address: HostPort; close(): Promise<void> }

/** Serves `/livez`, `/readyz`, `/metrics` and the routes at `address`. Throws when the address cannot be listened at. */
export async function serveHttp(address: HostPort, { readiness, metrics, routes }: HttpContent): Promise<HttpServer> {
  // Imported here: a service that serves nothing does not pay fastify's memory.
  const { fastify } = await import('fastify')
  const server = fastify({ forceCloseConnections: true })
  server.get('/livez', () => ({ live: true }))
  server.get('/readyz', async (_request, reply) => {
    const failing = await readiness.failing()
    const ready = Object.keys(failing).length === 0
    return reply.code(ready ? 200 : 503).send({ ready, failing })
  })
  server.get('/metrics', async (_request, reply) => {
    const { contentType, body } = await metrics.expose()
    return reply.type(contentType).send(body)
  })
  server.get<{ Querystring: Record<string, string> }>('/*', async (request, reply) => {
    const handler = routes.get(request.url.replace(/\?.*$/, ''))
    if (handler === undefined) return reply.code(404).send({ error: 'not found' })
    return reply.send(await handler(request.query))
  })
  await server.listen(address)
  const { port } = server.server.address() as { port: number }
  return { address: { host: address.host, port }, close: () => server.close() }
}
