import { describe, expect, test } from 'vitest'
import {
  base36,
  base62,
  claimLabelKey,
  claimLabelValue,
  defaultBindingName,
  homeClusterName,
  identityHash,
  phaseLabel,
  reflexiveClaimLabelValue,
  shardHash,
  workspaceClusterName,
} from './hashes.ts'
import vectors from './vectors/hashes.json' with { type: 'json' }

describe('contract 3', () => {
  test('3.1 base62 has digits 0-9 a-z A-Z, base36 0-9 a-z, both of one big-endian number', () => {
    expect(base62(Uint8Array.of(61))).toBe('Z')
    expect(base62(Uint8Array.of(1, 0))).toBe('48')
    expect(base36(Uint8Array.of(35))).toBe('z')
    expect(base36(Uint8Array.of(0))).toBe('0')
  })

  test.each(vectors.identities)('3.2 the identity is the sha256 of the key: $hash', ({ key, hash }) => {
    expect(identityHash(Buffer.from(key))).toBe(hash)
  })

  test.each(vectors.claims)('3.3 the label key of claims of $export.cluster:$export.name', ({ export: of, key }) => {
    expect(claimLabelKey(of.cluster, of.name)).toBe(key)
  })

  test.each(vectors.claims)('3.4 the label value of a claim of $claim.resource', ({ claim, value }) => {
    expect(claimLabelValue(claim)).toBe(value)
  })

  test('3.5 the label value of bindings themselves', () => {
    expect(reflexiveClaimLabelValue()).toBe(vectors.reflexive)
  })

  test.each(vectors.shards)('3.6 the hash of shard $name', ({ name, hash }) => {
    expect(shardHash(name)).toBe(hash)
  })

  test('3.7 a default binding is named by its export and five lower-case characters', () => {
    expect(defaultBindingName('a', 'root', 'tenancy.kcp.io')).toMatch(/^tenancy\.kcp\.io-[0-9a-z]{5}$/)
    expect(defaultBindingName('a', 'root', 'tenancy.kcp.io')).not.toBe(
      defaultBindingName('b', 'root', 'tenancy.kcp.io'),
    )
    expect(defaultBindingName('a', 'root', 'x'.repeat(253))).toHaveLength(253)
  })

  test.each(vectors.homes)('1.5 the home of $user is $cluster', ({ user, cluster }) => {
    expect(homeClusterName(user)).toBe(cluster)
  })

  test('1.6 a workspace is named by 16 characters of base36', () => {
    expect(workspaceClusterName(Buffer.alloc(32, 7))).toMatch(/^[0-9a-z]{16}$/)
  })

  test('2.6 an initializer label fills 63 characters of its key and carries the whole hash', () => {
    const prefix = 'initializer.internal.kcp.io/'
    const { key, value } = phaseLabel(prefix, 'root:universal')
    expect(key).toHaveLength(63)
    expect(value).toHaveLength(56)
    expect(value.startsWith(key.slice(prefix.length))).toBe(true)
  })
})
