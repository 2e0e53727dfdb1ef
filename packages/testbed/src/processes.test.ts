import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { ManagedProcess, type ProcessSpec } from './processes.ts'
import { scratchDirectory } from './scratch.ts'
import { waitFor } from './wait.ts'

const dir = scratchDirectory()

function shell(name: string, script: string, more: Partial<ProcessSpec> = {}): ProcessSpec {
  return { name, command: '/bin/sh', args: ['-c', script], logFile: join(dir, `${name}.log`), ...more }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // A zombie answers to signal 0 until it is reaped.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

test('what dies while it starts is an error with the tail of its log', async () => {
  await expect(
    ManagedProcess.start(shell('dies', 'echo no such flag; exit 3', { ready: () => false })),
  ).rejects.toThrow(/dies ended with code 3 while starting; the end of .*dies\.log:\nno such flag/)
})

test('what is started does not take for its own parent whoever started this process', async ({ onTestFinished }) => {
  process.env['BROKER_PARENT'] = '1'
  onTestFinished(() => void delete process.env['BROKER_PARENT'])
  const started = await ManagedProcess.start(shell('orphan', 'echo "parent: $BROKER_PARENT."; exec sleep 600'))
  await waitFor('a line', () => readFileSync(started.logFile, 'utf8') !== '', { intervalMs: 5 })
  expect(readFileSync(started.logFile, 'utf8')).toBe('parent: .\n')
  await started.stop()
})

test('what does not get ready in time is an error and is ended', async () => {
  const hangs = new ManagedProcess(shell('hangs', 'exec sleep 600', { ready: () => false, readyTimeoutMs: 100 }))
  await expect(hangs.start()).rejects.toThrow('hangs was not ready after 0.1 s')
  expect(hangs.running).toBe(false)
})

test('a command that is not there is an error', async () => {
  await expect(ManagedProcess.start({ ...shell('absent', ''), command: '/nowhere/absent' })).rejects.toThrow(
    'absent could not be started from /nowhere/absent',
  )
})

test('stop ends with SIGKILL what ignores SIGTERM, with its own children', async () => {
  const ready = () => readFileSync(join(dir, 'deaf.log'), 'utf8').includes('child')
  const deaf = await ManagedProcess.start(
    shell('deaf', 'trap "" TERM; sleep 600 & echo child $!; while :; do wait; done', { ready }),
  )
  const child = Number(readFileSync(join(dir, 'deaf.log'), 'utf8').match(/child (\d+)/)?.[1])
  await deaf.stop(100)
  expect(deaf.running).toBe(false)
  await waitFor('its child is gone', () => !isAlive(child))
})

test('a paused process can be stopped, and a restarted one has a new pid', async () => {
  const sleeper = await ManagedProcess.start(shell('sleeper', 'exec sleep 600'))
  const { pid } = sleeper
  sleeper.pause()
  await sleeper.restart()
  expect(sleeper.pid).not.toBe(pid)
  await sleeper.stop()
  expect(sleeper.running).toBe(false)
})

describe('children do not outlive their parent', () => {
  const processes = fileURLToPath(new URL('./processes.ts', import.meta.url))
  const parentScript = (end: string) => `
    import { ManagedProcess } from ${JSON.stringify(processes)}
    const start = (name) => ManagedProcess.start({
      name, command: '/bin/sh', args: ['-c', 'trap "" TERM INT; sleep 600 & wait; wait'], logFile: ${JSON.stringify(dir)} + '/' + name,
    })
    const children = [await start('orphan-a'), await start('orphan-b')]
    children[1].pause()
    console.log(children.map((child) => child.pid).join(' '))
    ${end}
  `

  async function childrenOf(end: string, signal?: NodeJS.Signals): Promise<number[]> {
    const parent = spawn(process.execPath, ['--input-type=module', '-e', parentScript(end)], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const [line] = (await once(parent.stdout, 'data')) as [Buffer]
    const exited = parent.exitCode === null ? once(parent, 'exit') : Promise.resolve()
    if (signal !== undefined) parent.kill(signal)
    await exited
    return line.toString().trim().split(' ').map(Number)
  }

  test.each([
    ['is killed with SIGKILL', 'setInterval(() => {}, 1000)', 'SIGKILL'],
    ['is ended with SIGTERM', 'setInterval(() => {}, 1000)', 'SIGTERM'],
    ['is interrupted by Ctrl-C', 'setInterval(() => {}, 1000)', 'SIGINT'],
    ['exits', 'process.exit(0)', undefined],
    ['crashes', 'throw new Error("crash")', undefined],
  ] as const)('when it %s', async (_, end, signal) => {
    const pids = await childrenOf(end, signal)
    expect(pids).toHaveLength(2)
    await waitFor('both are gone', () => !pids.some(isAlive))
  })
})
