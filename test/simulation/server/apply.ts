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

/** What becomes of an object when `manager` applies `applied` by force: what it applied before and does not now goes, if nobody else did. */
export function applied(
  entry: Entry | undefined,
  body: Fields,
  manager: string,
): { object: Fields; managers: Managers } {
  const now = new Set(pathsOf(body))
  const before = entry?.managers.get(manager) ?? new Set<string>()
  const others = [...(entry?.managers ?? [])].filter(([name]) => name !== manager)
  let object = structuredClone((entry?.object ?? {}) as Fields)
  for (const path of before) {
    if (now.has(path) || others.some(([, paths]) => paths.has(path))) continue
    remove(object, path.split(SEPARATOR))
  }
  object = overlaid(object, body)
  return { object, managers: new Map([...others, [manager, now]]) }
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
