import { parseArgs } from 'node:util'

/** What `npm run image` is asked for. */
export type ImageArguments = {
  tag: string
  /** Base images, where not those of the Dockerfile. */
  nodeImage: string | undefined
  runtimeImage: string | undefined
  /** Only the files of the image, into this folder. */
  bundle: string | undefined
}

export const USAGE = `npm run image -- [--tag T] [--node-image I] [--runtime-image I] [--bundle DIR]

Builds the image that holds every program of the broker, with the docker command on PATH, and says its size.

  --tag T            its name (resource-broker:VERSION)
  --node-image I     where Node is taken from (node:26-slim)
  --runtime-image I  what it is built on: glibc, certificates, no shell (gcr.io/distroless/cc-debian12:nonroot)
  --bundle DIR       write the files of the image into DIR, without docker, and build none
`

/** A flag that cannot be followed; the message is one line for the user. */
export class ArgumentError extends Error {
  readonly code = 'WRONG_ARGUMENT'
  override readonly name = 'ArgumentError'
}

/** Reads the command line; undefined where help is asked for. Throws ArgumentError. */
export function readArguments(given: readonly string[], version: string): ImageArguments | undefined {
  const text = { type: 'string' } as const
  const options = {
    help: { type: 'boolean', short: 'h' },
    ...{ tag: text, 'node-image': text, 'runtime-image': text, bundle: text },
  } as const
  try {
    const { values } = parseArgs({ args: [...given], options })
    if (values.help) return undefined
    const empty = Object.entries(values).find(([, value]) => value === '')
    if (empty !== undefined) throw new ArgumentError(`--${empty[0]} needs a value`)
    const { tag = `resource-broker:${version}`, bundle } = values
    return { tag, bundle, nodeImage: values['node-image'], runtimeImage: values['runtime-image'] }
  } catch (error) {
    if (error instanceof ArgumentError) throw error
    const [line = ''] = (error as Error).message.split('\n')
    throw new ArgumentError(`${line} (--help tells what there is)`, { cause: error })
  }
}
