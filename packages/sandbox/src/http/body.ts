import type { IncomingMessage } from 'node:http'
import { StatusError } from '../kube/errors.ts'

/** As kube-apiserver's default for the bodies of its resources. */
export const BODY_LIMIT_BYTES = 3 * 1024 * 1024

/** Reads the whole body as it was sent: kube-apiserver inflates none. Throws StatusError: 413 above `limit` bytes; 400. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit)
  return gather(request, limit)
}

function gather(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (request.destroyed) return reject(endedEarly())
    const chunks: Buffer[] = []
    let size = 0
    const settle = () => {
      request.off('data', onData)
      request.off('end', onEnd)
      request.off('close', onClose)
    }
    const onData = (chunk: Buffer) => {
      size += chunk.length
      if (size <= limit) return void chunks.push(chunk)
      // What still comes is read and dropped, so that the client gets to read the answer.
      settle()
      request.resume()
      reject(tooLarge(limit))
    }
    const onEnd = () => {
      settle()
      resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks))
    }
    const onClose = () => {
      settle()
      reject(endedEarly())
    }
    request.on('data', onData).on('end', onEnd).on('close', onClose)
    // A close follows.
    request.on('error', () => undefined)
  })
}

function tooLarge(limit: number): StatusError {
  return StatusError.tooLarge(`Request entity too large: limit is ${limit}`)
}

function endedEarly(): StatusError {
  return StatusError.badRequest('the body ended too early')
}
