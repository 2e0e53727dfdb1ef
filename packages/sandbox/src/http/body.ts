import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { StatusError } from '../kube/errors.ts'

/** As kube-apiserver's default for the bodies of its resources. */
export const BODY_LIMIT_BYTES = 3 * 1024 * 1024

const inflate = promisify(gunzip)

/** Reads the whole body, inflated. Throws StatusError: 413 above `limit` bytes, sent or inflated; 415, 400. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  if (encoding !== 'identity' && encoding !== 'gzip') {
    throw StatusError.unsupportedMediaType(`the content encoding "${encoding}" is not supported: use gzip or none`)
  }
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit)
  const sent = await gather(request, limit)
  return encoding === 'gzip' ? unzip(sent, limit) : sent
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

async function unzip(sent: Buffer, limit: number): Promise<Buffer> {
  try {
    return await inflate(sent, { maxOutputLength: limit })
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(limit)
    throw StatusError.badRequest('the body is not valid gzip')
  }
}

function tooLarge(limit: number): StatusError {
  return StatusError.tooLarge(`Request entity too large: limit is ${limit}`)
}

function endedEarly(): StatusError {
  return StatusError.badRequest('the body ended too early')
}
