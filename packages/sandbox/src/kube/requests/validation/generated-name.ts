import { randomInt } from 'node:crypto'

/** Without vowels and look-alikes, as k8s.io/apimachinery/pkg/util/rand. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'
const SUFFIX = 5
const LONGEST_BASE = 63 - SUFFIX

/** A name that begins with `base`, cut so that it stays a DNS label. */
export function generatedName(base: string): string {
  const suffix = Array.from({ length: SUFFIX }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
  return base.slice(0, LONGEST_BASE) + suffix
}
