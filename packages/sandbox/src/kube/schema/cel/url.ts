/** A URL as Go's url.ParseRequestURI reads it. */
export class Url {
  readonly text: string
  readonly scheme: string
  readonly host: string
  /** Still escaped. */
  readonly path: string
  readonly query: ReadonlyMap<string, string[]>

  constructor(text: string, scheme: string, host: string, path: string, query: string) {
    this.text = text
    this.scheme = scheme.toLowerCase()
    this.host = host
    this.path = path
    const entries = new URLSearchParams(query)
    this.query = new Map([...new Set(entries.keys())].map((key) => [key, entries.getAll(key)]))
  }

  get hostname(): string {
    return this.host.startsWith('[') ? this.host.slice(1, this.host.indexOf(']')) : this.host.replace(/:\d*$/, '')
  }

  get port(): string {
    return /:(\d*)$/.exec(this.host)?.[1] ?? ''
  }

  equals(other: unknown): boolean {
    return other instanceof Url && other.text === this.text
  }

  toString(): string {
    return this.text
  }
}

/** undefined for what is neither an absolute URL nor an absolute path. */
export function parseUrl(text: string): Url | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: Go refuses them in a URI
  if (text === '' || /[\u0000-\u001f\u007f ]/.test(text) || /%(?![0-9a-fA-F]{2})/.test(text)) return undefined
  const match = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/([^/?]*))?([^?]*)(?:\?(.*))?$/.exec(text)
  if (match === null) return undefined
  const [, scheme = '', authority = '', path = '', query = ''] = match
  if (scheme === '' && !path.startsWith('/')) return undefined
  const host = authority.slice(authority.lastIndexOf('@') + 1)
  if (!/^(\[[^\]]*\]|[^:]*)(:\d*)?$/.test(host)) return undefined
  return new Url(text, scheme, host, path, query)
}
