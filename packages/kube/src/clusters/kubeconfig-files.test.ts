import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { waitFor } from '@resource-broker/testbed'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { scratchDirectory } from '../../test/scratch.ts'
import { KubeconfigFiles } from './kubeconfig-files.ts'

const scratch = scratchDirectory()
let dir: string
let source: KubeconfigFiles
let told: string[]

const config = (port: number, token = 't') =>
  stringify({
    clusters: [{ name: 'c', cluster: { server: `https://127.0.0.1:${port}` } }],
    users: [{ name: 'u', user: { token } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  })
const put = (name: string, text: string) => writeFile(join(dir, name), text)
const heard = async (...expected: string[]) => {
  await waitFor('told', () => told.length >= expected.length, { intervalMs: 10 }).catch(() => undefined)
  expect(told.map((each) => each.replaceAll(`${dir}/`, ''))).toEqual(expected)
}

async function start(files: string[] = [], directories = [dir]): Promise<void> {
  source = new KubeconfigFiles({ files, directories })
  told = []
  source.on('joined', ({ name }) => told.push(`joined ${name}`))
  source.on('left', ({ name }) => told.push(`left ${name}`))
  source.on('changed', ({ name }) => told.push(`changed ${name}`))
  source.on('invalid', (path, error) => told.push(`invalid ${path}: ${error.message}`))
  await source.start()
}

beforeEach(async () => {
  dir = await mkdtemp(join(scratch, 'd'))
})

afterEach(() => source.stop())

test('what is there joins under the name of its file', async () => {
  await Promise.all(
    ['b.kubeconfig', 'a.yaml', 'c.yml', 'd.conf', 'e', 'f.g.json'].map((name, i) => put(name, config(i + 1))),
  )
  await Promise.all(['.hidden.yaml', 'a.yaml~', '.a.yaml.swp', '#a#'].map((name) => put(name, 'junk')))
  await mkdir(join(dir, 'folder'))
  await start()
  expect(source.all.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd', 'e', 'f.g'])
  expect(source.get('b')?.path).toBe(join(dir, 'b.kubeconfig'))
  expect(told.filter((each) => !each.startsWith('joined'))).toEqual([])
})

test('clusters join and leave as files come and go', async () => {
  await start()
  await put('one.kubeconfig', config(1))
  await heard('joined one')
  await put('two.kubeconfig', config(2))
  await heard('joined one', 'joined two')
  await unlink(join(dir, 'one.kubeconfig'))
  await heard('joined one', 'joined two', 'left one')
  expect(source.all.map(({ name }) => name)).toEqual(['two'])
})

test('other credentials for the same server change the client that is there; another server is another cluster', async () => {
  await put('one.kubeconfig', config(1))
  await start()
  const { client } = source.get('one') ?? {}
  await put('one.kubeconfig', config(1, 'rotated'))
  await heard('joined one', 'changed one')
  expect(source.get('one')?.client).toBe(client)
  await put('one.kubeconfig', config(2))
  await heard('joined one', 'changed one', 'left one', 'joined one')
  expect(source.get('one')?.client).not.toBe(client)
})

test('a file that is replaced, as editors do, neither leaves nor is told when nothing changed', async () => {
  await put('one.kubeconfig', config(1))
  await start()
  const path = join(dir, 'one.kubeconfig')
  await rename(path, `${path}~`)
  // That a scan saw it missing is known from what else that scan saw.
  await put('two.kubeconfig', config(2))
  await heard('joined one', 'joined two')
  await put('.one.kubeconfig.new', config(1))
  await rename(join(dir, '.one.kubeconfig.new'), path)
  await put('three.kubeconfig', config(3))
  await heard('joined one', 'joined two', 'joined three')
})

test('a file that is half written keeps its cluster, is told once, and counts when it is whole', async () => {
  await put('one.kubeconfig', config(1))
  await start()
  await put('one.kubeconfig', 'clusters:\n- name: {')
  await waitFor('told', () => told.length === 2)
  expect(told[1]).toMatch(/^invalid .*one\.kubeconfig: kubeconfig .*it is no YAML.* at line 2/)
  expect(source.get('one')).toBeDefined()
  await put('two.kubeconfig', '')
  await heard(
    'joined one',
    told[1]?.replaceAll(`${dir}/`, '') ?? '',
    'invalid two.kubeconfig: kubeconfig two.kubeconfig: it is empty',
  )
  await put('one.kubeconfig', config(1, 'new'))
  await waitFor('changed', () => told.includes('changed one'))
  await put('two.kubeconfig', config(2))
  await waitFor('joined', () => told.includes('joined two'))
  expect(told).toHaveLength(5)
})

test('of two files with one name the first counts, and the other when that is gone', async () => {
  await put('one.kubeconfig', config(1))
  await put('one.yaml', config(2))
  await start()
  const problem = 'invalid one.yaml: kubeconfig one.yaml: one.kubeconfig has the same cluster name "one"'
  await heard(problem, 'joined one')
  await unlink(join(dir, 'one.kubeconfig'))
  await heard(problem, 'joined one', 'left one', 'joined one')
  expect(source.get('one')?.path).toBe(join(dir, 'one.yaml'))
})

test('the files of a mounted Secret change when ..data is swapped', async () => {
  const version = async (name: string, files: Record<string, string>) => {
    await mkdir(join(dir, name))
    for (const [file, text] of Object.entries(files)) await writeFile(join(dir, name, file), text)
    await symlink(name, join(dir, '..data_tmp'))
    await rename(join(dir, '..data_tmp'), join(dir, '..data'))
  }
  await version('..2026_1', { one: config(1), two: config(2) })
  for (const name of ['one', 'two']) await symlink(join('..data', name), join(dir, name))
  await start()
  await heard('joined one', 'joined two')
  await version('..2026_2', { one: config(1, 'rotated'), two: config(2) })
  await rm(join(dir, '..2026_1'), { recursive: true })
  await heard('joined one', 'joined two', 'changed one')
  await version('..2026_3', { one: config(1, 'rotated') })
  await unlink(join(dir, 'two'))
  await heard('joined one', 'joined two', 'changed one', 'left two')
})

test('a link to a file elsewhere is followed', async () => {
  const elsewhere = await mkdtemp(join(scratch, 'e'))
  await writeFile(join(elsewhere, 'real'), config(1))
  await symlink(join(elsewhere, 'real'), join(dir, 'one.kubeconfig'))
  await start([join(dir, 'one.kubeconfig')], [])
  await writeFile(join(elsewhere, 'real'), config(1, 'rotated'))
  await heard('joined one', 'changed one')
})

test('single files and a directory that comes later', async () => {
  await put('one.kubeconfig', config(1))
  const later = join(dir, 'later', 'still')
  await start([join(dir, 'one.kubeconfig'), join(dir, 'missing')], [later])
  expect(told.filter((each) => each.startsWith('invalid'))).toHaveLength(2)
  await mkdir(later, { recursive: true })
  await writeFile(join(later, 'two.yaml'), config(2))
  await waitFor('joined', () => told.includes('joined two'))
  await put('missing', config(3))
  await waitFor('joined', () => told.includes('joined missing'))
  expect(source.all.map(({ name }) => name)).toEqual(['missing', 'one', 'two'])
})

test('a directory that is away for a moment keeps its clusters, and is watched when it is back', async () => {
  await put('one.kubeconfig', config(1))
  await start()
  await rename(dir, `${dir}-away`)
  await waitFor('told', () => told.length === 2)
  expect(source.get('one')).toBeDefined()
  await rename(`${dir}-away`, dir)
  await put('two.kubeconfig', config(2))
  await waitFor('joined', () => told.includes('joined two'))
  expect(told.filter((each) => each.startsWith('left'))).toEqual([])
})
