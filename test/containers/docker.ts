import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ManagedProcess } from '@resource-broker/testbed'
import { missingCommands } from '../support/commands.ts'

const execute = promisify(execFile)

/** A docker daemon, and the command that talks to it. */
export type Docker = {
  /** For what runs docker itself. */
  env: NodeJS.ProcessEnv
  /** What a command is put behind to reach published ports. */
  reach: readonly string[]
  /** Answers what the command writes; rejects with what it complains of. */
  run(...args: string[]): Promise<string>
  stop(): Promise<void>
}

/** What a daemon of our own is started with. */
const COMMANDS = ['docker', 'dockerd', 'containerd', 'runc', 'unshare', 'nsenter', 'iptables']

/** The daemon that is there, else one of our own below `dir`; where neither can be had, the reason in a few words. */
export async function startDocker(dir: string): Promise<Docker | string> {
  if (await answers(process.env)) return dockerAt(process.env, [], async () => undefined)
  const missing = await missingCommands(COMMANDS)
  if (missing.length > 0) return `no docker daemon, and to start one there is no ${missing.join(', ')}`
  if (process.getuid?.() !== 0) return 'no docker daemon, and only root can start one'
  const env = { ...process.env, DOCKER_HOST: `unix://${join(dir, 'docker.sock')}` }
  const daemon = await ManagedProcess.start({
    name: 'dockerd',
    command: join(import.meta.dirname, 'dockerd.sh'),
    args: [dir],
    logFile: join(dir, 'dockerd.log'),
    ready: () => answers(env),
  })
  return dockerAt(env, ['nsenter', `--net=/proc/${daemon.pid}/ns/net`], () => daemon.stop())
}

function dockerAt(env: NodeJS.ProcessEnv, reach: readonly string[], stop: () => Promise<void>): Docker {
  const run = async (...args: string[]) => (await execute('docker', args, { env, maxBuffer: 2 ** 26 })).stdout
  return { env, reach, run, stop }
}

async function answers(env: NodeJS.ProcessEnv): Promise<boolean> {
  try {
    await execute('docker', ['version'], { env })
    return true
  } catch {
    return false
  }
}
