import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { publish } from './go-build.ts'
import type { Report } from './tools.ts'

const run = promisify(execFile)

const RELEASES = 'https://github.com/nats-io/nats-server/releases/download'

/** What was downloaded is not what the release's SHA256SUMS says. */
export class ChecksumError extends Error {
  readonly code = 'CHECKSUM_MISMATCH'
  override readonly name = 'ChecksumError'
}

type Download = {
  /** Such as `v2.15.2`. */
  version: string
  /** The folder that appears with `nats-server` in it. */
  target: string
  report: Report
  /** Where the releases are, for a mirror. */
  releases?: string
}

/** Fetches the official archive of this platform, checks it against the release's SHA256SUMS and unpacks it; throws ChecksumError. */
export async function downloadNatsServer({ version, target, report, releases = RELEASES }: Download): Promise<void> {
  const stem = `nats-server-${version}-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`
  const archive = `${stem}.tar.gz`
  report(`nats-server ${version}: Go is not on PATH, downloading ${releases}/${version}/${archive}`)
  const [sums, content] = await Promise.all([
    fetchBytes(`${releases}/${version}/SHA256SUMS`),
    fetchBytes(`${releases}/${version}/${archive}`),
  ])
  verify(archive, content, sums.toString())
  const fresh = `${target}.${process.pid}.tmp`
  try {
    await mkdir(fresh, { recursive: true })
    await writeFile(join(fresh, archive), content)
    await run('tar', ['-xzf', archive, '--strip-components=1', `${stem}/nats-server`], { cwd: fresh })
    await rm(join(fresh, archive))
    await publish(fresh, target)
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
  report(`nats-server ${version}: downloaded, checksum verified`)
}

/** Lines of SHA256SUMS are `<hex>  <file>`, or `<hex> *<file>` in binary mode. */
function verify(file: string, content: Buffer, sums: string): void {
  const line = sums.split('\n').find((each) => each.trim().split(/\s+\*?/)[1] === file)
  if (line === undefined) throw new ChecksumError(`SHA256SUMS of the release does not list ${file}`)
  const wanted = line.trim().split(/\s+/)[0]?.toLowerCase()
  const got = createHash('sha256').update(content).digest('hex')
  if (got !== wanted) throw new ChecksumError(`${file} has SHA-256 ${got}, its release says ${wanted}`)
}

async function fetchBytes(url: string): Promise<Buffer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(300_000) })
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  return Buffer.from(await response.arrayBuffer())
}
