import fc from 'fast-check'
import { expect, test } from 'vitest'
import { StatusError } from '../../errors.ts'
import { deepClone } from '../../json.ts'
import type { JsonObject, KubeObject } from '../../objects.ts'
import { serverSideApply, trackFields } from '../mod.ts'
import { spec } from '../vectors/arbitraries.ts'
import { resourceOf, schemaOf } from '../vectors/replay.ts'
import { difference, type FieldSet, intersection, pathsOf, recursiveDifference, union } from './field-set.ts'
import { fromFieldsV1, toFieldsV1 } from './fields-v1.ts'
import { ownedFields } from './owned-fields.ts'
import { showElement } from './path-element.ts'
import { objectType } from './typed-schema.ts'

const API_VERSION = 'vectors.example.io/v1'
const resource = resourceOf('Widget', API_VERSION)
const schema = schemaOf(resource, API_VERSION)
const type = objectType(schema)
const MANAGERS = ['alice', 'bob', 'carol']

type Step = { manager: string; spec: JsonObject }
const steps = fc.array(fc.record({ manager: fc.constantFrom(...MANAGERS), spec }), { minLength: 1, maxLength: 5 })
let minutes = 0

function configOf(given: JsonObject): KubeObject {
  return { apiVersion: API_VERSION, kind: 'Widget', metadata: { name: 'w' }, spec: given }
}

function apply(live: KubeObject | undefined, { manager, spec: given }: Step, force: boolean): KubeObject {
  const now = new Date(Date.UTC(2026, 0, 1, 0, minutes++))
  const config = configOf(given)
  const applied = serverSideApply({ live, config, manager, force, subresource: '', now, schema, resource })
  applied.metadata.uid = 'u'
  return applied
}

function applyAll(all: readonly Step[]): KubeObject {
  const first = apply(undefined, { manager: 'zoe', spec: { color: 'red' } }, true)
  return all.reduce((live, step) => apply(live, step, true), first)
}

function fieldsOf(object: KubeObject, manager: string): FieldSet | undefined {
  const entry = object.metadata.managedFields?.find((each) => each.manager === manager)
  return entry && fromFieldsV1(entry.fieldsV1)
}

test('to apply twice is to apply once', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const once = applyAll(all)
      expect(apply(once, all.at(-1)!, false)).toEqual(once)
    }),
  )
})

test('to apply what one owns is never a conflict, whoever shares it', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const live = applyAll(all)
      const last = new Map(all.map((step) => [step.manager, step]))
      for (const [manager, step] of last) {
        const wanted = withoutMeta(ownedFields(configOf(step.spec) as JsonObject, type))
        const owned = fieldsOf(live, manager)
        // Whoever lost something to a forced application does not own all any more.
        if (owned !== undefined && toText(owned) === toText(wanted))
          expect(conflictsOf(() => apply(live, step, false))).toEqual([])
      }
    }),
  )
})

test('owners of the same field agree on its value', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const live = applyAll(all)
      const last = new Map(all.map((step) => [step.manager, step]))
      for (const [manager, step] of last) {
        const owned = fieldsOf(live, manager)
        if (owned === undefined) continue
        // A conflict may only be about what it lost.
        const lost = new Set(
          shown(difference(withoutMeta(ownedFields(configOf(step.spec) as JsonObject, type)), owned)),
        )
        for (const path of conflictsOf(() => apply(live, step, false))) expect(lost).toContain(path)
      }
    }),
  )
})

test('who applies nothing any more owns nothing, and what nobody else owns is gone', () => {
  fc.assert(
    fc.property(steps, (all) => {
      let live: KubeObject | undefined = applyAll(all)
      for (const manager of [...MANAGERS, 'zoe']) {
        const config: KubeObject = { apiVersion: API_VERSION, kind: 'Widget', metadata: { name: 'w' } }
        const now = new Date()
        live = serverSideApply({ live, config, manager, force: false, subresource: '', now, schema, resource })
        live.metadata.uid = 'u'
        expect(fieldsOf(live, manager)).toBeUndefined()
      }
      expect(live?.metadata.managedFields).toBeUndefined()
      expect(ownedFields((live?.['spec'] ?? {}) as JsonObject, type.atom.map!.fields.get('spec')!.type).size).toBe(0)
    }),
  )
})

test('applications change neither the live object nor the config', () => {
  fc.assert(
    fc.property(steps, spec, (all, given) => {
      const live = applyAll(all)
      const config = configOf(given)
      const before = deepClone([live, config])
      const now = new Date()
      const applied = serverSideApply({
        live,
        config,
        manager: 'dave',
        force: true,
        subresource: '',
        now,
        schema,
        resource,
      })
      scribble(applied)
      expect([live, config]).toEqual(before)
    }),
  )
})

test('an update that changes nothing leaves managedFields as they are', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const live = applyAll(all)
      const tracking = {
        old: live,
        manager: 'm',
        subresource: '',
        now: new Date(),
        apiVersion: API_VERSION,
        schema,
        resource,
      }
      expect(trackFields({ ...tracking, next: deepClone(live) })).toEqual(live.metadata.managedFields ?? [])
    }),
  )
})

test('an update owns what it changed and takes that from all others', () => {
  fc.assert(
    fc.property(steps, spec, (all, given) => {
      const live = applyAll(all)
      const next = { ...deepClone(live), spec: given }
      const tracking = {
        old: live,
        next,
        manager: 'm',
        subresource: '',
        now: new Date(),
        apiVersion: API_VERSION,
        schema,
        resource,
      }
      const managedFields = trackFields(tracking)
      const mine = fromFieldsV1(managedFields.find(({ manager }) => manager === 'm')?.fieldsV1 ?? { '.': {} })
      for (const entry of managedFields) {
        if (entry.manager !== 'm') expect(pathsOf(intersection(fromFieldsV1(entry.fieldsV1), mine))).toEqual([])
      }
    }),
  )
})

test('field sets follow the laws of sets, and survive their JSON', () => {
  const fields = spec.map((given) => ownedFields(configOf(given) as JsonObject, type))
  fc.assert(
    fc.property(fields, fields, (a, b) => {
      expect(toText(union(a, b))).toBe(toText(union(b, a)))
      expect(toText(intersection(a, b))).toBe(toText(intersection(b, a)))
      expect(toText(union(a, a))).toBe(toText(a))
      expect(toText(difference(a, a))).toBe('{}')
      expect(toText(intersection(difference(a, b), b))).toBe('{}')
      expect(toText(union(difference(a, b), intersection(a, b)))).toBe(toText(a))
      expect(toText(difference(recursiveDifference(a, b), difference(a, b)))).toBe('{}')
      expect(toText(fromFieldsV1(JSON.parse(toText(a)) as JsonObject))).toBe(toText(a))
    }),
  )
})

function withoutMeta(fields: FieldSet): FieldSet {
  const spec = fields.get('f:spec')
  return new Map(spec === undefined ? [] : [['f:spec', spec]])
}

const toText = (fields: FieldSet): string => JSON.stringify(toFieldsV1(fields))
const shown = (fields: FieldSet): string[] => pathsOf(fields).map((path) => path.map(showElement).join(''))

function conflictsOf(step: () => unknown): string[] {
  try {
    step()
    return []
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 409) throw error
    return (error.details?.causes ?? []).map(({ field }) => field ?? '')
  }
}

/** Writes into every part of a value. */
function scribble(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const member of Object.values(value)) scribble(member)
  if (Array.isArray(value)) value.push('scribbled')
  else (value as JsonObject)['scribbled'] = true
}
