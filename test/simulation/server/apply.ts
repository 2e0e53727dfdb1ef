import { isDeepStrictEqual } from 'node:util'
import { type Entry, isRecord, type Managers } from './objects.ts'

/** Between the names of a path; no name has it. */
const SEPARATOR = '\u0000'
/** Fields that say which object is meant, and are nobody's. */
const IDENTITY = new Set(['apiVersion', 'kind', 'name', 'namespace', 'uid', 'resourceVersion'])

type Fields = Record<string, unknown>

/** The paths of what an applied object says. Finalizers are a set, each item by itself; other lists are taken as one value. */
function pathsOf(applied: Fields, above: string[] = []): string[] {
  return Object.entries(applied).flatMap(([name, value]) => {
    if (above.length < 2 && IDENTITY.has(name)) return []
    const path = [...above, name]
    if (name === 'finalizers' && Array.isArray(value))
      return value.map((item) => [...path, `v:${String(item)}`].join(SEPARATOR))
    if (isRecord(value) && Object.keys(value).length > 0) return pathsOf(value, path)
    return value === undefined ? [] : [path.join(SEPARATOR)]
  })
}

/** Whoever writes without applying, all of them together; no answer names them. */
const UPDATER = ''

export const isApplier = (manager: string): boolean => manager !== UPDATER

/**
 * What becomes of an object when `manager` applies `applied` by force: what it applied before and does not now goes, if it is nobody
 * else's. That a server refuses what is left of a field when all of it goes is not part of the model.
 */
export function applied(
  entry: Entry | undefined,
  body: Fields,
  manager: string,
): { object: Fields; managers: Managers } {
  const now = new Set(pathsOf(body))
  const before = entry?.managers.get(manager) ?? new Set<string>()
  const others = [...(entry?.managers ?? [])].filter(([name]) => name !== manager)
  const left = structuredClone((entry?.object ?? {}) as Fields)
  for (const path of before) {
    if (now.has(path) || others.some(([, paths]) => paths.has(path))) continue
    remove(left, path.split(SEPARATOR))
  }
  const object = overlaid(left, body)
  const managers = new Map(entry === undefined ? others : kept(new Map(others), entry.object, object))
  // Who applies nothing but which object is meant owns nothing.
  if (now.size > 0) managers.set(manager, now)
  return { object, managers }
}

/** Who owns what of an object that was written without being applied: whoever changes a field takes it from those that had it. */
export function updated(managers: Managers, before: Fields | undefined, after: Fields): Managers {
  if (before === undefined) return new Map([[UPDATER, new Set(pathsOf(after))]])
  const left = kept(managers, before, after)
  const changed = pathsOf(after).filter((path) => !isDeepStrictEqual(valueAt(before, path), valueAt(after, path)))
  if (changed.length === 0) return left
  return new Map([...left, [UPDATER, new Set([...(left.get(UPDATER) ?? []), ...changed])]])
}

/** Of what managers own, that which stays as it was. */
function kept(managers: Managers, before: Fields, after: Fields): Managers {
  const isSame = (path: string) => isDeepStrictEqual(valueAt(before, path), valueAt(after, path))
  const left = [...managers].map(([name, paths]) => [name, new Set([...paths].filter(isSame))] as const)
  return new Map(left.filter(([, paths]) => paths.size > 0))
}

/** The names of a path; the same few come again and again. */
const namesOf = new Map<string, string[]>()

function valueAt(object: Fields, path: string): unknown {
  const names = namesOf.get(path) ?? path.split(SEPARATOR)
  namesOf.set(path, names)
  return names.reduce<unknown>((value, name) => {
    if (Array.isArray(value)) return value.some((item) => `v:${String(item)}` === name)
    return isRecord(value) ? value[name] : undefined
  }, object)
}

function remove(object: Fields, [first = '', ...rest]: string[]): void {
  const inner = object[first]
  if (rest.length === 1 && first === 'finalizers' && Array.isArray(inner)) {
    const left = inner.filter((item) => `v:${String(item)}` !== rest[0])
    if (left.length > 0) object[first] = left
    else delete object[first]
  } else if (rest.length === 0) delete object[first]
  else if (isRecord(inner)) {
    remove(inner, rest)
    if (Object.keys(inner).length === 0) delete object[first]
  }
}

function overlaid(object: Fields, body: Fields): Fields {
  const result = { ...object }
  for (const [name, value] of Object.entries(body)) {
    const inner = result[name]
    if (name === 'finalizers' && Array.isArray(value))
      result[name] = [...new Set([...((inner as string[]) ?? []), ...value])]
    else if (isRecord(value)) result[name] = overlaid(isRecord(inner) ? inner : {}, value)
    else result[name] = value
  }
  return result
}
