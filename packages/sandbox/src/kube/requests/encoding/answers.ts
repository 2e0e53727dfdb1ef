import { stringifyJson } from '@resource-broker/json'
import { stringify } from 'yaml'
import { type Status, StatusError } from '../../errors.ts'
import type { HttpResponse } from '../../http.ts'
import { parseOwnJson } from '../../json.ts'
import type { JsonObject, KubeObject } from '../../objects.ts'
import { partialMetadata } from '../../table/mod.ts'
import { type Output, YAML_TYPE } from '../decoding/media-types.ts'
import type { Scope } from '../scope.ts'
import { tableFor } from './tables.ts'

/** As Go writes it: sorted, and with quotes around what YAML 1.1 would not read as text. */
const GO_STYLE = {
  aliasDuplicateObjects: false,
  sortMapEntries: true,
  indentSeq: false,
  version: '1.1',
  lineWidth: 0,
} as const

/** Answers with one object, given as its JSON or as it is. */
export function objectAnswer(scope: Scope, output: Output, object: KubeObject | Buffer, code = 200): HttpResponse {
  const { shape } = output
  if (shape.as === 'Object') return answer(output, Buffer.isBuffer(object) ? object : (object as JsonObject), code)
  if (shape.as === 'PartialObjectMetadataList') throw notAList(scope)
  const parsed = Buffer.isBuffer(object) ? parseOwnJson<KubeObject>(object) : object
  const { resourceVersion = '' } = parsed.metadata
  const shown =
    shape.as === 'Table'
      ? tableFor(scope, shape, [parsed], { listMeta: { resourceVersion } })
      : partialMetadata(parsed, shape.version)
  return answer(output, shown as unknown as JsonObject, code)
}

function notAList({ resource: { builtIn, group, kind } }: Scope): StatusError {
  const type = builtIn ? `${group.split('.')[0] || 'core'}.${kind}` : 'unstructured.Unstructured'
  const why = `the requested object is not a list (*${type})`
  return StatusError.notAcceptable(`you requested PartialObjectMetadataList, but ${why}`)
}

/** Writes a value in the media type that the client wants. */
export function answer(
  { mediaType, pretty }: Pick<Output, 'mediaType' | 'pretty'>,
  value: Buffer | JsonObject | Status,
  status = 200,
): HttpResponse {
  return { status, contentType: mediaType, body: bodyOf(mediaType, pretty, value) }
}

function bodyOf(mediaType: string, pretty: boolean, value: Buffer | JsonObject | Status): Buffer | string {
  if (mediaType === YAML_TYPE) return stringify(plain(value), GO_STYLE)
  if (pretty) return stringifyJson(plain(value), 2)
  return Buffer.isBuffer(value) ? value : stringifyJson(value)
}

function plain(value: Buffer | JsonObject | Status): unknown {
  return Buffer.isBuffer(value) ? parseOwnJson(value) : value
}
