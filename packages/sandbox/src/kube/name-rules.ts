import { LRUCache } from 'lru-cache'

const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const QUALIFIED_TEXT =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const LABEL_TEXT =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character"
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`
const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"
const DNS1035 = '[a-z]([-a-z0-9]*[a-z0-9])?'
const DNS1035_TEXT =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character"
const CONFIG_KEY = '[-._a-zA-Z0-9]+'

const MAX_LABEL = 63
const MAX_SUBDOMAIN = 253

const qualifiedPattern = new RegExp(`^${QUALIFIED}$`)
const labelPattern = new RegExp(`^${LABEL}$`)
const subdomainPattern = new RegExp(`^${SUBDOMAIN}$`)
const dns1035Pattern = new RegExp(`^${DNS1035}$`)
const configKeyPattern = new RegExp(`^${CONFIG_KEY}$`)

/** All of these tell what is wrong with a text, in the words of k8s.io/apimachinery/pkg/util/validation; empty when nothing is. */
export function labelErrors(value: string): string[] {
  const errors = tooLongErrors(value, MAX_LABEL)
  if (labelPattern.test(value)) return errors
  if (subdomainPattern.test(value)) return [...errors, 'must not contain dots']
  return [...errors, regexError(LABEL_TEXT, LABEL, 'my-name', '123-abc')]
}

export function subdomainErrors(value: string): string[] {
  const errors = tooLongErrors(value, MAX_SUBDOMAIN)
  if (!subdomainPattern.test(value)) errors.push(regexError(SUBDOMAIN_TEXT, SUBDOMAIN, 'example.com'))
  return errors
}

export function dns1035Errors(value: string): string[] {
  const errors = tooLongErrors(value, MAX_LABEL)
  if (!dns1035Pattern.test(value)) errors.push(regexError(DNS1035_TEXT, DNS1035, 'my-name', 'abc-123'))
  return errors
}

/** Texts that were found to be right: with every object come the same few keys and finalizers. */
const qualified = new LRUCache<string, true>({ max: 1_000 })

export function qualifiedNameErrors(value: string): string[] {
  if (qualified.get(value) === true) return []
  const errors = findQualifiedNameErrors(value)
  if (errors.length > 0) return errors
  qualified.set(value, true)
  return []
}

function findQualifiedNameErrors(value: string): string[] {
  const parts = value.split('/')
  const rule = () => regexError(QUALIFIED_TEXT, QUALIFIED, 'MyName', 'my.name', '123-abc')
  if (parts.length > 2) {
    return [`a qualified name ${rule()} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`]
  }
  const errors: string[] = []
  const name = parts.at(-1)!
  if (parts.length === 2) {
    if (parts[0] === '') errors.push('prefix part must be non-empty')
    else errors.push(...subdomainErrors(parts[0]!).map((text) => `prefix part ${text}`))
  }
  if (name === '') errors.push('name part must be non-empty')
  else errors.push(...tooLongErrors(name, MAX_LABEL).map((text) => `name part ${text}`))
  if (!qualifiedPattern.test(name)) errors.push(`name part ${rule()}`)
  return errors
}

export function configKeyErrors(value: string): string[] {
  const errors = tooLongErrors(value, MAX_SUBDOMAIN)
  if (!configKeyPattern.test(value)) {
    const text = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
    errors.push(regexError(text, CONFIG_KEY, 'key.name', 'KEY_NAME', 'key-name'))
  }
  if (value === '.' || value === '..') errors.push(`must not be '${value}'`)
  else if (value.startsWith('..')) errors.push("must not start with '..'")
  return errors
}

export function labelValueErrors(value: string): string[] {
  const errors = tooLongErrors(value, MAX_LABEL)
  if (value !== '' && !qualifiedPattern.test(value)) {
    const text = `a valid label must be an empty string or ${QUALIFIED_TEXT.replace('must consist', 'consist')}`
    errors.push(regexError(text, `(${QUALIFIED})?`, 'MyValue', 'my_value', '12345'))
  }
  return errors
}

/** Names of RBAC objects: whatever can be one segment of a path. */
export function pathSegmentErrors(value: string): string[] {
  if (value === '.' || value === '..') return [`may not be '${value}'`]
  return ['/', '%'].filter((each) => value.includes(each)).map((each) => `may not contain '${each}'`)
}

/** A generateName may end in `-`, which the name will not. */
export function generated(rule: (value: string) => string[]): (name: string, isGenerated: boolean) => string[] {
  return (name, isGenerated) => rule(isGenerated && name.endsWith('-') ? `${name.slice(0, -1)}a` : name)
}

function tooLongErrors(value: string, limit: number): string[] {
  return Buffer.byteLength(value) > limit ? [`must be no more than ${limit} characters`] : []
}

function regexError(text: string, pattern: string, ...examples: string[]): string {
  const list = examples.map((example) => `'${example}', `).join(' or ')
  return `${text} (e.g. ${list}regex used for validation is '${pattern}')`
}
