import { expect, test } from 'vitest'
import { readArguments } from './arguments.ts'

const read = (...argv: string[]) => readArguments(argv, '1.2.3')

test('the image is named after the version, and built on the bases of the Dockerfile', () => {
  expect(read()).toEqual({
    tag: 'resource-broker:1.2.3',
    nodeImage: undefined,
    runtimeImage: undefined,
    bundle: undefined,
  })
})

test('everything can be given', () => {
  const flags = ['--tag', 'a/b:c', '--node-image', 'n', '--runtime-image=r', '--bundle', '/out']
  expect(read(...flags)).toEqual({ tag: 'a/b:c', nodeImage: 'n', runtimeImage: 'r', bundle: '/out' })
})

test('help is asked for by --help and -h', () => {
  expect([read('--help'), read('-h')]).toEqual([undefined, undefined])
})

test.each([
  [['--tga', 'x'], /Unknown option '--tga'.*--help tells what there is/],
  [['--tag='], /^--tag needs a value$/],
  [['x'], /Unexpected argument 'x'/],
])('%j is refused', (argv, message) => {
  expect(() => read(...argv)).toThrow(message)
})
