import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseJson } from '@resource-broker/json'
import { ArgumentError, readArguments, USAGE } from './arguments.ts'
import { buildImage, ImageError } from './build-image.ts'
import { bundle } from './bundle.ts'
import { ROOT } from './programs.ts'
import { writeSbom } from './sbom.ts'

const say = (line: string) => void process.stdout.write(`${line}\n`)
/** Beside what else is made anew at any time. */
const CONTEXT = join(ROOT, 'node_modules/.cache/image')
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`

try {
  const { version } = parseJson(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  const args = readArguments(process.argv.slice(2), version)
  if (args === undefined) say(USAGE)
  else {
    const context = args.bundle ?? CONTEXT
    const { programs, bytes } = await bundle(context)
    await writeSbom(context)
    say(`${programs.length} programs in ${context}: ${megabytes(bytes)}`)
    if (args.bundle === undefined)
      say(`${args.tag}: ${megabytes(await buildImage({ ...args, context, version }))} unpacked`)
  }
} catch (error) {
  if (!(error instanceof ArgumentError || error instanceof ImageError)) throw error
  process.stderr.write(`image: ${error.message}\n`)
  process.exitCode = error instanceof ArgumentError ? 2 : 1
}
