import { stringifyJson } from '@resource-broker/json'
import type { HttpResponse } from '../../http.ts'
import { parseOwnJson } from '../../json.ts'
import type { KubeObject } from '../../objects.ts'
import { type ListMeta, partialMetadataList } from '../../table/mod.ts'
import type { Output } from '../decoding/media-types.ts'
import { apiVersionOf } from '../object-reader.ts'
import type { Scope } from '../scope.ts'
import { answer } from './answers.ts'
import { tableFor } from './tables.ts'

const COMMA = Buffer.from(',')
const OPEN = Buffer.from('{')
const END = Buffer.from(']}')

/** Answers with a list of objects, each given as its JSON in the version of the request. */
export function listAnswer(scope: Scope, output: Output, items: readonly Buffer[], meta: ListMeta): HttpResponse {
  const { shape } = output
  if (shape.as === 'Object') return answer(output, listBytes(scope, items, meta))
  const objects = items.map((bytes) => parseOwnJson<KubeObject>(bytes))
  if (shape.as === 'Table') return answer(output, tableFor(scope, shape, objects, { listMeta: meta }))
  return answer(output, partialMetadataList(objects, meta, shape.version))
}

/** The items' own bytes behind one another; no item is parsed. */
function listBytes({ resource, version }: Scope, items: readonly Buffer[], meta: ListMeta): Buffer {
  const apiVersion = apiVersionOf(resource.group, version.name)
  // Lists of custom resources say so when they are complete.
  const metadata = resource.builtIn ? meta : { continue: '', ...meta }
  const head = { kind: resource.listKind, apiVersion, metadata }
  const chunks: Buffer[] = [Buffer.from(`${stringifyJson(head).slice(0, -1)},"items":[`)]
  // Items of built-in types have no type of their own, as Go's typed lists do not write it.
  const prefix = resource.builtIn ? Buffer.from(`{"kind":"${resource.kind}","apiVersion":"${apiVersion}",`) : undefined
  for (const [index, bytes] of items.entries()) {
    if (index > 0) chunks.push(COMMA)
    if (prefix !== undefined && bytes.subarray(0, prefix.length).equals(prefix)) {
      chunks.push(OPEN, bytes.subarray(prefix.length))
    } else chunks.push(bytes)
  }
  chunks.push(END)
  return Buffer.concat(chunks)
}
