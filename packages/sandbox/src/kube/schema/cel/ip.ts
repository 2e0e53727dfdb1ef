import { isIPv4, isIPv6 } from 'node:net'

/** An IP address as a number of 32 or 128 bits. */
export class Ip {
  readonly value: bigint
  readonly isV4: boolean

  constructor(value: bigint, isV4: boolean) {
    this.value = value
    this.isV4 = isV4
  }

  equals(other: unknown): boolean {
    return other instanceof Ip && other.isV4 === this.isV4 && other.value === this.value
  }

  /** Whether it lies in the network; of another family it does not. */
  within(network: string): boolean {
    return parseCidr(network)?.containsIp(this) ?? false
  }

  get isUnspecified(): boolean {
    return this.value === 0n
  }

  get isLoopback(): boolean {
    return this.within('127.0.0.0/8') || this.within('::1/128')
  }

  get isLinkLocalMulticast(): boolean {
    return this.within('224.0.0.0/24') || this.within('ff02::/16')
  }

  get isLinkLocalUnicast(): boolean {
    return this.within('169.254.0.0/16') || this.within('fe80::/10')
  }

  get isGlobalUnicast(): boolean {
    const isMulticast = this.within('224.0.0.0/4') || this.within('ff00::/8')
    const isBroadcast = this.isV4 && this.value === 0xffffffffn
    return !(isMulticast || isBroadcast || this.isUnspecified || this.isLoopback || this.isLinkLocalUnicast)
  }

  toString(): string {
    return this.isV4 ? v4Text(this.value) : v6Text(this.value)
  }
}

/** An address with the length of its network's prefix. */
export class Cidr {
  readonly ip: Ip
  readonly prefix: number

  constructor(ip: Ip, prefix: number) {
    this.ip = ip
    this.prefix = prefix
  }

  equals(other: unknown): boolean {
    return other instanceof Cidr && other.ip.equals(this.ip) && other.prefix === this.prefix
  }

  containsIp(ip: Ip): boolean {
    return ip.isV4 === this.ip.isV4 && this.#network(ip) === this.#network(this.ip)
  }

  contains(other: Cidr): boolean {
    return other.prefix >= this.prefix && this.containsIp(other.ip)
  }

  masked(): Cidr {
    return new Cidr(new Ip(this.#network(this.ip) << this.#hostBits, this.ip.isV4), this.prefix)
  }

  toString(): string {
    return `${this.ip}/${this.prefix}`
  }

  get #hostBits(): bigint {
    return BigInt((this.ip.isV4 ? 32 : 128) - this.prefix)
  }

  #network(ip: Ip): bigint {
    return ip.value >> this.#hostBits
  }
}

/** Reads an address; zones and IPv4 in IPv6 are refused, as Kubernetes does in CEL. */
export function parseIp(text: string): Ip | undefined {
  if (isIPv4(text))
    return new Ip(
      text.split('.').reduce((value, part) => (value << 8n) + BigInt(part), 0n),
      true,
    )
  if (!isIPv6(text) || text.includes('%') || text.includes('.')) return undefined
  const [head = '', tail] = text.split('::')
  const groups = (part: string) => (part === '' ? [] : part.split(':'))
  const missing = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length
  const all = [...groups(head), ...Array.from({ length: missing }, () => '0'), ...groups(tail ?? '')]
  return new Ip(
    all.reduce((value, group) => (value << 16n) + BigInt(`0x${group}`), 0n),
    false,
  )
}

export function parseCidr(text: string): Cidr | undefined {
  const [, address = '', bits = ''] = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? []
  const ip = parseIp(address)
  if (ip === undefined || Number(bits) > (ip.isV4 ? 32 : 128)) return undefined
  return new Cidr(ip, Number(bits))
}

/** Whether an address is written as Go would write it. Throws for what is none. */
export function isCanonicalIp(text: string): boolean {
  const ip = parseIp(text)
  if (ip === undefined) throw new Error(`IP Address "${text}" parse error during conversion from string`)
  return String(ip) === text
}

function v4Text(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.')
}

/** With the longest run of zeros left out (RFC 5952). */
function v6Text(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, at) => ((value >> BigInt(112 - at * 16)) & 0xffffn).toString(16))
  const runs = [...groups.join(':').matchAll(/(?<![0-9a-f])0(?::0(?![0-9a-f]))+/g)]
  const longest = runs.reduce((best, [run]) => Math.max(best, run.length), 0)
  const text = groups.join(':')
  const run = runs.find(([found]) => found.length === longest)
  if (run === undefined) return text
  return `${text.slice(0, run.index).replace(/:$/, '')}::${text.slice(run.index + longest).replace(/^:/, '')}`
}
