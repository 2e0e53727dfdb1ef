import { execFile } from 'node:child_process'
import { cp, mkdir, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { stringifyJson } from '@resource-broker/json'
import type { Docker } from './docker.ts'

const execute = promisify(execFile)
/** Where a file is, and where it goes. */
type Copies = readonly (readonly [source: string, target: string])[]

const ATOMIC = 'libatomic.so.1'

/** Images in the place of those that a registry has, made of this machine's own files, as tests ask no registry. */
export type BaseImages = {
  node: string
  runtime: string
  /** Both in one, as Node's own image is. */
  sources: string
}

/** The Node that runs this, and what it needs of the system: the C library and certificates, no shell. */
export async function importBaseImages(docker: Docker, dir: string): Promise<BaseImages> {
  const libraries = await librariesOf(process.execPath)
  const atomic = libraries.find((path) => path.endsWith(ATOMIC))
  const others = libraries.filter((path) => path !== atomic)
  const program: [string, string] = [process.execPath, '/usr/local/bin/node']
  const needed = atomic === undefined ? [] : [[atomic, `/usr/lib/${process.arch}-linux-gnu/${ATOMIC}`] as const]
  const whole = [program, ...libraries.map(asItIs)]
  return {
    sources: await importFiles(docker, join(dir, 'sources'), 'base-sources:test', whole),
    node: await importFiles(docker, join(dir, 'node'), 'base-node:test', [program, ...needed]),
    runtime: await importFiles(docker, join(dir, 'runtime'), 'base-runtime:test', others.map(asItIs)),
  }
}

/** An image that is one program, with the libraries that it is linked to; `args` are those that it has where no others are given. */
export async function importProgram(
  docker: Docker,
  dir: string,
  tag: string,
  program: string,
  args: readonly string[] = [],
): Promise<string> {
  const files = [[program, '/program'] as const, ...(await librariesOf(program)).map(asItIs)]
  const changes = ['ENTRYPOINT ["/program"]', `CMD ${stringifyJson(args)}`].flatMap((change) => ['--change', change])
  return await importFiles(docker, dir, tag, files, changes)
}

async function importFiles(docker: Docker, dir: string, tag: string, files: Copies, flags: string[] = []) {
  for (const [source, target] of files) {
    await mkdir(dirname(join(dir, target)), { recursive: true })
    await cp(await realpath(source), join(dir, target))
  }
  // World-writable, as /tmp is.
  await mkdir(join(dir, 'tmp'), { recursive: true, mode: 0o1777 })
  const archive = `${dir}.tar`
  await execute('tar', ['--owner=0', '--group=0', '-C', dir, '-cf', archive, '.'])
  await docker.run('import', ...flags, archive, tag)
  return tag
}

const asItIs = (path: string) => [path, path] as const

async function librariesOf(program: string): Promise<string[]> {
  const { stdout } = await execute('ldd', [program]).catch((error: { stderr: string }) => {
    if (error.stderr.includes('not a dynamic executable')) return { stdout: '' }
    throw error
  })
  return stdout.match(/\/\S+/g) ?? []
}
