import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { prepare } from '../../examples/kcp-certs/run.ts'
import { followedReadme } from '../support/followed-readme.ts'
import { ROOT } from '../support/landscape.ts'

describe('examples/kcp-certs, when its README was followed', () => {
  afterAll(() => rm(join(ROOT, '.tmp/kcp-certs'), { recursive: true, force: true })) // once all has stopped
  const { said, run } = followedReadme(prepare)
  const lines = () => said.map((line) => line.trim())

  test('the consumer had a certificate of the one provider, and then of the other', () => {
    const certificates = lines().filter((line) => /^(issuer|DNS)/.test(line))
    // As newer versions of openssl write it.
    expect(certificates.map((line) => line.replaceAll(' = ', '='))).toEqual([
      ...['issuer=CN=Internal CA Root, O=Internal CA', 'DNS:app.internal.corp'],
      ...['issuer=CN=External CA Root, O=External CA', 'DNS:app.external.corp'],
      ...['issuer=CN=Internal CA Root, O=Internal CA', 'DNS:app.internal.corp'],
    ])
  })

  test.each([
    ['of the rules that refused', '/internal-certs: fqdn: suffix wants "internal.corp", got "app.nowhere.org"'],
    ['a provider without AcceptAPI', 'no matches for kind "AcceptAPI"'],
    [
      'a provider who has not let the broker bind',
      'BindingVerified=False: apibindings.apis.kcp.io "provider" is forbidden: unable to create APIBinding: no permission',
    ],
    ['a consumer without the binding', `the server doesn't have a resource type "certificates"`],
    [
      'a consumer who has not accepted the claim',
      'Secret cert-from-consumer-tls does not come to where the consumer is',
    ],
  ])('%s was told', (_who, message) => {
    expect(lines().filter((line) => line.includes(message) && !line.startsWith('$'))).toHaveLength(1)
  })

  test('nothing is left of what was asked for', async () => {
    expect(await run('kubectl --server=$root:platform:broker get assignments')).toBe('No resources found')
    expect(await run('seen_by internalca; seen_by externalca')).toBe('No resources found\nNo resources found')
  })

  test('each is alone in its workspace', async () => {
    for (const [who, where] of [
      ['internalca', 'providers:externalca'],
      ['externalca', 'consumers:consumer'],
      ['consumer', 'providers:internalca'],
    ])
      expect(await run(`! kubectl --context ${who} --server=$root:${where} get secrets`)).toContain('Forbidden')
  })
})
