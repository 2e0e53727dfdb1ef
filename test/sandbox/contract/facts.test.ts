import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../../support/landscape.ts'

const SANDBOX = join(ROOT, 'packages/sandbox')
/** A number that a test bears in its name, and one that the source gives for its reason. */
const IN_NAME = /\b(?:test|describe)(?:\.each\([^)]*\))?\('(\d+\.\d+)\b/g
const IN_SOURCE = /\bcontract (\d+\.\d+)\b/gi

function numbersIn(folder: string, pattern: RegExp): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  return files.flatMap((file) => {
    const text = readFileSync(join(folder, file), 'utf8')
    return [...text.matchAll(pattern)].map(([, number]) => `${number}`)
  })
}

test('every number that the tests and the source cite is a fact of the contract', () => {
  const contract = readFileSync(join(SANDBOX, 'CONTRACT.md'), 'utf8')
  const facts = new Set([...contract.matchAll(/^- \*\*(\d+\.\d+)\*\* /gm)].map(([, number]) => `${number}`))
  const cited = [...numbersIn(import.meta.dirname, IN_NAME), ...numbersIn(join(SANDBOX, 'src'), IN_SOURCE)]
  expect([...new Set(cited)].filter((number) => !facts.has(number))).toEqual([])
})
