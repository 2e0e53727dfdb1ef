import { createPublicKey, verify } from 'node:crypto'

const SEQUENCE = 0x30
const BIT_STRING = 0x03
const PEM = /-----BEGIN ([^\n-]+)-----\n([\s\S]*?)-----END \1-----/

/** Digest of a signature algorithm by its object identifier in hex; Ed25519 has none. */
const DIGESTS: Readonly<Record<string, string | null>> = {
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
  '2b6570': null,
}

type Element = { tag: number /** With its header. */; whole: Buffer; content: Buffer }

/** The first block of a PEM text, or undefined. */
export function pemBlock(text: string): { type: string; der: Buffer } | undefined {
  const [, type, body] = PEM.exec(text.replaceAll('\r\n', '\n')) ?? []
  return type === undefined || body === undefined ? undefined : { type, der: Buffer.from(body, 'base64') }
}

/** What is wrong with a PKCS#10 request in PEM, or undefined; its signature is checked, synchronously, unlike by @peculiar/x509. */
export function pkcs10Complaint(text: string): string | undefined {
  const block = pemBlock(text)
  if (block?.type !== 'CERTIFICATE REQUEST') return 'PEM block type must be CERTIFICATE REQUEST'
  try {
    return hasGoodSignature(block.der) ? undefined : 'x509: signature verification failed'
  } catch (error) {
    return `asn1: structure error: ${(error as Error).message}`
  }
}

/** CertificationRequest ::= SEQUENCE { info, algorithm, signature }, RFC 2986. */
function hasGoodSignature(der: Buffer): boolean {
  const outer = readElement(der)
  if (outer.tag !== SEQUENCE || outer.whole.length !== der.length) throw new Error('no certificate request')
  const [info, algorithm, signature] = elements(outer.content)
  if (info === undefined || algorithm === undefined || signature?.tag !== BIT_STRING) throw new Error('truncated')
  const [, , key] = elements(info.content)
  const digest = DIGESTS[elements(algorithm.content)[0]?.content.toString('hex') ?? '']
  if (key === undefined || digest === undefined) throw new Error('unknown algorithm')
  const publicKey = createPublicKey({ key: key.whole, format: 'der', type: 'spki' })
  // The first byte of a bit string tells how many bits of the last one are unused.
  return verify(digest, info.whole, publicKey, signature.content.subarray(1))
}

function elements(content: Buffer): Element[] {
  const found: Element[] = []
  for (let rest = content; rest.length > 0; ) {
    const element = readElement(rest)
    found.push(element)
    rest = rest.subarray(element.whole.length)
  }
  return found
}

function readElement(bytes: Buffer): Element {
  const first = bytes[1] ?? 0
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f
  const start = 2 + lengthBytes
  if (lengthBytes > 4 || bytes.length < start) throw new Error('truncated')
  const length = lengthBytes === 0 ? first : bytes.readUIntBE(2, lengthBytes)
  if (bytes.length < start + length) throw new Error('truncated')
  const whole = bytes.subarray(0, start + length)
  return { tag: bytes[0]!, whole, content: whole.subarray(start) }
}
