import type { Offer } from '../filters/compile.ts'
import { type Lookup, scalarText } from '../filters/rules.ts'
import { parseQuantity, type Quantity } from '../quantity.ts'
import { IntervalTree } from './interval-tree.ts'
import { PartIndex } from './part-index.ts'

type Bucket = Set<Offer>
/** Buckets by text, grouped by the text's length, so that one slice per length finds every prefix or suffix. */
type Affixes = Map<number, Map<string, Bucket>>

/** The offers that are found through one field, by what they want of it. */
export class FieldIndex {
  readonly #byText = new Map<string, Bucket>()
  readonly #affixes = { prefix: new Map() as Affixes, suffix: new Map() as Affixes }
  readonly #parts = new PartIndex<Offer>()
  readonly #ranges = new IntervalTree<Offer>()
  readonly #present: Bucket = new Set()

  get isEmpty(): boolean {
    const { prefix, suffix } = this.#affixes
    return (
      this.#byText.size + prefix.size + suffix.size + this.#present.size === 0 &&
      this.#ranges.isEmpty &&
      this.#parts.isEmpty
    )
  }

  add(lookup: Lookup, offer: Offer): void {
    if (lookup.by === 'presence') this.#present.add(offer)
    else if (lookup.by === 'range') this.#ranges.add(...ends(lookup), offer)
    else if (lookup.by === 'part') this.#parts.add(lookup.texts, offer)
    else if (lookup.by === 'value') for (const text of lookup.texts) bucketIn(this.#byText, text).add(offer)
    else bucketIn(groupIn(this.#affixes[lookup.by], lookup.text.length), lookup.text).add(offer)
  }

  delete(lookup: Lookup, offer: Offer): void {
    if (lookup.by === 'presence') this.#present.delete(offer)
    else if (lookup.by === 'range') this.#ranges.delete(...ends(lookup), offer)
    else if (lookup.by === 'part') this.#parts.delete(lookup.texts, offer)
    else if (lookup.by === 'value') for (const text of lookup.texts) dropFrom(this.#byText, text, offer)
    else {
      const affixes = this.#affixes[lookup.by]
      const group = groupIn(affixes, lookup.text.length)
      dropFrom(group, lookup.text, offer)
      if (group.size === 0) affixes.delete(lookup.text.length)
    }
  }

  /** How many offers a value would find together with one added by `lookup`: the smaller, the better it selects. */
  crowd(lookup: Lookup): number {
    switch (lookup.by) {
      case 'presence':
        return Number.POSITIVE_INFINITY
      case 'value':
        return Math.max(...lookup.texts.slice(0, 16).map((text) => this.#byText.get(text)?.size ?? 0))
      case 'part':
        return this.#parts.crowd(lookup.texts)
      case 'range':
        return this.#crowdAround(...ends(lookup))
      default:
        return this.#affixes[lookup.by].get(lookup.text.length)?.get(lookup.text)?.size ?? 0
    }
  }

  /** Adds the offers that may accept `value` (neither undefined nor null). */
  collect(value: unknown, into: Offer[]): void {
    append(this.#present, into)
    const text = scalarText(value)
    if (text === undefined) return
    append(this.#byText.get(text), into)
    if (typeof value === 'string') {
      this.#collectAffixes(value, into)
      append(this.#parts.find(value), into)
    }
    if (this.#ranges.isEmpty) return
    const quantity = parseQuantity(value)
    if (quantity !== undefined) this.#ranges.stab(quantity.approx, (offers) => append(offers, into))
  }

  #collectAffixes(value: string, into: Offer[]): void {
    for (const [length, group] of this.#affixes.prefix) {
      if (length <= value.length) append(group.get(value.slice(0, length)), into)
    }
    for (const [length, group] of this.#affixes.suffix) {
      if (length <= value.length) append(group.get(value.slice(value.length - length)), into)
    }
  }

  #crowdAround(min: number, max: number): number {
    const middle = Number.isFinite(min) && Number.isFinite(max) ? min / 2 + max / 2 : Number.isFinite(min) ? min : max
    let crowd = 0
    this.#ranges.stab(middle, (offers) => {
      crowd += offers.size
    })
    return crowd
  }
}

const ends = ({ min, max }: { min: Quantity | undefined; max: Quantity | undefined }): [number, number] => [
  min?.approx ?? Number.NEGATIVE_INFINITY,
  max?.approx ?? Number.POSITIVE_INFINITY,
]

function append(bucket: ReadonlySet<Offer> | undefined, into: Offer[]): void {
  if (bucket !== undefined) for (const offer of bucket) into.push(offer)
}

function bucketIn(buckets: Map<string, Bucket>, text: string): Bucket {
  const bucket = buckets.get(text) ?? new Set()
  buckets.set(text, bucket)
  return bucket
}

function groupIn(affixes: Affixes, length: number): Map<string, Bucket> {
  const group = affixes.get(length) ?? new Map<string, Bucket>()
  affixes.set(length, group)
  return group
}

function dropFrom(buckets: Map<string, Bucket>, text: string, offer: Offer): void {
  const bucket = buckets.get(text)
  bucket?.delete(offer)
  if (bucket?.size === 0) buckets.delete(text)
}
