import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ImageArguments } from './arguments.ts'
import { ROOT } from './programs.ts'

const run = promisify(execFile)
const DOCKERFILE = join(ROOT, 'deploy/image/Dockerfile')

/** There is no docker daemon, or it did not build the image. */
export class ImageError extends Error {
  readonly code = 'IMAGE_NOT_BUILT'
  override readonly name = 'ImageError'
}

type Build = Pick<ImageArguments, 'tag' | 'nodeImage' | 'runtimeImage'> & {
  /** The folder that `bundle` wrote. */
  context: string
  version: string
}

/** Builds the image of a bundle; answers its size in bytes. @throws {ImageError} */
export async function buildImage({ tag, nodeImage, runtimeImage, context, version }: Build): Promise<number> {
  await refuseWithoutDaemon()
  const args: Record<string, string | undefined> = {
    NODE_IMAGE: nodeImage,
    RUNTIME_IMAGE: runtimeImage,
    VERSION: version,
    REVISION: await revision(),
  }
  const given = Object.entries(args).filter(([, value]) => value !== undefined)
  const buildArgs = given.flatMap(([name, value]) => ['--build-arg', `${name}=${value}`])
  const build = spawn('docker', ['build', '--file', DOCKERFILE, '--tag', tag, ...buildArgs, context], {
    stdio: 'inherit',
  })
  const [code] = (await once(build, 'close')) as [number | null]
  if (code !== 0) throw new ImageError(`docker build ended with ${code}`)
  const { stdout } = await run('docker', ['image', 'inspect', '--format', '{{.Size}}', tag])
  return Number(stdout)
}

async function refuseWithoutDaemon(): Promise<void> {
  try {
    await run('docker', ['version', '--format', '{{.Server.Version}}'])
  } catch (cause) {
    const { code, stderr = '' } = cause as { code?: string; stderr?: string }
    const why = code === 'ENOENT' ? 'there is no docker command on PATH' : stderr.trim()
    throw new ImageError(`no image was built: ${why} (--bundle DIR writes its files without docker)`, { cause })
  }
}

/** The commit that is checked out; undefined outside of a repository. */
async function revision(): Promise<string | undefined> {
  try {
    return (await run('git', ['rev-parse', 'HEAD'], { cwd: ROOT })).stdout.trim()
  } catch {
    return undefined
  }
}
