import { StatusError } from '../../errors.ts'
import type { HttpResponse } from '../../http.ts'
import type { KubeObject } from '../../objects.ts'
import { inputType, type Output, unsupported } from '../decoding/media-types.ts'
import { decodeBody } from '../decoding/objects.ts'
import { readPatchQuery, readWriteQuery, type WriteQuery } from '../decoding/write-options.ts'
import { answer, objectAnswer } from '../encoding/answers.ts'
import type { Call, Scope, WriteOptions } from '../scope.ts'
import { dedupOwnerReferences } from '../validation/owner-references.ts'
import { createObject } from '../writing/create.ts'
import { track } from '../writing/managed-fields.ts'
import { ensureNamespace } from '../writing/metadata.ts'
import { APPLY_PATCH, checkName, type Patch, patchObject, patchOf, patchTypes } from '../writing/patch.ts'
import type { Written } from '../writing/saving.ts'
import { changeScale } from '../writing/scale.ts'
import { contextOf } from '../writing/strategy.ts'
import { createAtSubresource, ownSubresource, updateBySubresource } from '../writing/subresources.ts'
import { updateObject } from '../writing/update.ts'
import { attempted } from './attempts.ts'
import { attributesOf, authorize } from './authorization.ts'
import { patchedScale } from './patched-scale.ts'

/** Answers a POST. */
export async function creation(call: Call, output: Output): Promise<HttpResponse> {
  const { scope, request } = call
  const mediaType = inputType(request.http, scope.resource.builtIn)
  const bytes = await request.http.body()
  const query = readWriteQuery(request.http, 'CreateOptions')
  const warn = (text: string) => call.warnings.push(text)
  const decoded = () => decodeBody(scope, bytes, mediaType, query.fieldValidation, warn)
  const { review } = scope.resource.strategy
  const own = ownSubresource(scope)
  if (own === undefined && review === undefined) {
    const options = optionsOf(call, query)
    return answered(call, output, await attempted(call, (at) => createObject(at, decoded(), options)))
  }
  const body = decoded()
  if (own !== undefined) {
    const result = createAtSubresource(scope, request.info.name, body, own, optionsOf(call, query))
    return answered(call, output, { object: result, created: true })
  }
  ensureNamespace(scope, body)
  const answer = review!(track(scope, body, undefined, optionsOf(call, query)), contextOf(scope))
  return objectAnswer(scope, output, answer, 201)
}

/** Answers a PUT. */
export async function replacement(call: Call, output: Output): Promise<HttpResponse> {
  const { scope, request } = call
  const { name } = request.info
  const bytes = await request.http.body()
  const query = readWriteQuery(request.http, 'UpdateOptions')
  const mediaType = inputType(request.http, scope.resource.builtIn)
  const options = optionsOf(call, query)
  const decoded = () => {
    const body = decodeBody(scope, bytes, mediaType, query.fieldValidation, options.warn)
    ensureNamespace(scope, body)
    checkName(body, name)
    return body
  }
  if (scope.subresource === 'scale') {
    return scaleAnswer(call, output, await attempted(call, (at) => changeScale(at, name, () => decoded(), options)))
  }
  return answered(call, output, await attempted(call, (at) => replaced(at, name, decoded(), options)))
}

function replaced(scope: Scope, name: string, body: KubeObject, options: WriteOptions): Written {
  const own = ownSubresource(scope)
  if (own !== undefined) return updateBySubresource(scope, name, () => body, own, options)
  dedupOwnerReferences(body, options.warn, false)
  const change = (old: KubeObject | undefined) => track(scope, body, old, options)
  return updateObject(scope, name, change, { ...options, uid: body.metadata.uid ?? '' })
}

/** Answers a PATCH. */
export async function patching(call: Call, output: Output): Promise<HttpResponse> {
  const { scope, request } = call
  const { name } = request.info
  const type = (request.http.headers['content-type'] ?? '').split(';')[0]!.trim()
  const supported = patchTypes(scope.resource.builtIn)
  if (!supported.includes(type)) throw scope.resource.builtIn ? unsupportedPatch() : unsupported(supported)
  const body = await request.http.body()
  const query = readPatchQuery(request.http, type === APPLY_PATCH)
  const options = optionsOf(call, query)
  const patch = { type, body, fieldValidation: query.fieldValidation, force: query.force }
  if (scope.subresource === 'scale') {
    return scaleAnswer(call, output, await attempted(call, (at) => patchedScale(at, name, patch, options)))
  }
  return answered(call, output, await attempted(call, (at) => patchedIn(at, name, patch, options)))
}

function patchedIn(scope: Scope, name: string, patch: Patch, options: WriteOptions): Written {
  const own = ownSubresource(scope)
  if (own === undefined) return patchObject(scope, name, patch, options)
  return updateBySubresource(scope, name, patchOf(scope, name, patch, options), own, options)
}

/** Paths of built-in types refuse a patch type in words of their own. */
function unsupportedPatch(): StatusError {
  return new StatusError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {})
}

function optionsOf({ scope, request, warnings }: Call, { dryRun, manager, sent }: WriteQuery): WriteOptions {
  return {
    dryRun,
    manager,
    sent,
    warn: (text) => warnings.push(text),
    authorizeCreate: () => authorize(scope.deps, { ...attributesOf(request), verb: 'create' }),
  }
}

/** What was answered must not get lost, so the answer waits for the disk. */
async function answered({ scope }: Call, output: Output, written: Written): Promise<HttpResponse> {
  const { store, reader } = scope.deps
  await store.durable()
  const { entry, object } = written
  const shown = entry === undefined ? object : reader.bytes(scope.resource, scope.version, entry)
  return objectAnswer(scope, output, shown, written.created ? 201 : 200)
}

async function scaleAnswer({ scope }: Call, output: Output, scale: KubeObject): Promise<HttpResponse> {
  await scope.deps.store.durable()
  return answer(output, scale as never)
}
