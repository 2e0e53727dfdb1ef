import type { Status } from '../../errors.ts'
import { StatusError } from '../../errors.ts'
import type { HttpResponse } from '../../http.ts'
import type { Resource } from '../../resource.ts'
import { readDeleteOptions } from '../decoding/delete-options.ts'
import { readListOptions } from '../decoding/list-options.ts'
import type { Output } from '../decoding/media-types.ts'
import { answer, objectAnswer } from '../encoding/answers.ts'
import { listAnswer } from '../encoding/lists.ts'
import { collect } from '../reading/list.ts'
import { selectionOf } from '../reading/selection.ts'
import type { Call } from '../scope.ts'
import { type Deleted, deleteObject } from '../writing/deleting/delete.ts'
import { attempted } from './attempts.ts'

/** Types that answer with the last state instead of a Status (ReturnDeletedObject in kube-apiserver). */
const RETURNED = ['namespaces', 'resourcequotas', 'serviceaccounts']

/** Answers a DELETE of one object. */
export async function deletion(call: Call, output: Output): Promise<HttpResponse> {
  const { scope, request, warnings } = call
  const warn = (text: string) => warnings.push(text)
  const options = { ...(await readDeleteOptions(request.http)), warn }
  const deleted = await attempted(call, (at) => deleteObject(at, request.info.name, options))
  await scope.deps.store.durable()
  const code = !deleted.gone && options.orphanDependents === false ? 202 : 200
  if (deleted.gone && !returnsObject(scope.resource)) return answer(output, success(scope.resource, deleted), code)
  return objectAnswer(scope, output, deleted.object, code)
}

/** Answers a DELETE of a collection with what was in it. */
export async function collectionDeletion({ scope, request, warnings }: Call, output: Output): Promise<HttpResponse> {
  const { query } = request.http
  const list = readListOptions(query, false)
  const selection = selectionOf(scope, list, request.info.name)
  const warn = (text: string) => warnings.push(text)
  const options = { ...(await readDeleteOptions(request.http)), warn }
  const { entries, items, meta } = collect(scope, list, selection)
  for (const { key } of entries) {
    try {
      const own = { scope: { ...scope, namespace: key.namespace }, warnings }
      await attempted(own, (at) => deleteObject(at, key.name, options))
    } catch (error) {
      if (!(error instanceof StatusError && error.reason === 'NotFound')) throw error
    }
  }
  await scope.deps.store.durable()
  return listAnswer(scope, output, items, meta)
}

function returnsObject({ group, resource }: Resource): boolean {
  return group === '' && RETURNED.includes(resource)
}

function success({ group, resource }: Resource, { object }: Deleted): Status {
  const { name, uid } = object.metadata
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      ...(name !== undefined && { name }),
      ...(group !== '' && { group }),
      kind: resource,
      ...(uid !== undefined && { uid }),
    },
  }
}
