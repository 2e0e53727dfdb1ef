import { stringifyJson } from '@resource-broker/json'
import { StatusError } from '../../errors.ts'
import type { HttpRequest } from '../../http.ts'
import { isTrue } from '../request-info.ts'

export const JSON_TYPE = 'application/json'
export const YAML_TYPE = 'application/yaml'
export const PROTOBUF_TYPE = 'application/vnd.kubernetes.protobuf'

/** What an answer is turned into: the object itself, table rows, or the metadata alone. */
export type Shape =
  | { as: 'Object' }
  | { as: 'Table'; version: 'v1' | 'v1beta1'; includeObject: 'None' | 'Metadata' | 'Object' }
  | { as: 'PartialObjectMetadata' | 'PartialObjectMetadataList'; version: 'v1' | 'v1beta1' }

/** How the answer is written. */
export type Output = { mediaType: typeof JSON_TYPE | typeof YAML_TYPE; pretty: boolean; shape: Shape }

type Clause = { type: string; quality: number; params: ReadonlyMap<string, string> }

const HUMANS = /^(curl|Wget|Mozilla\/5\.0)/
const SHAPES = ['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList']
const INCLUDE = ['None', 'Metadata', 'Object']

/** The clauses of an Accept header, best first. */
export function parseAccept(header: string): Clause[] {
  const clauses = header.split(',').map((text) => {
    const [type = '', ...rest] = text.split(';').map((part) => part.trim())
    const params = new Map(rest.map((part) => part.split('=', 2) as [string, string]))
    return { type, quality: Number(params.get('q') ?? 1), params }
  })
  return clauses.sort((a, b) => b.quality - a.quality)
}

/** Chooses how to answer. Throws StatusError 406. Protobuf is never sent: clients that ask for it take JSON, too. */
export function negotiateOutput({ headers, query }: HttpRequest, builtIn: boolean, collection = false): Output {
  const pretty = query.has('pretty') ? isTrue(query.get('pretty')) : HUMANS.test(headers['user-agent'] ?? '')
  const accept = headers['accept'] ?? ''
  if (accept === '') return { mediaType: JSON_TYPE, pretty, shape: { as: 'Object' } }
  for (const clause of parseAccept(accept)) {
    const mediaType = mediaTypeOf(clause)
    const shape = shapeOf(clause, query)
    if (mediaType !== undefined && shape !== undefined) {
      return { mediaType, pretty: pretty || clause.params.get('pretty') === '1', shape }
    }
  }
  throw notAcceptable(parseAccept(accept), builtIn, collection)
}

/** Paths of built-in types look at the media type alone first, and refuse it in words of their own. */
function notAcceptable(clauses: readonly Clause[], builtIn: boolean, collection: boolean): StatusError {
  const supported = [JSON_TYPE, YAML_TYPE, ...(builtIn ? [PROTOBUF_TYPE] : [])]
  const known = clauses.some(({ type }) => supported.includes(type) || type === '*/*' || type === 'application/*')
  if (known || !builtIn) {
    return StatusError.notAcceptable(`only the following media types are accepted: ${supported.join(', ')}`)
  }
  const streams = collection ? [`${JSON_TYPE};stream=watch`, `${PROTOBUF_TYPE};stream=watch`] : []
  const list = [...supported, ...streams].join(', ')
  const text = `406: Not Acceptable\n\nAvailable representations: ${list}`
  return new StatusError(406, 'NotAcceptable', text, {})
}

function mediaTypeOf({ type, params }: Clause): Output['mediaType'] | undefined {
  const stream = params.get('stream')
  if (stream !== undefined && stream !== '' && stream !== 'watch') return undefined
  if (type === JSON_TYPE || type === 'application/*' || type === '*/*') return JSON_TYPE
  return type === YAML_TYPE ? YAML_TYPE : undefined
}

function shapeOf({ params }: Clause, query: URLSearchParams): Shape | undefined {
  const as = params.get('as')
  if (as === undefined) return params.has('g') || params.has('v') ? undefined : { as: 'Object' }
  const version = params.get('v')
  if (version !== 'v1' && version !== 'v1beta1') return undefined
  if (params.get('g') !== 'meta.k8s.io' || !SHAPES.includes(as)) return undefined
  if (as !== 'Table') return { as: as as 'PartialObjectMetadata', version }
  return { as, version, includeObject: includeObjectOf(query) }
}

function includeObjectOf(query: URLSearchParams): 'None' | 'Metadata' | 'Object' {
  const value = query.get('includeObject') ?? ''
  if (value === '') return 'Metadata'
  if (!INCLUDE.includes(value)) {
    const why = `includeObject: Invalid value: ${stringifyJson(value)}: must be 'Metadata', 'Object', 'None', or empty`
    throw StatusError.badRequest(`Unable to convert to Table as requested: ${why}`)
  }
  return value as 'None'
}

/** The media type of a body, without parameters. Throws StatusError 415. */
export function inputType({ headers }: HttpRequest, builtIn: boolean): string {
  const header = headers['content-type'] ?? ''
  const type = (header.split(';')[0] ?? '').trim().toLowerCase()
  const supported = [JSON_TYPE, YAML_TYPE, ...(builtIn ? [PROTOBUF_TYPE] : [])]
  if (header === '') return JSON_TYPE
  if (supported.includes(type)) return type
  throw unsupported(supported)
}

/** Throws always: what `types` there would be. */
export function unsupported(types: readonly string[]): StatusError {
  return StatusError.unsupportedMediaType(
    `the body of the request was in an unknown format - accepted media types include: ${types.join(', ')}`,
  )
}
