import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ROOT } from '../support/landscape.ts'
import { type BaseImages, importBaseImages } from './base-images.ts'
import { type Docker, startDocker } from './docker.ts'

/** A daemon that has the broker's image. */
export type BuiltImage = {
  docker: Docker
  /** For files of the test. */
  dir: string
  tag: string
  bases: BaseImages
  /** What `npm run image` said. */
  said: string
  stop(): Promise<void>
}

/** Builds the image as `npm run image` does; where no daemon can be had, answers the reason in a few words. */
export async function startWithImage(): Promise<BuiltImage | string> {
  const dir = await mkdtemp(join(tmpdir(), 'containers-'))
  const clean = () => rm(dir, { recursive: true, force: true })
  const docker = await startDocker(join(dir, 'docker'))
  if (typeof docker === 'string') {
    await clean()
    return docker
  }
  const stop = async () => {
    await docker.stop()
    await clean()
  }
  try {
    const tag = 'resource-broker:test'
    const bases = await importBaseImages(docker, dir)
    const args = ['--tag', tag, '--node-image', bases.node, '--runtime-image', bases.runtime]
    const main = join(ROOT, 'packages/image/src/main.ts')
    const { stdout: said } = await promisify(execFile)(process.execPath, [main, ...args], { env: docker.env })
    return { docker, dir, tag, bases, said, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
