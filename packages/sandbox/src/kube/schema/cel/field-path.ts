import type { Structural } from '../structural.ts'

type Found = { path: string; node: Structural }
/** Of JSON paths as in `.spec['a'].b`: their parts, with the delimiters. */
const TOKEN = /'(?:[^'\\]|\\.)*'|[.[\]]|[^.[\]']+/g
const ESCAPES: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  "'": "'",
  '\\': '\\',
}

/** Where a JSON path of field and map accesses leads below a schema, or what is wrong with it. */
export function resolveFieldPath(jsonPath: string, root: Structural, allowArrays = true): Found | { mistake: string } {
  const tokens = jsonPath.match(TOKEN) ?? []
  let found: Found = { path: '', node: root }
  for (let at = 0; at < tokens.length; ) {
    const token = tokens[at++] as string
    if (token !== '.' && token !== '[') return { mistake: `expected [ or . but got: ${token}` }
    if (token === '[' && !allowArrays) return { mistake: 'array notation is not allowed' }
    const given = tokens[at++]
    if (given === undefined) return { mistake: 'unexpected end of JSON path' }
    const name = token === '[' ? unquote(given) : given
    if (typeof name !== 'string') return name
    const next = step(found, name)
    if ('mistake' in next) return next
    found = next
    if (token === '[' && tokens[at++] !== ']') return { mistake: 'unexpected end of JSON path' }
  }
  return found
}

function unquote(token: string): string | { mistake: string } {
  if (token.length < 2 || !token.startsWith("'") || !token.endsWith("'")) {
    return { mistake: `expected single quoted string but got ${token}` }
  }
  const inner = token.slice(1, -1)
  const bad = /\\[^abfnrtv'\\]/.exec(inner)
  if (bad !== null) return { mistake: `invalid string literal: invalid escape char ${bad[0]}` }
  return inner.replace(/\\(.)/g, (_, letter: string) => ESCAPES[letter] ?? letter)
}

function step({ path, node }: Found, name: string): Found | { mistake: string } {
  if (node.properties !== undefined) {
    const child = node.properties.get(name)
    if (child === undefined) return { mistake: 'does not refer to a valid field' }
    return { path: path === '' ? name : `${path}.${name}`, node: child }
  }
  const child = node.additional?.node
  return child === undefined
    ? { mistake: 'does not refer to a valid field' }
    : { path: `${path}[${name}]`, node: child }
}
