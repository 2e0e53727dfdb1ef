#!/usr/bin/env node
// The entry of the npm scripts. Runs on Node 20 or newer with nothing installed: it fetches Node 26 and the
// dependencies first, then hands over to the command.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { check } from './check.mjs'
import { run } from './spawn.mjs'
import { test } from './test.mjs'
import { prepare, root, subfolders } from './toolchain.mjs'

const commands = {
  start: (context, args) => main(context, 'test/story/main.ts', args),
  bench: (context, args) => main(context, 'test/bench/main.ts', args),
  broker: (context, args) => main(context, 'services/broker/src/main.ts', args, LARGE),
  service: (context, [name, ...args]) => main(context, `services/${name}/src/main.ts`, args, SMALL),
  sandbox: (context, args) => main(context, 'packages/sandbox/src/main.ts', args),
  example: (context, [name, ...args]) => main(context, `examples/${name}/run.ts`, args),
  bootstrap: (context, args) => main(context, 'packages/cli/src/main.ts', ['bootstrap', ...args]),
  'nats-users': (context, args) => main(context, 'packages/cli/src/main.ts', ['nats-users', ...args]),
  image: (context, args) => main(context, 'packages/image/src/main.ts', args),
  package: (context, args) => main(context, 'packages/image/src/npm/main.ts', args),
  test,
  check,
  exec: async ({ env }, [command, ...args]) => (await run(command, args, { env })).code,
}

/** Five services are five heaps: V8's young generation grows to 48 MiB in each otherwise. */
const SMALL = ['--max-semi-space-size=8']
/** All services are one heap: what lives for one placement is gone before it would be copied to the old generation. */
const LARGE = ['--max-semi-space-size=64']

async function main({ node, env }, file, args, flags = []) {
  const more = {
    // So that what starts processes of its own can end with us, however we end.
    BROKER_PARENT: String(process.pid),
    // Saves each process the work, and the 30 MiB, of compiling the same files again.
    NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/node'),
  }
  if (process.env.npm_lifecycle_event !== undefined) endWithParent()
  return (await run(node, [...flags, join(root, file), ...args], { env: { ...env, ...more } })).code
}

/** How often it is looked whether npm is still there, in milliseconds. */
const PARENT_CHECK_MS = 1_000

/** npm that is killed tells nobody: what it started ends by the signal that `run` passes on. */
function endWithParent() {
  const parent = process.ppid
  const check = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(check)
    process.kill(process.pid, 'SIGTERM')
  }, PARENT_CHECK_MS).unref()
}

function wrongUse(message) {
  process.stderr.write(`${message}\n`)
  process.exit(2)
}

const [name, ...given] = process.argv.slice(2)
// npm takes the first `--` away; without npm it arrives here.
const args = given[0] === '--' ? given.slice(1) : given
if (!Object.hasOwn(commands, name ?? '')) wrongUse(`usage: run.mjs ${Object.keys(commands).join('|')} [arguments]`)
/** Commands whose first argument names a folder, and the file by which that is known. */
const named = { service: ['services', 'src/main.ts'], example: ['examples', 'run.ts'] }
if (Object.hasOwn(named, name)) {
  const [parent, file] = named[name]
  const folders = subfolders(parent).filter((folder) => existsSync(join(root, folder, file)))
  const names = folders.map((folder) => folder.slice(parent.length + 1))
  if (!names.includes(args[0])) {
    wrongUse(`${args[0] ? `no ${name} "${args[0]}"` : `which ${name}?`} There are: ${names.join(', ') || 'none yet'}`)
  }
}
if (name === 'exec' && args.length === 0) wrongUse('exec needs a command, such as: exec pnpm add zod')
// `exec` is what mends dependencies that cannot be installed.
process.exitCode = await commands[name](await prepare({ dependencies: name !== 'exec' }), args)
