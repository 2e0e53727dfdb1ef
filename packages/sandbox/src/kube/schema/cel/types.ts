import { goJson } from '../../go-text.ts'
import type { JsonObject, JsonValue } from '../../objects.ts'
import type { Structural } from '../structural.ts'
import { parseDuration } from './duration.ts'
import { orderless } from './equality.ts'
import { escapeName } from './escape.ts'
import { Duration } from './library.ts'

/** What rules see of a schema node: its CEL type by name, and how its JSON values become CEL values. */
export type CelType = {
  readonly name: string
  readonly toCel: (value: JsonValue) => unknown
  /** Of an object: CEL types by escaped name. */
  readonly fields?: ReadonlyMap<string, CelType>
  readonly element?: CelType
  /** How many elements (characters, items, entries) a value can have at most, as the schema bounds it. */
  readonly maxElements: number
  readonly minSize: number
}

/** Registers an object type under a name of its own; its values are instances of the class. */
type Registrar = (name: string, ctor: new () => CelObject, fields: Record<string, string>) => void

/** Largest body of a request: it bounds what the schema does not. */
const MAX_REQUEST = 3 * 1024 * 1024

/** An object with known fields. Iteration and equality are those of a map of the fields that are set. */
class CelObject extends Map<string, unknown> {}

/** The CEL type of a node; undefined for one that rules cannot see (unknown fields, no type). */
export class TypeBuilder {
  readonly #register: Registrar
  #count = 0

  constructor(register: Registrar) {
    this.#register = register
  }

  build(node: Structural, isResource: boolean): CelType | undefined {
    if (node.intOrString) return { ...DYN, maxElements: maxLength(node) }
    switch (node.type) {
      case 'string':
        return stringType(node)
      case 'integer':
        return INT
      case 'number':
        return DOUBLE
      case 'boolean':
        return BOOL
      case 'array':
        return this.#list(node)
      case 'object':
        return node.additional?.node !== undefined && !isResource ? this.#map(node) : this.#object(node, isResource)
      default:
        return undefined
    }
  }

  #list({ items, schema, listType }: Structural): CelType | undefined {
    const element = items === undefined ? undefined : this.build(items, items.embedded)
    if (element === undefined) return undefined
    return {
      name: `list<${element.name}>`,
      element,
      toCel: (value) => {
        const list = (value as JsonValue[]).map((item) => nullOr(item, element))
        return listType === 'set' || listType === 'map' ? orderless(list) : list
      },
      maxElements: countOr(schema['maxItems'], MAX_REQUEST / (element.minSize + 1) - 1),
      minSize: 2,
    }
  }

  #map({ additional, schema }: Structural): CelType | undefined {
    const node = additional?.node
    const element = node === undefined ? undefined : this.build(node, node.embedded)
    if (element === undefined) return undefined
    return {
      name: `map<string, ${element.name}>`,
      element,
      toCel: (value) =>
        new Map(Object.entries(value as JsonObject).map(([key, entry]) => [key, nullOr(entry, element)])),
      maxElements: countOr(schema['maxProperties'], MAX_REQUEST / (element.minSize + 6) - 1),
      minSize: 2,
    }
  }

  #object(node: Structural, isResource: boolean): CelType {
    const fields = new Map<string, CelType>()
    const names = new Map<string, string>()
    const required = new Set((node.schema['required'] ?? []) as string[])
    let minSize = 2
    for (const [property, child] of withMeta(node, isResource)) {
      const type = this.build(child, child.embedded)
      const escaped = escapeName(property)
      if (type === undefined) continue
      if (required.has(property) && child.default === undefined) minSize += property.length + type.minSize + 4
      if (escaped === undefined) continue
      fields.set(escaped, type)
      names.set(property, escaped)
    }
    const name = `object${this.#count++}`
    const ctor = { [name]: class extends CelObject {} }[name] as new () => CelObject
    this.#register(name, ctor, Object.fromEntries([...fields].map(([key, type]) => [key, type.name])))
    return { name, fields, toCel: objectConverter(ctor, fields, names), maxElements: 0, minSize }
  }
}

function objectConverter(
  ctor: new () => CelObject,
  fields: ReadonlyMap<string, CelType>,
  names: ReadonlyMap<string, string>,
): (value: JsonValue) => unknown {
  return (value) => {
    const object = new ctor()
    for (const [key, entry] of Object.entries(value as JsonObject)) {
      const escaped = names.get(key)
      const type = escaped === undefined ? undefined : fields.get(escaped)
      if (escaped !== undefined && type !== undefined) object.set(escaped, nullOr(entry, type))
    }
    return object
  }
}

const nullOr = (value: JsonValue, type: CelType): unknown => (value === null ? null : type.toCel(value))

const META_STRING: Structural = leaf('string')
const META: Structural = {
  ...leaf('object'),
  properties: new Map([
    ['name', META_STRING],
    ['generateName', META_STRING],
  ]),
}

/** Of a resource's own metadata rules see only the names, with apiVersion and kind. */
function withMeta(node: Structural, isResource: boolean): ReadonlyMap<string, Structural> {
  const properties = new Map(node.properties)
  if (!isResource) return properties
  return properties.set('apiVersion', META_STRING).set('kind', META_STRING).set('metadata', META)
}

function leaf(type: string): Structural {
  return {
    schema: { type },
    type,
    ...{ nullable: false, default: undefined, properties: undefined, additional: undefined, items: undefined },
    ...{ preserve: false, embedded: false, intOrString: false, listType: undefined, mapKeys: [], rules: [] },
    has: { defaults: false, listTypes: false, embedded: false, rules: false },
  }
}

/** Integers become ints, others doubles; what a schema says of a number does not change what a rule sees at run time. */
export function dynamic(value: JsonValue): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(dynamic)
  return new Map(Object.entries(value).map(([key, entry]) => [key, dynamic(entry)]))
}

const DYN: CelType = { name: 'dyn', toCel: dynamic, maxElements: MAX_REQUEST, minSize: 1 }
const INT: CelType = {
  name: 'int',
  toCel: (value) => (typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value),
  maxElements: 0,
  minSize: 1,
}
const DOUBLE: CelType = {
  name: 'double',
  toCel: (value) => (typeof value === 'bigint' ? Number(value) : value),
  maxElements: 0,
  minSize: 1,
}
const BOOL: CelType = { name: 'bool', toCel: (value) => value, maxElements: 0, minSize: 4 }

function stringType(node: Structural): CelType {
  const text = { maxElements: maxLength(node), minSize: 2 }
  switch (node.schema.format) {
    case 'byte':
      return { ...text, name: 'bytes', toCel: (value) => new Uint8Array(Buffer.from(String(value), 'base64')) }
    case 'duration':
      return { ...text, name: DURATION, minSize: 4, toCel: (value) => parseDuration(String(value)) ?? new Duration(0n) }
    case 'date':
    case 'date-time':
      return { ...text, name: TIMESTAMP, minSize: 12, toCel: (value) => new Date(String(value)) }
    default:
      return { ...text, name: 'string', toCel: (value) => value }
  }
}

const DURATION = 'google.protobuf.Duration'
const TIMESTAMP = 'google.protobuf.Timestamp'

function countOr(given: unknown, otherwise: number): number {
  return typeof given === 'number' ? Math.max(0, given) : Math.floor(otherwise)
}

/** In bytes: a character can take four. */
function maxLength({ schema }: Structural): number {
  if (typeof schema['maxLength'] === 'number') return schema['maxLength'] * 4
  const allowed = schema['enum'] as JsonValue[] | undefined
  if (allowed !== undefined && allowed.length > 0) {
    return Math.max(...allowed.map((one) => (typeof one === 'string' ? one.length : goJson(one).length)))
  }
  if (schema.format === 'date') return 10
  return schema.format === 'date-time' ? 35 : MAX_REQUEST - 2
}
