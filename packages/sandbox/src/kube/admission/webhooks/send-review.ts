import { request } from 'node:https'
import { goQuote } from '../../go-text.ts'
import type { WebhookClientConfig, WebhookSpec } from './webhook.ts'

/** The body of an answer with status 200, or why there is none, in the words of Go's HTTP client. */
export type Sent = { body: string } | { mistake: string }

const HTTPS_PORT = 443
/** Of webhooks; kube-apiserver's default. */
const TIMEOUT_SECONDS = 10
/** Of what does not answer properly, quoted in the refusal. */
const LONGEST_QUOTE = 2048
const UNTRUSTED = ['SELF_SIGNED_CERT_IN_CHAIN', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE']

/** Sends a review to a webhook; resolves in any case, after `timeoutSeconds` at the latest. */
export async function sendReview({ clientConfig, timeoutSeconds }: WebhookSpec, body: string): Promise<Sent> {
  const seconds = timeoutSeconds ?? TIMEOUT_SECONDS
  const url = `${urlOf(clientConfig)}?timeout=${seconds}s`
  const failed = (why: string) => ({ mistake: `Post ${goQuote(url)}: ${why}` })
  const { service, caBundle } = clientConfig
  // There are no Services: this is what kube-apiserver says of one that is not there.
  if (service !== undefined) return failed(`service ${goQuote(service.name)} not found`)
  try {
    const { status, type, text } = await post(url, body, seconds, caBundle)
    return status >= 200 && status <= 206 ? { body: text } : { mistake: statusMistake(status, type, text) }
  } catch (error) {
    return failed(explain(error as NodeJS.ErrnoException))
  }
}

function urlOf({ url, service }: WebhookClientConfig): string {
  if (service === undefined) return url ?? ''
  const { name, namespace, port = HTTPS_PORT, path = '' } = service
  return `https://${name}.${namespace}.svc:${port}${path}`
}

type Answer = { status: number; type: string; text: string }

function post(url: string, body: string, seconds: number, caBundle: string | undefined): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(url, {
      method: 'POST',
      // A connection for each call: one that was kept may be closed by the webhook while it is used.
      agent: false,
      ...(caBundle !== undefined && { ca: Buffer.from(caBundle, 'base64') }),
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        'content-length': Buffer.byteLength(body),
      },
      signal: AbortSignal.timeout(seconds * 1000),
    })
    call.on('error', reject)
    call.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode = 0, headers } = response
        resolve({
          status: statusCode,
          type: headers['content-type'] ?? '',
          text: Buffer.concat(chunks).toString('utf8'),
        })
      })
    })
    call.end(body)
  })
}

function explain(error: NodeJS.ErrnoException & { address?: string; port?: number }): string {
  const { code = '', name, address, port, message } = error
  if (name === 'AbortError' || name === 'TimeoutError') return 'context deadline exceeded'
  if (code === 'ECONNREFUSED') return `dial tcp ${address}:${port}: connect: connection refused`
  if (code === 'ECONNRESET') return 'EOF'
  if (UNTRUSTED.includes(code)) {
    return 'tls: failed to verify certificate: x509: certificate signed by unknown authority'
  }
  return message
}

/** As client-go says it of an answer that is no success. */
function statusMistake(status: number, type: string, text: string): string {
  const said = type.startsWith('text/') ? text.trim().slice(0, LONGEST_QUOTE) : 'unknown'
  if (status === 503) return 'the server is currently unable to handle the request'
  if (status === 404) return 'the server could not find the requested resource'
  if (status === 400) return 'the server rejected our request for an unknown reason'
  if (status === 401) return 'the server has asked for the client to provide credentials'
  if (status === 403) return said
  if (status >= 500) return `an error on the server (${goQuote(said)}) has prevented the request from succeeding`
  return `the server responded with the status code ${status} but did not return more information`
}
