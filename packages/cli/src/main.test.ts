import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'

const program = new URL('main.ts', import.meta.url).pathname

async function run(...argv: string[]) {
  const child = spawn(process.execPath, [program, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { stdout, stderr, code }
}

test('--help tells the flags', async () => {
  const { stdout, code } = await run('bootstrap', '--help')
  expect(code).toBe(0)
  expect(stdout).toContain('--kcp-kubeconfig FILE')
  expect(stdout).toContain('(default root:platform)')
})

test.each([
  {
    argv: [],
    says: 'usage: bootstrap FLAGS; bootstrap --help lists them\nusage: nats-users FLAGS; nats-users --help lists them',
  },
  { argv: ['nats-users'], says: 'nats-users: --output: is required (or RESOURCE_BROKER_OUTPUT)' },
  { argv: ['bootstrap'], says: 'bootstrap: --kcp-kubeconfig: is required (or RESOURCE_BROKER_KCP_KUBECONFIG)' },
  {
    argv: ['bootstrap', '--kcp-kubeconfig', program, '--client-ca-key', program],
    says: 'bootstrap: --client-ca-key: needs --client-ca-cert too',
  },
  {
    argv: ['bootstrap', '--kcp-kubeconfig', program, '--partition'],
    says: 'bootstrap: --partition: needs --shard',
  },
  {
    argv: ['bootstrap', '--kcp-kubeconfig', program, '--output-secret', 'broker'],
    says: 'bootstrap: --output-secret: must be NAMESPACE/NAME, got "broker"\nbootstrap: --output-secret: needs --secret-kubeconfig too',
  },
  {
    argv: ['bootstrap', '--kcp-kubeconfig', program, '--user', 'system:admin'],
    says: `bootstrap: --user: must be a name of yours, not one of kcp's, got "system:admin"`,
  },
  {
    argv: ['bootstrap', '--kcp-kubeconfig', program, '--platform-workspace', 'A:b'],
    says: 'bootstrap: --platform-workspace: must be a workspace path such as root:platform:broker, got "A:b"',
  },
])('wrong flags end with 2 and a line: $argv', async ({ argv, says }) => {
  expect(await run(...argv)).toEqual({ stdout: '', stderr: `${says}\n`, code: 2 })
})

test('a failure ends with 1 and a line', async () => {
  const { stderr, code } = await run('bootstrap', '--kcp-kubeconfig', program)
  expect(code).toBe(1)
  expect(stderr).toMatch(/^bootstrap: kubeconfig .*main\.ts: it is no YAML.*\n$/)
})
