import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { ensureBinaries, isAtLeast } from './binaries.ts'
import { scratchDirectory } from './scratch.ts'

const dir = scratchDirectory()

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('what --version says', () => {
  test.each([
    ['nats-server: v2.15.2', [2, 11], true],
    ['nats-server: v2.10.27', [2, 11], false],
    ['etcd Version: 3.4.30\nGit SHA: Not provided', [3, 6], false],
    ['Kubernetes v1.34.4', [1, 33], true],
    ['Kubernetes v2.0.0', [1, 33], true],
    ['', [1, 33], false],
  ] as const)('%j against %j is new enough: %j', (text, minimum, expected) => {
    expect(isAtLeast(text, minimum)).toBe(expected)
  })
})

function folderWith(name: string, script: string): string {
  const folder = mkdtempSync(join(dir, 'path-'))
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  return folder
}

test('a new enough binary on PATH is used instead of an own one', async () => {
  const folder = folderWith('etcd', 'echo etcd Version: 3.6.1')
  vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`)
  expect(await ensureBinaries(['etcd'], () => undefined)).toEqual({ etcd: join(folder, 'etcd') })
})

test('without Go one plain line says what to install', async () => {
  vi.stubEnv('RESOURCE_BROKER_CACHE', mkdtempSync(join(dir, 'cache-')))
  vi.stubEnv('PATH', '/nowhere')
  await expect(ensureBinaries(['kro'], () => undefined)).rejects.toThrow(
    'kro has to be built and Go is not on PATH: install Go 1.26 or newer (https://go.dev/dl/)',
  )
})

test('an old binary on PATH is passed over, ours is built once and then found in the cache', async () => {
  const folder = folderWith('nats-server', 'echo nats-server: v2.10.0')
  vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`)
  vi.stubEnv('RESOURCE_BROKER_CACHE', mkdtempSync(join(dir, 'cache-')))
  const lines: string[] = []
  // Two at once: the second waits for the first one's build.
  const [first, second] = await Promise.all([
    ensureBinaries(['nats-server'], (line) => lines.push(line)),
    ensureBinaries(['nats-server'], () => undefined),
  ])
  expect(second).toEqual(first)
  expect(existsSync(first['nats-server'])).toBe(true)
  expect(lines.join('\n')).toMatch(/building it from its Go module|another process is preparing it/)
  expect(await ensureBinaries(['nats-server'], (line) => expect.unreachable(line))).toEqual(first)
})
