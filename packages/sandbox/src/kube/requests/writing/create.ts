import { randomInt } from 'node:crypto'
import { StatusError } from '../../errors.ts'
import { deepClone } from '../../json.ts'
import type { KubeObject } from '../../objects.ts'
import type { Scope, WriteOptions } from '../scope.ts'
import { dedupOwnerReferences } from '../validation/owner-references.ts'
import { warningsOf } from '../validation/warnings.ts'
import { admit, mutate } from './admission.ts'
import { track } from './managed-fields.ts'
import { ensureNamespace, fillSystemFields, wipeSystemFields } from './metadata.ts'
import { alreadyExists, keyIn, markCluster, saveNew, type Written } from './saving.ts'
import { dropUnstored, prepareForCreate, validateNew } from './strategy.ts'

/** Without vowels and look-alikes, as k8s.io/apimachinery/pkg/util/rand. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'
const SUFFIX = 5
const LONGEST_BASE = 63 - SUFFIX
/** Of a generateName, in case that names are taken. */
const ATTEMPTS = 8

/** Creates an object, which becomes the caller's answer. Throws StatusError. */
export function createObject(scope: Scope, body: KubeObject, options: WriteOptions): Written {
  wipeSystemFields(body)
  ensureNamespace(scope, body)
  dedupOwnerReferences(body, options.warn, false)
  const tracked = track(scope, body, undefined, options)
  mutate(scope, options, tracked)
  dedupOwnerReferences(tracked, options.warn, true)
  const { name = '', generateName = '', resourceVersion = '' } = tracked.metadata
  // 0, and what is no number, count as none.
  if (Number(resourceVersion) > 0) {
    throw new StatusError(500, '', 'resourceVersion should not be set on objects to be created')
  }
  if (name === '' && generateName !== '') return createNamed(scope, tracked, options)
  return finishCreate(scope, tracked, options)
}

function createNamed(scope: Scope, body: KubeObject, options: WriteOptions): Written {
  for (let attempt = 1; ; attempt++) {
    const object = deepClone(body)
    object.metadata.name = scope.deps.draw('name', () => generatedName(body.metadata.generateName ?? ''))
    try {
      return finishCreate(scope, object, options)
    } catch (error) {
      const taken = error instanceof StatusError && error.reason === 'AlreadyExists'
      if (!taken || attempt === ATTEMPTS) throw error
    }
  }
}

/** The part behind mutating admission, which an update that creates has in common. */
export function finishCreate(scope: Scope, next: KubeObject, options: WriteOptions): Written {
  fillSystemFields(scope, next)
  ensureNamespace(scope, next)
  prepareForCreate(scope, next)
  validateNew(scope, next)
  if (options.undecoded === true) dropUnstored(scope, next)
  for (const text of warningsOf(scope.resource, next)) options.warn(text)
  admit(scope, options, next)
  markCluster(scope, next)
  if (!options.dryRun) return { object: next, entry: saveNew(scope, next), created: true }
  const name = next.metadata.name ?? ''
  if (scope.deps.store.get(keyIn(scope, name)) !== undefined) throw alreadyExists(scope, name)
  return { object: next, created: true }
}

/** A name that begins with `base`, cut so that it stays a DNS label. */
function generatedName(base: string): string {
  const suffix = Array.from({ length: SUFFIX }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
  return base.slice(0, LONGEST_BASE) + suffix
}
