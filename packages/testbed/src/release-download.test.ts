import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ChecksumError, downloadNatsServer } from './release-download.ts'
import { scratchDirectory } from './scratch.ts'

const VERSION = 'v9.9.9'
const stem = `nats-server-${VERSION}-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`
const dir = scratchDirectory()
const files = new Map<string, Buffer>()
let server: Server
let releases: string

beforeAll(async () => {
  mkdirSync(join(dir, stem))
  writeFileSync(join(dir, stem, 'nats-server'), '#!/bin/sh\necho released\n', { mode: 0o755 })
  writeFileSync(join(dir, stem, 'README.md'), 'not needed')
  execFileSync('tar', ['-czf', `${stem}.tar.gz`, stem], { cwd: dir })
  files.set(`/${VERSION}/${stem}.tar.gz`, readFileSync(join(dir, `${stem}.tar.gz`)))
  server = createServer((request, response) => {
    const content = files.get(request.url ?? '')
    response.writeHead(content === undefined ? 404 : 200).end(content)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  releases = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(() => {
  server.close()
})

function publishSums(hash: string, file = `${stem}.tar.gz`): void {
  files.set(`/${VERSION}/SHA256SUMS`, Buffer.from(`${'0'.repeat(64)}  other.zip\n${hash}  ${file}\n`))
}

const archiveHash = () =>
  createHash('sha256')
    .update(files.get(`/${VERSION}/${stem}.tar.gz`) ?? '')
    .digest('hex')

test('an archive that SHA256SUMS vouches for is unpacked to an executable', async () => {
  publishSums(archiveHash())
  const target = join(dir, 'good')
  await downloadNatsServer({ version: VERSION, target, report: () => undefined, releases })
  expect(readdirSync(target)).toEqual(['nats-server'])
  expect(execFileSync(join(target, 'nats-server')).toString()).toBe('released\n')
})

test('a wrong checksum is refused and leaves nothing behind', async () => {
  publishSums('f'.repeat(64))
  const target = join(dir, 'forged')
  const download = downloadNatsServer({ version: VERSION, target, report: () => undefined, releases })
  await expect(download).rejects.toThrow(ChecksumError)
  expect(existsSync(target)).toBe(false)
})

test('an archive that SHA256SUMS does not list is refused', async () => {
  publishSums(archiveHash(), 'another.tar.gz')
  const download = downloadNatsServer({ version: VERSION, target: join(dir, 'x'), report: () => undefined, releases })
  await expect(download).rejects.toThrow(`does not list ${stem}.tar.gz`)
})

test('a release that is not there is named', async () => {
  const download = downloadNatsServer({ version: 'v0.0.0', target: join(dir, 'y'), report: () => undefined, releases })
  await expect(download).rejects.toThrow('/v0.0.0/SHA256SUMS answered 404')
})
