import { type EventEmitter, on } from 'node:events'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FakeCluster } from '../../test/fake-cluster.ts'
import { quietLogger } from '../../test/quiet-logger.ts'
import type { Claim } from './presence.ts'
import { Roster } from './roster.ts'

let directory: string
let roster: Roster
let claims: Record<string, Claim>
const clusters: FakeCluster[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'roster-'))
  claims = {}
  const claimOf = async (name: string) => claims[name] ?? {}
  roster = new Roster('consumer', { files: [], directories: [directory], claimOf, logger: quietLogger })
})

afterEach(async () => {
  roster.stop()
  for (const cluster of clusters.splice(0)) cluster.stop()
  await rm(directory, { recursive: true })
})

async function cluster(uid?: string): Promise<FakeCluster> {
  const started = await FakeCluster.start(uid)
  clusters.push(started)
  return started
}

const fileOf = (name: string) => join(directory, `${name}.kubeconfig`)
const give = (name: string, { kubeconfig }: FakeCluster) => writeFile(fileOf(name), kubeconfig)

/** Resolves once a cluster is so: connected, or away for this reason. */
async function until(name: string, wanted: string): Promise<void> {
  const is = () => {
    const presence = roster.presence(name)
    return (presence.state === 'away' ? presence.reason : presence.state) === wanted
  }
  if (is()) return
  for await (const _change of on(roster as EventEmitter, 'presence')) if (is()) return
}

test('who is there at the start has said what it is when the start is over', async () => {
  await give('acme', await cluster('1'))
  await roster.start()
  expect(roster.all.map(({ name }) => name)).toEqual(['acme'])
  expect(roster.uidOf('acme')).toBe('1')
  expect(roster.client('acme')).toBe(roster.get('acme')?.client)
})

test('clusters come and go with their files', async () => {
  const seen: string[] = []
  roster.on('joined', ({ name }) => seen.push(`${name} joined`))
  roster.on('left', ({ name }) => seen.push(`${name} left`))
  await roster.start()
  await give('acme', await cluster('1'))
  await until('acme', 'connected')
  await rm(fileOf('acme'))
  await until('acme', 'NotConnected')
  expect(seen).toEqual(['acme joined', 'acme left'])
  expect(roster.hasKubeconfig('acme')).toBe(false)
  expect(() => roster.client('acme')).toThrow('consumer acme is not connected')
})

test('a cluster that does not answer holds up no start, and is asked again until it does', async () => {
  const silent = await cluster()
  await give('acme', silent)
  await give('globex', await cluster('2'))
  await roster.start()
  expect(roster.all.map(({ name }) => name)).toEqual(['globex'])
  expect(roster.presence('acme')).toMatchObject({ state: 'away', reason: 'Unreachable' })
  silent.uid = '1'
  await until('acme', 'connected')
})

test('one cluster under two names is connected under one of them, and under the other when its file goes', async () => {
  const same = await cluster('1')
  await give('acme', same)
  await roster.start()
  await give('twin', same)
  await until('twin', 'SameCluster')
  expect(roster.all.map(({ name }) => name)).toEqual(['acme'])
  await rm(fileOf('acme'))
  await until('twin', 'connected')
})

test('a cluster that is known by another name, by what the platform says, is not connected by its new one', async () => {
  claims['acme-inc'] = { knownAs: 'acme' }
  await give('acme-inc', await cluster('1'))
  await roster.start()
  expect(roster.presence('acme-inc')).toMatchObject({ state: 'away', reason: 'KnownByAnotherName' })
  expect(() => roster.client('acme-inc')).toThrow('known as consumer acme')
  claims['acme'] = {}
  await rename(fileOf('acme-inc'), fileOf('acme'))
  await until('acme', 'connected')
})

test('another cluster behind the same file is not believed', async () => {
  claims['acme'] = { was: '1' }
  await give('acme', await cluster('1'))
  await roster.start()
  expect(roster.presence('acme').state).toBe('connected')
  await give('acme', await cluster('2'))
  await until('acme', 'AnotherCluster')
  expect(() => roster.client('acme')).toThrow('another cluster answers (uid 2)')
})

test('the platform’s word that one is lost takes it out, whatever answers', async () => {
  await give('acme', await cluster('1'))
  await roster.start()
  roster.take({ type: 'recorded', name: 'acme', uid: '1', lost: true })
  expect(roster.get('acme')).toBeUndefined()
  expect(() => roster.client('acme')).toThrow('consumer acme is lost')
  roster.take({ type: 'recorded', name: 'acme', uid: '1', lost: false })
  expect(roster.get('acme')?.name).toBe('acme')
})
