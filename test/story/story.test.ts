import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROOT } from '../support/landscape.ts'
import { type Span, spansIn } from '../support/otlp-receiver.ts'
import { NAME } from './steps/issue.ts'
import { TRACE_FILE, traceOf } from './traces/traces.ts'

const run = promisify(execFile)
const MAIN = join(ROOT, 'test/story/main.ts')
const MANUAL = join(ROOT, 'docs/operations/traces.md')

describe.each(['kcp', 'clusters'])('npm start on %s', (engine) => {
  let dir = ''
  let stdout = ''
  let file = ''
  let spans: Span[] = []

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'resource-broker-test-'))
    const started = run(process.execPath, [MAIN, '--once', '--trace', '--engine', engine], { cwd: dir })
    ;({ stdout } = await started)
    file = await readFile(join(dir, TRACE_FILE), 'utf8')
    spans = spansIn(JSON.parse(file))
  })

  afterAll(() => rm(dir, { recursive: true, force: true }))

  test('the story holds, step by step', () => {
    expect(stdout).toContain('All six steps held')
    expect(stdout).toMatch(/ 0\.0 ms {2}watch source +workspace-watcher /)
  })

  test('the first placement is one trace over the services, with one span for each write', () => {
    const trace = traceOf(spans, NAME)
    const [watch, ...others] = trace
    expect(watch).toMatchObject({ name: 'watch', service: 'workspace-watcher', parentSpanId: undefined })
    const [place, ...again] = steps(trace, 'place')
    expect(again).toEqual([])
    expect(place).toMatchObject({ service: 'placement-scheduler', parentSpanId: watch?.spanId })
    expect(place?.attributes).toMatchObject({ 'broker.verdict': 'place', 'broker.name': NAME })
    expect(writesIn(trace, place)).toEqual(['PATCH certificates', 'POST assignments'])
    const syncs = steps(trace, 'sync')
    for (const sync of syncs) expect(sync).toMatchObject({ service: 'provider-syncer', parentSpanId: place?.spanId })
    expect(writesIn(trace, syncs[0])).toEqual(['PATCH certificates'])
    expect(writesIn(trace, syncs.at(-1))).toContain('PATCH certificates/status')
    for (const span of others) expect(trace.find(({ spanId }) => spanId === span.parentSpanId)).toBeDefined()
    for (const write of trace.filter(isWrite)) expect(stepOf(trace, write)?.service).toBe(write.service)
  })

  test('each move is one trace, which began with the change of the spec; one in stages and with an approval too', () => {
    const moves = steps(spans, 'move').filter(({ attributes }) => attributes['broker.migration'] !== undefined)
    const byMigration = Map.groupBy(moves, ({ attributes }) => attributes['broker.migration'])
    expect(byMigration.size).toBe(2)
    for (const [first, ...others] of byMigration.values()) {
      const trace = spans.filter(({ traceId }) => traceId === first?.traceId)
      expect(others.filter(({ traceId }) => traceId !== first?.traceId)).toEqual([])
      expect(trace[0]).toMatchObject({ name: 'watch', parentSpanId: undefined, attributes: { 'broker.name': NAME } })
      expect(steps(trace, 'place')[0]?.attributes).toMatchObject({ 'broker.verdict': 'move' })
      expect(steps(trace, 'sync').length).toBeGreaterThan(0)
    }
  })

  test('spans have no attributes but those that the manual names, and nothing of what objects hold', async () => {
    const named = new Set((await readFile(MANUAL, 'utf8')).match(/(?<=`)[a-z_]+(\.[a-z_]+)+(?=`)/g))
    const unnamed = spans.flatMap(({ attributes }) => Object.keys(attributes)).filter((name) => !named.has(name))
    expect(unnamed).toEqual([])
    for (const secret of ['PRIVATE KEY', 'BEGIN CERT', 'LS0tLS1CRUdJTi', 'Bearer', 'eyJhbGciOi', '.internal.corp'])
      expect(file.includes(secret), secret).toBe(false)
  })
})

test('an engine that there is not is told in one line', async () => {
  const failed = run(process.execPath, [MAIN, '--engine', 'steam'])
  await expect(failed).rejects.toMatchObject({
    code: 2,
    stderr: '--engine: must be one of kcp, clusters, got "steam"\n',
  })
})

const steps = (spans: Span[], name: string): Span[] => spans.filter((span) => span.name === name)

const isWrite = ({ attributes }: Span): boolean => attributes['http.request.method'] !== undefined

const stepOf = (trace: Span[], { parentSpanId }: Span) => trace.find(({ spanId }) => spanId === parentSpanId)

function writesIn(trace: Span[], step: Span | undefined): string[] {
  const writes = trace.filter((span) => isWrite(span) && span.parentSpanId === step?.spanId)
  return writes.map(({ name }) => name).sort()
}
