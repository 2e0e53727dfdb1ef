import { isDeepStrictEqual } from 'node:util'
import type { FieldError } from '../errors.ts'
import { isObject, parseJson } from '../json.ts'
import { configKeyErrors } from '../name-rules.ts'
import type { KubeObject } from '../objects.ts'
import type { Strategy } from '../resource.ts'
import { forbidden, immutable, invalid, invalidEach, required, tooLong } from './field-errors.ts'
import { sortedKeys } from './sorted-keys.ts'

/** Of all values of one ConfigMap or Secret, in bytes. */
const MAX_DATA = 1024 * 1024
const LOCKED = 'field is immutable when `immutable` is set'
const ACCOUNT_NAME = 'kubernetes.io/service-account.name'

type Data = Record<string, string> | undefined
type ConfigMap = KubeObject & { data?: Data; binaryData?: Data; immutable?: boolean }
type Secret = KubeObject & { data?: Data; stringData?: Data; immutable?: boolean; type?: string }

export const configMaps: Strategy = {
  allowUnconditionalUpdate: true,
  validate: (next, old) => [...lockedErrors(next, old, ['data', 'binaryData']), ...validateConfigMap(next)],
}

export const secrets: Strategy = {
  allowUnconditionalUpdate: true,
  applyDefaults: writeStringData,
  prepareForCreate: writeStringData,
  prepareForUpdate: writeStringData,
  validate: (next, old) => [
    ...(old === undefined ? [] : immutable('type', next['type'], old['type'])),
    ...lockedErrors(next, old, ['data']),
    ...validateSecret(next),
  ],
}

/** `stringData` is only ever written; its values win over those of `data`. */
function writeStringData(next: Secret): void {
  const entries = Object.entries(next.stringData ?? {})
  delete next.stringData
  next.type ??= 'Opaque'
  if (entries.length === 0) return
  const encoded = entries.map(([key, value]) => [key, Buffer.from(value).toString('base64')])
  next.data = Object.fromEntries([...Object.entries(next.data ?? {}), ...encoded])
}

function lockedErrors(next: ConfigMap, old: ConfigMap | undefined, fields: readonly string[]): FieldError[] {
  if (old?.immutable !== true) return []
  const changed = fields.filter(
    (field) => !isDeepStrictEqual({ ...(next[field] as Data) }, { ...(old[field] as Data) }),
  )
  const errors = changed.map((field) => forbidden(field, LOCKED))
  return next.immutable === true ? errors : [forbidden('immutable', LOCKED), ...errors]
}

function validateConfigMap({ data = {}, binaryData = {} }: ConfigMap): FieldError[] {
  const errors: FieldError[] = []
  let size = 0
  for (const key of sortedKeys(data)) {
    errors.push(...invalidEach(`data[${key}]`, key, configKeyErrors(key)))
    if (Object.hasOwn(binaryData, key)) {
      errors.push(invalid(`data[${key}]`, key, 'duplicate of key present in binaryData'))
    }
    size += Buffer.byteLength(data[key]!)
  }
  for (const key of sortedKeys(binaryData)) {
    errors.push(...invalidEach(`binaryData[${key}]`, key, configKeyErrors(key)))
    size += Buffer.byteLength(binaryData[key]!, 'base64')
  }
  if (size > MAX_DATA) errors.push(tooLong('[]', MAX_DATA))
  return errors
}

function validateSecret({ data = {}, type = '', metadata }: Secret): FieldError[] {
  const errors: FieldError[] = []
  let size = 0
  for (const key of sortedKeys(data)) {
    errors.push(...invalidEach(`data[${key}]`, key, configKeyErrors(key)))
    size += Buffer.byteLength(data[key]!, 'base64')
  }
  if (size > MAX_DATA) errors.push(tooLong('data', MAX_DATA))
  return [...errors, ...(typeRules.get(type)?.(data, metadata.annotations ?? {}) ?? [])]
}

type TypeRule = (data: Record<string, string>, annotations: Record<string, string>) => FieldError[]

const needs = (data: Record<string, string>, keys: readonly string[]) =>
  keys.filter((key) => !Object.hasOwn(data, key)).map((key) => required(`data[${key}]`))

/** What each type of Secret has to hold, see https://kubernetes.io/docs/concepts/configuration/secret/#secret-types */
const typeRules: ReadonlyMap<string, TypeRule> = new Map(
  Object.entries<TypeRule>({
    'kubernetes.io/service-account-token': (_, annotations) =>
      (annotations[ACCOUNT_NAME] ?? '') === '' ? [required(`metadata.annotations[${ACCOUNT_NAME}]`)] : [],
    'kubernetes.io/dockercfg': (data) => jsonRule(data, '.dockercfg'),
    'kubernetes.io/dockerconfigjson': (data) => jsonRule(data, '.dockerconfigjson'),
    'kubernetes.io/basic-auth': (data) => {
      const missing = needs(data, ['username', 'password'])
      return missing.length === 2 ? missing : []
    },
    'kubernetes.io/ssh-auth': (data) =>
      (data['ssh-privatekey'] ?? '') === '' ? [required('data[ssh-privatekey]')] : [],
    'kubernetes.io/tls': (data) => needs(data, ['tls.crt', 'tls.key']),
  }),
)

function jsonRule(data: Record<string, string>, key: string): FieldError[] {
  const value = data[key]
  if (value === undefined) return [required(`data[${key}]`)]
  const complaint = jsonComplaint(Buffer.from(value, 'base64').toString())
  return complaint === undefined ? [] : [invalid(`data[${key}]`, '<secret contents redacted>', complaint)]
}

/** What Go's decoder says about text that is no JSON object. */
function jsonComplaint(text: string): string | undefined {
  try {
    const value = parseJson(text)
    if (value === null || isObject(value)) return undefined
    const kind = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value
    return `json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`
  } catch (error) {
    return (error as Error).message
  }
}
