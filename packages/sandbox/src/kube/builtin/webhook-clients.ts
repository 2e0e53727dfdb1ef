import type { FieldError } from '../errors.ts'
import { subdomainErrors } from '../name-rules.ts'
import { invalid, required } from './field-errors.ts'

export type WebhookClient = {
  url?: string
  service?: { namespace?: string; name?: string; path?: string; port?: number }
}

const FORM = '; desired format: https://host[/path]'
const MAX_PORT = 65535

/** What is wrong with how a webhook is to be reached. */
export function webhookClientErrors({ url, service }: WebhookClient, path: string): FieldError[] {
  if ((url === undefined) === (service === undefined)) {
    return [required(path, 'exactly one of url or service is required')]
  }
  return url === undefined ? serviceErrors(service!, `${path}.service`) : urlErrors(url, `${path}.url`)
}

function urlErrors(text: string, path: string): FieldError[] {
  // Go takes what the WHATWG parser refuses, so the parts are cut out by RFC 3986's own expression (appendix B).
  const [, scheme = '', , authority = '', query = '', fragment = ''] =
    /^(?:([^:/?#]+):)?(\/\/([^/?#]*))?[^?#]*(?:\?([^#]*))?(?:#(.*))?$/.exec(text) ?? []
  const at = authority.lastIndexOf('@')
  const host = authority.slice(at + 1)
  const errors: FieldError[] = []
  if (scheme.toLowerCase() !== 'https') {
    errors.push(invalid(path, scheme.toLowerCase(), `'https' is the only allowed URL scheme${FORM}`))
  }
  if (host === '') errors.push(invalid(path, '', `host must be specified${FORM}`))
  if (at >= 0) errors.push(invalid(path, authority.slice(0, at), 'user information is not permitted in the URL'))
  if (fragment !== '') errors.push(invalid(path, fragment, 'fragments are not permitted in the URL'))
  if (query !== '') errors.push(invalid(path, query, 'query parameters are not permitted in the URL'))
  return errors
}

function serviceErrors(service: NonNullable<WebhookClient['service']>, path: string): FieldError[] {
  const { name = '', namespace = '', port = 0, path: urlPath } = service
  const errors: FieldError[] = []
  if (name === '') errors.push(required(`${path}.name`))
  if (namespace === '') errors.push(required(`${path}.namespace`))
  if (port < 1 || port > MAX_PORT) {
    errors.push(invalid(`${path}.port`, port, `port is not valid: must be between 1 and ${MAX_PORT}, inclusive`))
  }
  return urlPath === undefined ? errors : [...errors, ...pathErrors(urlPath, `${path}.path`)]
}

function pathErrors(urlPath: string, path: string): FieldError[] {
  if (urlPath === '/' || urlPath === '') return []
  if (urlPath === '//') return [invalid(path, urlPath, 'segment[0] may not be empty')]
  const errors = urlPath.startsWith('/') ? [] : [invalid(path, urlPath, "must start with a '/'")]
  const steps = urlPath.slice(1).replace(/\/$/, '').split('/')
  for (const [index, step] of steps.entries()) {
    if (step === '') errors.push(invalid(path, urlPath, `segment[${index}] may not be empty`))
    else for (const text of subdomainErrors(step)) errors.push(invalid(path, urlPath, `segment[${index}]: ${text}`))
  }
  return errors
}
