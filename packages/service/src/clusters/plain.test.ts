import { copyName } from '@resource-broker/api'
import { describe, expect, test } from 'vitest'
import { claimedOrigin } from './plain.ts'

const own = (name: string) => `broker.platform-mesh.io/${name}`
const claims = {
  [own('consumer-cluster')]: 'acme',
  [own('consumer-namespace')]: 'default',
  [own('consumer-name')]: 'a',
}
const name = copyName('acme', 'a')
const metadata = { name, namespace: 'default', uid: 'u', resourceVersion: '1' }

describe('the origin that an object at a provider claims', () => {
  test('is believed of one that stands where the copy of it would', () => {
    const origin = { consumer: 'acme', namespace: 'default', name: 'a', provider: 'alpha' }
    expect(claimedOrigin({ ...metadata, annotations: claims }, 'alpha')).toEqual(origin)
  })

  test.each<{ what: string; differs: object }>([
    { what: 'without an origin', differs: { annotations: {} } },
    { what: 'of another name', differs: { name: 'any' } },
    { what: 'in another namespace', differs: { namespace: 'evil' } },
    { what: 'whose origin has no namespace', differs: { annotations: { ...claims, [own('consumer-namespace')]: '' } } },
  ])('is not believed of one $what', ({ differs }) => {
    expect(claimedOrigin({ ...metadata, annotations: claims, ...differs }, 'alpha')).toBeUndefined()
  })
})
