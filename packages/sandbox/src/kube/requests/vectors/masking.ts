import { parseJson } from '@resource-broker/json'

const MASKS: readonly [RegExp, string][] = [
  [/[0-9a-f]{8}-[0-9a-f-]{27}/g, '<uid>'],
  [/\d{4}-\d\d-\d\dT[\d:]+Z/g, '<time>'],
  [/"resourceVersion": ?"\d+"/g, '"resourceVersion":"<rv>"'],
  [/"continue":"[^"]+"/g, '"continue":"<token>"'],
  [/current: \d+/g, 'current: <rv>'],
  [/in record \(\d+\)/g, 'in record (<rv>)'],
  [/resource version: \d+ \(\d+\)/g, 'resource version: <rv> (<rv>)'],
  [/"\d+[smh]"/g, '"<age>"'],
  [/(Bad_|gen-)[a-z0-9]{5}/g, '$1<suffix>'],
]

/** The text of an answer without what is different each time. */
function masked(text: string): string {
  return MASKS.reduce((result, [pattern, mask]) => result.replace(pattern, mask), text)
}

/** A masked answer: events of a watch, a document, or text. */
export function readAnswer(text: string): unknown {
  const plain = masked(text)
  if (plain.startsWith('{"type"')) return plain.trim().split('\n').map(parse)
  return parse(plain)
}

function parse(text: string): unknown {
  try {
    return withoutCluster(parseJson(text))
  } catch {
    return text
  }
}

/** Without the annotation that only kcp puts on everything. */
function withoutCluster(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutCluster)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([key]) => key !== 'kcp.io/cluster')
  const kept = entries.map(([key, member]) => [key, withoutCluster(member)] as const)
  return Object.fromEntries(
    kept.filter(([key, member]) => key !== 'annotations' || Object.keys(member as object).length > 0),
  )
}
