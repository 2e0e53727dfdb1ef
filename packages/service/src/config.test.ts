import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { helpText, parseConfig } from './config.ts'
import { clusterFlags, configSchema } from './flags.ts'

const own = {
  moves: z.int().min(1).default(4).describe('Moves at one time'),
  dryRun: z.boolean().default(false).describe('Only say what would be done'),
}
const plain = configSchema(own)
const clusters = configSchema(clusterFlags)
const folder = mkdtempSync(join(tmpdir(), 'config-'))
const kubeconfig = join(folder, 'a.kubeconfig')
const kubeconfigs = join(folder, 'consumers')

beforeAll(() => {
  writeFileSync(kubeconfig, '')
  mkdirSync(kubeconfigs)
})
afterAll(() => rmSync(folder, { recursive: true }))

function read(argv: string[], env: Record<string, string> = {}) {
  const parsed = parseConfig([plain], argv, env)
  if (parsed.outcome !== 'ok') throw new Error(JSON.stringify(parsed))
  return parsed.configs[0]
}

function mistakes(argv: string[], env: Record<string, string> = {}, schema: typeof plain | typeof clusters = plain) {
  const parsed = parseConfig<unknown>([schema], argv, env)
  return parsed.outcome === 'mistakes' ? parsed.lines : []
}

describe('reading flags and environment', () => {
  test('defaults hold where nothing is given', () => {
    expect(read([])).toEqual({
      nats: [],
      streamPrefix: 'broker',
      partitions: 8,
      logLevel: 'info',
      logFormat: 'json',
      httpAddress: { host: '127.0.0.1', port: 0 },
      moves: 4,
      dryRun: false,
    })
  })

  test('a list takes repeated flags and commas, in the order given', () => {
    const { nats } = read(['--nats', 'nats://a:1,nats://b:2', '--nats=nats://c:3']) ?? {}
    expect(nats).toEqual(['nats://a:1', 'nats://b:2', 'nats://c:3'])
  })

  test('the environment gives what the flags do not, and an empty variable gives nothing', () => {
    const env = {
      RESOURCE_BROKER_PARTITIONS: '16',
      RESOURCE_BROKER_MOVES: '9',
      RESOURCE_BROKER_LOG_LEVEL: '',
      RESOURCE_BROKER_NATS: 'nats://a:1,nats://b:2',
      RESOURCE_BROKER_DRY_RUN: 'true',
    }
    expect(read(['--moves', '2'], env)).toMatchObject({
      partitions: 16,
      moves: 2,
      logLevel: 'info',
      nats: ['nats://a:1', 'nats://b:2'],
      dryRun: true,
    })
  })

  test.each([
    [['--dry-run'], true],
    [['--dry-run=false'], false],
    [[], false],
  ])('a switch stands alone or says its value: %j', (argv, dryRun) => {
    expect(read(argv)?.dryRun).toBe(dryRun)
  })

  test.each([
    ['0', null],
    [':8080', { host: '::', port: 8080 }],
    ['[::1]:9', { host: '::1', port: 9 }],
    ['example.com:80', { host: 'example.com', port: 80 }],
  ])('the http address %s is understood', (text, httpAddress) => {
    expect(read(['--http-address', text])?.httpAddress).toEqual(httpAddress)
  })

  test('cluster flags become paths and kinds', () => {
    const parsed = parseConfig(
      [clusters],
      [
        ...['--coordination-kubeconfig', kubeconfig, '--consumer-kubeconfig', `${kubeconfig},${kubeconfig}`],
        ...['--provider-kubeconfig-dir', kubeconfigs],
        ...['--watch-kind', 'Certificate.v1alpha1.example.platform-mesh.io', '--watch-kind', 'ConfigMap.v1.'],
      ],
      {},
    )
    expect(parsed).toMatchObject({
      outcome: 'ok',
      configs: [
        {
          coordinationKubeconfig: kubeconfig,
          consumerKubeconfig: [kubeconfig, kubeconfig],
          providerKubeconfigDir: [kubeconfigs],
          watchKind: [
            { group: 'example.platform-mesh.io', version: 'v1alpha1', kind: 'Certificate' },
            { group: '', version: 'v1', kind: 'ConfigMap' },
          ],
        },
      ],
    })
  })

  test('several schemas read the same flags, each taking its own', () => {
    const other = configSchema({ score: z.number().default(0.5) })
    const parsed = parseConfig<unknown>([plain, other], ['--moves=2', '--score=1.5', '--partitions=3'], {})
    expect(parsed).toMatchObject({
      outcome: 'ok',
      configs: [
        { moves: 2, partitions: 3 },
        { score: 1.5, partitions: 3 },
      ],
    })
  })
})

describe('mistakes', () => {
  test.each<[string, string[], string]>([
    ['an unknown flag', ['--partition', '2'], '--partition: no such flag; did you mean --partitions?'],
    ['a mistyped flag', ['--log-levle=info'], '--log-levle: no such flag; did you mean --log-level?'],
    ['a flag like no other', ['--xylophone'], '--xylophone: no such flag; --help lists them'],
    ['a stray argument', ['extra'], 'unexpected argument "extra"'],
    ['a flag given twice', ['--moves=1', '--moves=2'], '--moves: given 2 times'],
    ['a flag without its value', ['--moves'], '--moves: needs a value'],
    ['a flag in the place of a value', ['--moves', '--dry-run'], '--moves: needs a value'],
    ['a word for a number', ['--moves', 'many'], '--moves: must be a number, got "many"'],
    ['a fraction', ['--moves', '1.5'], '--moves: must be a whole number, got 1.5'],
    ['a number too small', ['--partitions=0'], '--partitions: must be at least 1, got 0'],
    ['a number too big', ['--partitions=999'], '--partitions: must be at most 256, got 999'],
    ['a word that is not in the choice', ['--log-format=xml'], '--log-format: must be one of json, pretty, got "xml"'],
    ['a switch with another word', ['--dry-run=maybe'], '--dry-run: must be true or false, got "maybe"'],
    [
      'a bad prefix',
      ['--stream-prefix=a.b'],
      '--stream-prefix: only letters, digits, "-" and "_" are allowed, got "a.b"',
    ],
    ['a bad address', ['--http-address=here'], '--http-address: must be HOST:PORT, :PORT or 0, got "here"'],
    ['a bad URL', ['--nats=localhost'], '--nats: must be a URL such as nats://127.0.0.1:4222'],
    ['a missing file', ['--nats-ca=/nowhere'], '--nats-ca: no readable file at "/nowhere"'],
    ['a directory as file', [`--nats-ca=${tmpdir()}`], `--nats-ca: no readable file at "${tmpdir()}"`],
    ['a certificate without its key', [`--nats-cert=${import.meta.filename}`], '--nats-cert: needs --nats-key too'],
  ])('%s is one line that names the flag', (_name, argv, line) => {
    expect(mistakes([...argv])).toContain(line)
  })

  test('a secret in a URL is refused and not repeated', () => {
    const lines = mistakes(['--nats', 'nats://user:hunter2@a:4222'])
    expect(lines).toEqual(['--nats: must not hold a user or password: use --nats-credentials FILE'])
  })

  test('a value from the environment is named as such', () => {
    const lines = mistakes([], { RESOURCE_BROKER_PARTITIONS: 'x' })
    expect(lines).toEqual(['--partitions (from RESOURCE_BROKER_PARTITIONS): must be a number, got "x"'])
  })

  test('a required flag that is missing says both of its names', () => {
    expect(mistakes([], {}, clusters)).toEqual([
      '--coordination-kubeconfig: is required (or RESOURCE_BROKER_COORDINATION_KUBECONFIG), unless --kcp-kubeconfig is given',
    ])
  })

  test.each([
    ['without kcp', ['--coordination-kubeconfig', kubeconfig, '--shard=alpha'], '--shard: needs --kcp-kubeconfig'],
    ['of no shard', ['--kcp-kubeconfig', kubeconfig, '--shard=a.b'], '--shard: must be the name of a shard, got "a.b"'],
  ])('a set of services %s is one', (_name, argv, line) => {
    expect(mistakes(argv, {}, clusters)).toEqual([line])
  })

  test('all mistakes are reported together, those of several schemas once', () => {
    const argv = ['--partitions=0', '--watch-kind=Certificate', '--consumer-kubeconfig-dir=/a,/b', '--moves=0']
    const parsed = parseConfig<unknown>([plain, clusters], argv, {})
    expect(parsed).toEqual({
      outcome: 'mistakes',
      lines: [
        '--partitions: must be at least 1, got 0',
        '--moves: must be at least 1, got 0',
        '--consumer-kubeconfig-dir: no readable directory at "/a"',
        '--consumer-kubeconfig-dir: no readable directory at "/b"',
        '--watch-kind: must be Kind.version.group such as Certificate.v1alpha1.example.platform-mesh.io, got "Certificate"',
        '--coordination-kubeconfig: is required (or RESOURCE_BROKER_COORDINATION_KUBECONFIG), unless --kcp-kubeconfig is given',
      ],
    })
  })
})

describe('help', () => {
  test.each([[['--help']], [['-h', '--partitions=0']]])('%j asks for help, whatever else is wrong', (argv) => {
    expect(parseConfig([plain], argv, {})).toEqual({ outcome: 'help' })
  })

  test('the text is made from the schemas', () => {
    const text = helpText('demo', 'shows flags.', [configSchema({ ...clusterFlags, ...own })])
    expect(text).toMatchInlineSnapshot(`
      "demo: shows flags.

      Flags of demo:
        --moves N
            Moves at one time (default 4)
        --dry-run
            Only say what would be done

      Clusters:
        --coordination-kubeconfig FILE
            Kubeconfig of the coordination cluster; without kcp
        --kcp-kubeconfig FILE
            kcp: kubeconfig of any of its workspaces
        --coordination-workspace PATH
            kcp: workspace of the broker's records and APIExportEndpointSlices; root:platform:broker if left out, with --shard root:platform:broker-NAME
        --shard NAME
            kcp: the shard that this set of services is for: what it has on NATS, its workspaces and its words on AcceptAPIs are apart from other sets'
        --acceptapi NAME
            kcp: APIExportEndpointSlice of the AcceptAPIs; every other is a brokered API's (default acceptapis)
        --staging-tree-root PATH
            kcp: workspace below which those of the copies are made; :staging below the coordination workspace if left out
        --verification-tree-root PATH
            kcp: workspace below which exports are bound for a trial; :verification below the coordination workspace if left out
        --consumer-kubeconfig FILE
            Kubeconfigs of single consumers (list)
        --consumer-kubeconfig-dir DIR
            Directories with a kubeconfig per consumer; files may come and go (list)
        --provider-kubeconfig FILE
            Kubeconfigs of single providers (list)
        --provider-kubeconfig-dir DIR
            Directories with a kubeconfig per provider; files may come and go (list)
        --watch-kind KIND.VERSION.GROUP
            Kinds to broker (list)

      Shared by all services:
        --nats URL
            Servers of the NATS cluster (list)
        --nats-credentials FILE
            NATS credentials: a .creds file, or the seed of an nkey
        --nats-ca FILE
            Certificate authorities that the NATS servers are verified with (PEM)
        --nats-cert FILE
            Client certificate for NATS (PEM)
        --nats-key FILE
            Key of the client certificate for NATS (PEM)
        --stream-prefix NAME
            First part of every stream, bucket and subject name (default broker)
        --partitions N
            Partitions of the streams; the same for all services of a broker (default 8)
        --stream-replicas N
            Copies of each stream and bucket; if left out, 3 in a NATS cluster, else 1
        --log-level trace|debug|info|warn|error|fatal|silent
            Lowest level that is logged (default info)
        --log-format json|pretty
            How log lines look (default json)
        --http-address HOST:PORT
            Where health and metrics are served; port 0: a free one, which is logged; 0: nowhere (default 127.0.0.1:0)

      -h, --help shows this text. Each flag may come from the environment instead: --watch-kind is
      RESOURCE_BROKER_WATCH_KIND. Lists are given by repeating a flag or with commas.
      "
    `)
  })
})
