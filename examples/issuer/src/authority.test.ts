import { createPrivateKey, X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { Authority } from './authority.ts'

describe('the authority', () => {
  test('issues certificates for the name that is asked for, signed by itself', async () => {
    const authority = await Authority.create('Test CA')
    const issued = await authority.issue('app.internal.corp')
    const certificate = new X509Certificate(issued.certificate)
    const root = new X509Certificate(issued.authority)
    expect(certificate.checkHost('app.internal.corp')).toBe('app.internal.corp')
    expect(certificate.checkHost('app.external.corp')).toBeUndefined()
    expect(certificate.checkIssued(root)).toBe(true)
    expect(certificate.verify(root.publicKey)).toBe(true)
    expect(certificate.checkPrivateKey(createPrivateKey(issued.key))).toBe(true)
    expect(certificate.ca).toBe(false)
    expect(root.ca).toBe(true)
  })

  test('has another key and serial number for each', async () => {
    const authority = await Authority.create('Test CA')
    const [one, two] = await Promise.all([authority.issue('a.example'), authority.issue('a.example')])
    expect(one.key).not.toBe(two.key)
    expect(new X509Certificate(one.certificate).serialNumber).not.toBe(
      new X509Certificate(two.certificate).serialNumber,
    )
  })

  test.each(['', 'a b', '-a.example', 'a..example', 'a\nb', `${'a'.repeat(64)}.example`, 'x.'.repeat(130)])(
    'refuses %j, which is no name of a host',
    async (fqdn) => {
      const authority = await Authority.create('Test CA')
      await expect(authority.issue(fqdn)).rejects.toThrow('is no DNS name')
    },
  )
})
