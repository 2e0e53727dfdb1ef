import { leadingTexts } from '../filters/cel-lookups.ts'
import type { Labels, LabelValue } from '../filters/labels.ts'
import type { BrokeredObject } from '../filters/match.ts'
import type { Path } from '../filters/path.ts'
import type { Policy } from './compile-policy.ts'

/** By one of `texts` a policy is found; `field`: they are what a field may be, and that field says nothing of it where it is no text. */
type Place = { texts: readonly string[]; field?: { path: Path; isWhole: boolean } }
/** `position`: in the order in which policies count. */
type Placed = { policy: Policy; position: number }
/** Those that are found by a text of the field at `path`; `partial`: of which that is not all that they ask. */
type Field = { path: Path; all: Placed[]; partial: Placed[] }

/**
 * The policies of one resource, in the order in which they count. Each is found by a label of the object, or of its consumer, or by how the
 * consumer's path begins, or by a text in the object's spec: by that which the fewest others share. One that asks for nothing of that kind
 * is tried always.
 */
export class ResourcePolicies {
  readonly #found = new Map<string, Placed[]>()
  /** How long the beginnings of paths are by which some are found. */
  readonly #lengths = new Set<number>()
  readonly #fields = new Map<string, Field>()
  readonly #always: Placed[] = []

  /** `policies` in the order in which they count. */
  constructor(policies: readonly Policy[]) {
    const places = policies.map(placesOf)
    const crowds = new Map<string, number>()
    for (const { texts } of places.flat()) for (const text of texts) crowds.set(text, (crowds.get(text) ?? 0) + 1)
    const crowd = ({ texts }: Place) => Math.max(...texts.map((text) => crowds.get(text) ?? 0))
    for (const [position, policy] of policies.entries())
      this.#place({ policy, position }, places[position]?.toSorted((a, b) => crowd(a) - crowd(b))[0])
  }

  /** Those that may select an object with these labels, in the order in which they count; one may come twice. */
  for(object: BrokeredObject, labels: Labels | undefined): readonly Placed[] {
    const found = this.#find(object, labels)
    if (found.length === 0) return this.#always
    return [...found, ...this.#always].sort((a, b) => a.position - b.position)
  }

  #place(placed: Placed, place: Place | undefined): void {
    if (place === undefined) {
      this.#always.push(placed)
      return
    }
    for (const text of new Set(place.texts)) this.#add(text, placed)
    if (place.field === undefined) return
    const { path, isWhole } = place.field
    const field = this.#fields.get(path.join('.')) ?? { path, all: [], partial: [] }
    this.#fields.set(path.join('.'), field)
    field.all.push(placed)
    if (!isWhole) field.partial.push(placed)
  }

  #add(text: string, placed: Placed): void {
    const before = this.#found.get(text)
    if (before === undefined) this.#found.set(text, [placed])
    else before.push(placed)
    if (text.startsWith(PATH)) this.#lengths.add(text.length - PATH.length)
  }

  #find(
    { consumer: { cluster, path, labels: consumerLabels = {} }, object }: BrokeredObject,
    labels: Labels = {},
  ): Placed[] {
    const found: Placed[] = []
    const collect = (text: string) => {
      const its = this.#found.get(text)
      if (its !== undefined) found.push(...its)
    }
    for (const label of Object.entries(labels)) collect(textOf(OBJECT, label))
    for (const label of Object.entries(consumerLabels)) collect(textOf(CONSUMER, label))
    for (const name of path === undefined ? [cluster] : [cluster, path])
      for (const length of this.#lengths) if (length <= name.length) collect(PATH + name.slice(0, length))
    for (const [name, field] of this.#fields) {
      const value = fieldAt(object['spec'], field.path)
      if (typeof value === 'string') collect(textOf(FIELD, [name, value]))
      else found.push(...(value === undefined ? field.partial : field.all))
    }
    return found
  }
}

const [PATH, CONSUMER, OBJECT, FIELD] = ['path ', 'consumer ', 'object ', 'field ']
const textOf = (whose: string, [key, value]: LabelValue): string => `${whose}${key}=${value}`

/** What is at a path of objects; undefined: one of them has no such field; null also where one of them is none. */
function fieldAt(root: unknown, path: Path): unknown {
  let at: unknown = root ?? {} // as an expression sees it
  for (const part of path) {
    if (typeof at !== 'object' || at === null || Array.isArray(at)) return null
    if (!Object.hasOwn(at, part)) return undefined
    at = (at as Record<string, unknown>)[part] ?? null
  }
  return at
}

/** Everywhere that a policy could be found. */
function placesOf({ consumers, objects, when }: Policy): Place[] {
  const places: Place[] = []
  if (objects?.anchors !== undefined) places.push({ texts: objects.anchors.map((label) => textOf(OBJECT, label)) })
  const ofConsumers = consumers?.map(({ anchor }) => {
    if (anchor === undefined) return []
    return 'prefix' in anchor ? [PATH + anchor.prefix] : anchor.labels.map((label) => textOf(CONSUMER, label))
  })
  if (ofConsumers?.every((texts) => texts.length > 0)) places.push({ texts: ofConsumers.flat() })
  const leading = when !== undefined && 'ast' in when ? leadingTexts(when.ast) : undefined
  if (leading !== undefined) {
    const { path, texts, isWhole } = leading
    places.push({ texts: texts.map((text) => textOf(FIELD, [path.join('.'), text])), field: { path, isWhole } })
  }
  return places
}
