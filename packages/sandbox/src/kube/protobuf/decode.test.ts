import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { StatusError } from '../errors.ts'
import { decodeProtobuf, ProtobufError } from './mod.ts'

type Vector = { name: string; protobuf: string; json: object }

/** Recorded from Go's own types by scripts/go-types. */
const vectors = JSON.parse(readFileSync(new URL('./vectors.json', import.meta.url), 'utf8')) as Vector[]

describe('decodeProtobuf', () => {
  test.each(vectors)('gives the JSON that Go gives for: $name', ({ protobuf, json }) => {
    expect(JSON.parse(JSON.stringify(decodeProtobuf(Buffer.from(protobuf, 'base64'))))).toStrictEqual(json)
  })

  test('refuses what is not protobuf', () => {
    expect(() => decodeProtobuf(Buffer.from('{"kind":"ConfigMap"}'))).toThrow(ProtobufError)
  })

  test('refuses every body that was cut off, without any other error', () => {
    const whole = Buffer.from(vectors.find(({ name }) => name === 'full ConfigMap of v1')!.protobuf, 'base64')
    for (let length = 0; length < whole.length; length++) {
      try {
        decodeProtobuf(whole.subarray(0, length))
      } catch (error) {
        expect([ProtobufError, StatusError]).toContain((error as Error).constructor)
      }
    }
  })

  test('refuses a kind that is not built in', () => {
    const body = Buffer.from(vectors[0]!.protobuf, 'base64').toString('latin1').replace('Namespace', 'Nonsense!')
    expect(() => decodeProtobuf(Buffer.from(body, 'latin1'))).toThrow(
      'no kind "Nonsense!" is registered for version "v1"',
    )
  })
})
