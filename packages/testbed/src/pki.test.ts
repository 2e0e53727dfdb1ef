import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { CertificateAuthority } from './pki.ts'

const authority = await CertificateAuthority.create('trial')
const issued = async (hosts?: string[]) => new X509Certificate((await authority.issueServing(hosts)).certificate)

test('a serving certificate holds for the names and addresses that it was asked for, and for no other', async () => {
  const certificate = await issued(['10.96.0.1', 'kubernetes.default'])
  expect(certificate.checkIP('10.96.0.1')).toBe('10.96.0.1')
  expect(certificate.checkHost('kubernetes.default')).toBe('kubernetes.default')
  expect(certificate.checkHost('localhost')).toBe('localhost')
  expect(certificate.checkIP('127.0.0.1')).toBeUndefined()
  expect(certificate.checkHost('10.96.0.1')).toBeUndefined()
})

test('where none is given it holds for the loopback address', async () => {
  expect((await issued()).checkIP('127.0.0.1')).toBe('127.0.0.1')
})
