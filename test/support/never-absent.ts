import { type Watch, watchResource } from '@resource-broker/kube'
import { expect } from 'vitest'
import type { Site } from './landscape.ts'
import { secretRef } from './things.ts'

/** Watches a Secret that is there; what it answers ends that, and fails if the Secret was away meanwhile. */
export async function neverAbsent({ kube }: Site, name: string): Promise<() => void> {
  const stopping = new AbortController()
  let deletions = 0
  let watch: Watch | undefined
  await new Promise<void>((resolve) => {
    const { name: _name, ...collection } = secretRef(name)
    const options = { ...collection, fieldSelector: `metadata.name=${name}` }
    const handler = { upsert: () => undefined, delete: () => void deletions++, synced: resolve }
    watch = watchResource(kube, options, handler, { signal: stopping.signal })
  })
  return () => {
    expect(watch?.known.size).toBe(1)
    expect(deletions).toBe(0)
    stopping.abort()
  }
}
