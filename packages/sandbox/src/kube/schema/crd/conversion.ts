import { stringifyJson } from '@resource-broker/json'
import type { FieldError } from '../../errors.ts'
import { dns1035Errors } from '../../name-rules.ts'
import { forbidden, invalid, notSupported, required } from '../field-errors.ts'
import type { CrdSpec, WebhookClientConfig } from './crd-spec.ts'

const STRATEGIES = ['None', 'Webhook']
const REVIEW_VERSIONS = ['v1', 'v1beta1']
const PATH = 'spec.conversion'

/** `spec.conversion`; the sandbox calls no webhooks, but takes what says so. */
export function validateConversion({ conversion }: CrdSpec): FieldError[] {
  if (conversion === undefined) return []
  const { strategy = '', webhook } = conversion
  const errors: FieldError[] = []
  if (strategy === '') errors.push(required(`${PATH}.strategy`))
  else if (!STRATEGIES.includes(strategy)) errors.push(notSupported(`${PATH}.strategy`, strategy, STRATEGIES))
  const { clientConfig, conversionReviewVersions = [] } = webhook ?? {}
  if (strategy === 'Webhook') {
    return [...errors, ...validateClient(clientConfig), ...validateReviewVersions(conversionReviewVersions)]
  }
  const detail = 'should not be set when strategy is not set to Webhook'
  if (clientConfig !== undefined) errors.push(forbidden(`${PATH}.webhookClientConfig`, detail))
  if (conversionReviewVersions.length > 0) errors.push(forbidden(`${PATH}.conversionReviewVersions`, detail))
  return errors
}

function validateClient(config: WebhookClientConfig | undefined): FieldError[] {
  const path = `${PATH}.webhookClientConfig`
  if (config === undefined) return [required(path, 'required when strategy is set to Webhook')]
  const { url, service } = config
  if ((url === undefined) === (service === undefined)) {
    return [required(path, 'exactly one of url or service is required')]
  }
  if (url !== undefined) return validateUrl(url, `${path}.url`)
  const { name = '', namespace = '', path: servicePath, port = 443 } = service ?? {}
  const errors: FieldError[] = []
  if (name === '') errors.push(required(`${path}.service.name`, 'service name is required'))
  if (namespace === '') errors.push(required(`${path}.service.namespace`, 'service namespace is required'))
  if (port < 1 || port > 65_535) {
    errors.push(invalid(`${path}.service.port`, port, 'port is not valid: must be between 1 and 65535, inclusive'))
  }
  if (servicePath !== undefined && !servicePath.startsWith('/')) {
    errors.push(invalid(`${path}.service.path`, servicePath, `must start with a '/'`))
  }
  return errors
}

function validateUrl(text: string, path: string): FieldError[] {
  const form = 'desired format: https://host[/path]'
  const url = URL.parse(text)
  if (url === null)
    return [required(path, `url must be a valid URL: parse ${stringifyJson(text)}: invalid URI; ${form}`)]
  const errors: FieldError[] = []
  const scheme = url.protocol.slice(0, -1)
  if (scheme !== 'https') {
    errors.push(invalid(path, scheme, `'https' is the only allowed URL scheme; ${form}`))
  }
  if (url.host === '') errors.push(invalid(path, url.host, `host must be specified; ${form}`))
  if (url.username !== '') {
    errors.push(invalid(path, url.username, 'user information is not permitted in the URL'))
  }
  if (url.hash !== '') errors.push(invalid(path, url.hash.slice(1), 'fragments are not permitted in the URL'))
  if (url.search !== '') {
    errors.push(invalid(path, url.search.slice(1), 'query parameters are not permitted in the URL'))
  }
  return errors
}

function validateReviewVersions(versions: readonly string[]): FieldError[] {
  const path = `${PATH}.conversionReviewVersions`
  if (versions.length === 0) return [required(path)]
  const errors = versions.flatMap((version, at) => {
    if (versions.indexOf(version) < at) return [invalid(`${path}[${at}]`, version, 'duplicate version')]
    return dns1035Errors(version).map((detail) => invalid(`${path}[${at}]`, version, detail))
  })
  if (versions.some((version) => REVIEW_VERSIONS.includes(version))) return errors
  return [...errors, invalid(path, versions, `must include at least one of ${REVIEW_VERSIONS.join(', ')}`)]
}
