import type { Span } from '../../support/otlp-receiver.ts'

/** One span of a trace: how deep it is, and what people are told of it. */
export type Row = { depth: number; span: Span; text: string }

/** A trace from its beginning, each span before what it led to, in the order of their begin. `named` makes a text fit for people. */
export function treeOf(spans: readonly Span[], named: (text: string) => string = (text) => text): Row[] {
  const known = new Set(spans.map(({ spanId }) => spanId))
  const children = Map.groupBy(spans, ({ parentSpanId = '' }) => (known.has(parentSpanId) ? parentSpanId : ''))
  const rowsBelow = (parent: string, depth: number): Row[] =>
    (children.get(parent) ?? []).flatMap((span) => [
      { depth, span, text: named(textOf(span)) },
      ...rowsBelow(span.spanId, depth + 1),
    ])
  return rowsBelow('', 0)
}

/** Lines with columns: when it began, what it was, who did it, how long it took; in milliseconds since the first span. */
export function linesOf(rows: readonly Row[]): string[] {
  const start = Math.min(...rows.map(({ span }) => span.startMs))
  const told = rows.map(({ depth, text, span }) => ({ span, what: `${'  '.repeat(depth)}${text}` }))
  const width = Math.max(...told.map(({ what }) => what.length))
  const services = Math.max(...rows.map(({ span }) => span.service.length))
  return told.map(({ span, what }) => {
    const [at, took] = [span.startMs - start, span.endMs - span.startMs].map((ms) => `${ms.toFixed(1)} ms`.padStart(11))
    return `${at}  ${what.padEnd(width)}  ${span.service.padEnd(services)} ${took}`
  })
}

function textOf({ name, attributes, failed }: Span): string {
  const of = (key: string) => (attributes[`broker.${key}`] === undefined ? '' : ` ${attributes[`broker.${key}`]}`)
  const status = attributes['http.response.status_code']
  if (status !== undefined) return `${name} at${of('cluster')}: ${status}`
  const heard = attributes['broker.heard']
  const why = name !== 'sync' || !Array.isArray(heard) ? '' : ` (heard of ${heard.join(', ')})`
  return `${name}${of('part')}${of('verdict')}${of('offer')}${of('workspace')}${of('state')}${why}${failed ? ' (failed)' : ''}`
}
