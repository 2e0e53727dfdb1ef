import { readFileSync } from 'node:fs'
import { parseJson } from '@resource-broker/json'

const FILE = new URL('../../../data/protobuf-types.json', import.meta.url)

/** What a field holds. `scalar` names are those of scripts/go-types. */
export type GoType =
  | { kind: 'scalar'; name: string }
  | { kind: 'list' | 'map'; of: GoType }
  | { kind: 'message'; message: GoMessage }

export type GoField = {
  number: number
  name: string
  type: GoType
  /** `omitempty`: left out when it is empty; a struct never is. */
  omitEmpty: boolean
  /** `omitzero`: left out when it is its zero value. */
  omitZero: boolean
  /** nil is told from the zero value. */
  pointer: boolean
  /** Its fields stand in the JSON of the parent. */
  inline: boolean
}

export type GoMessage = { name: string; fields: readonly GoField[]; byNumber: ReadonlyMap<number, GoField> }

type File = { kinds: Record<string, string>; types: Record<string, string[]> }

let file: File | undefined
const messages = new Map<string, GoMessage>()

/** The Go type behind a kind that clients may send, or undefined; kinds such as DeleteOptions are in every group version. */
export function goMessage(apiVersion: string, kind: string): GoMessage | undefined {
  file ??= parseJson(readFileSync(FILE, 'utf8')) as File
  const key = [`${apiVersion}/${kind}`, kind].find((each) => Object.hasOwn(file!.kinds, each))
  return key === undefined ? undefined : messageOf(file, file.kinds[key]!)
}

function messageOf(from: File, name: string): GoMessage {
  const known = messages.get(name)
  if (known !== undefined) return known
  const fields: GoField[] = []
  const byNumber = new Map<number, GoField>()
  const message = { name: name.slice(name.lastIndexOf('.') + 1), fields, byNumber }
  // Before its fields are read: a schema holds schemas.
  messages.set(name, message)
  for (const text of from.types[name]!) {
    const field = parseField(from, text)
    fields.push(field)
    byNumber.set(field.number, field)
  }
  return message
}

function parseField(from: File, text: string): GoField {
  const [number, name = '', type = '', flags = ''] = text.split(' ')
  return {
    number: Number(number),
    name,
    type: parseType(from, type),
    omitEmpty: flags.includes('o'),
    omitZero: flags.includes('z'),
    pointer: flags.includes('p'),
    inline: flags.includes('i'),
  }
}

function parseType(from: File, text: string): GoType {
  if (text.startsWith('[]')) return { kind: 'list', of: parseType(from, text.slice(2)) }
  if (text.startsWith('{}')) return { kind: 'map', of: parseType(from, text.slice(2)) }
  if (text.includes('.')) return { kind: 'message', message: messageOf(from, text) }
  if (!text.startsWith('schemaOr')) return { kind: 'scalar', name: text }
  // Its schema is needed where it is decoded.
  messageOf(from, SCHEMA_TYPE)
  return { kind: 'scalar', name: text }
}

const SCHEMA_TYPE = 'apiextensions.v1.JSONSchemaProps'

/** The Go type of a schema inside a CustomResourceDefinition. */
export function schemaMessage(): GoMessage {
  return messages.get(SCHEMA_TYPE)!
}
