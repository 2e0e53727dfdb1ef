import type { Attributes } from '../authorizer.ts'
import { StatusError } from '../errors.ts'
import { goQuote } from '../go-text.ts'

const MARKUP: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/** The 403 that kube-apiserver answers when its authorizer does not allow a request; `reason` is the authorizer's. */
export function forbidden(attributes: Attributes, reason: string): StatusError {
  const what = whatFor(attributes).replaceAll(/[&<>]/g, (character) => MARKUP[character] ?? character)
  const why = reason === '' ? what : `${what}: ${reason}`
  const { group, resource, name, isResourceRequest } = attributes
  if (!isResourceRequest || resource === '') return new StatusError(403, 'Forbidden', `forbidden: ${why}`, {})
  return StatusError.forbidden({ group, resource }, name, why)
}

function whatFor({ user, verb, path, isResourceRequest, resource, subresource, group, namespace }: Attributes): string {
  const who = `User ${goQuote(user.username)} cannot ${verb}`
  if (!isResourceRequest) return `${who} path ${goQuote(path)}`
  const what = goQuote(subresource === '' ? resource : `${resource}/${subresource}`)
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${goQuote(namespace)}`
  return `${who} resource ${what} in API group ${goQuote(group)} ${where}`
}
