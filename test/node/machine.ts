import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ManagedProcess, type ProcessSpec, waitFor } from '@resource-broker/testbed'
import { missingCommands } from '../support/commands.ts'
import { CGROUP, containerdConfig, podNetwork } from './node-config.ts'

const execute = promisify(execFile)

/** A machine that pods can run on: its own network, mounts and processes, with containerd. */
export type Machine = {
  dir: string
  /** Starts a program there. */
  start(spec: Omit<ProcessSpec, 'logFile'>): Promise<ManagedProcess>
  /** Takes the images of an archive as `docker save` writes it. */
  importImages(archive: string): Promise<void>
  /** Ends it with everything that runs there, and removes what that kept. */
  stop(): Promise<void>
}

/** This machine, as that one and its pods reach it: 198.18.0.0/15 is nobody's, networks are measured in it (RFC 2544). */
export const HERE = '198.18.0.1'
export const THERE = '198.18.0.2'

const COMMANDS =
  'containerd containerd-shim-runc-v2 ctr runc unshare nsenter mount ip sysctl nft iptables conntrack find sleep'
const PLUGINS = ['bridge', 'host-local', 'loopback']
const PLUGIN_FOLDERS = ['/usr/lib/cni', '/opt/cni/bin']

/** Starts a machine with its files below `dir`; where none can be had, answers the reason in a few words. */
export async function startMachine(dir: string, pauseImage: string): Promise<Machine | string> {
  const missing = await missingCommands(COMMANDS.split(' '))
  if (missing.length > 0) return `to start a node there is no ${missing.join(', ')}`
  const plugins = PLUGIN_FOLDERS.find((folder) => PLUGINS.every((plugin) => existsSync(join(folder, plugin))))
  if (plugins === undefined) return `to start a node there are no CNI plugins in ${PLUGIN_FOLDERS.join(' or ')}`
  if (process.getuid?.() !== 0) return 'only root can start a node'
  await mkdir(join(dir, 'cni'), { recursive: true })
  await writeFile(join(dir, 'cni/pods.conflist'), podNetwork(dir))
  await writeFile(join(dir, 'containerd.toml'), containerdConfig({ dir, plugins, pauseImage }))
  const ctr = (...args: string[]) => execute('ctr', ['--address', join(dir, 'containerd.sock'), ...args])
  const machine = await ManagedProcess.start({
    name: 'machine',
    command: join(import.meta.dirname, 'machine.sh'),
    args: [dir, HERE, THERE],
    logFile: join(dir, 'machine.log'),
    ready: () => ctr('version').then(() => true),
  })
  const { pid } = machine
  const enter = [`--net=/proc/${pid}/ns/net`, `--mount=/proc/${pid}/ns/mnt`, `--pid=/proc/${pid}/ns/pid_for_children`]
  return {
    dir,
    start: ({ command, args, ...spec }) => {
      const inside = { command: 'nsenter', args: [...enter, command, ...args] }
      return ManagedProcess.start({ ...spec, ...inside, logFile: join(dir, `${spec.name}.log`) })
    },
    importImages: async (archive) => {
      await ctr('--namespace', 'k8s.io', 'images', 'import', archive)
    },
    stop: async () => {
      await machine.kill('SIGKILL')
      await waitFor('nothing is left in its cgroups', removeCgroups)
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** Answers whether it could: what was killed goes one after the other. */
async function removeCgroups(): Promise<boolean> {
  const args = ['/sys/fs/cgroup', '-depth', '-type', 'd', '-path', `*${CGROUP}*`, '-delete']
  return await execute('find', args).then(
    () => true,
    () => false,
  )
}
