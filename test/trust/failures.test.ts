import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { waitFor } from '@resource-broker/testbed'
import { expect, test } from 'vitest'
import { ROOT } from '../support/landscape.ts'
import { type Failures, playFailures } from './failures/play.ts'
import { tableOf, textOf, title } from './failures/table.ts'

/** Rows of the table by the section that they are in. */
const rowsOf = (table: string): string[] => {
  let section = ''
  return table.split('\n').flatMap((line) => {
    if (line.startsWith('## ')) section = line
    return line.startsWith('| ') ? [`${section}: ${line}`] : []
  })
}

test('whatever a server answers, somebody is told, and docs/failures.md says who and how', async () => {
  const documented = await readFile(join(ROOT, 'docs/failures.md'), 'utf8')
  const rows = rowsOf(documented)
  const isDocumented = (section: string, answer: string, told: string) =>
    rows.some((row) => row.startsWith(`## ${section}: `) && row.includes(answer) && row.endsWith(` | ${told} |`))
  const isTold = (cells: Failures['cells']) =>
    [...cells].every(([{ name }, told]) =>
      [...told].every(([answer, each]) => isDocumented(title(name), answer, textOf(each))),
    )
  const failures = await playFailures(async (read) => {
    await waitFor('all that is told', async () => isTold(await read()), {
      timeoutMs: 120_000,
      intervalMs: 1_000,
    }).catch(
      () => undefined, // the comparison shows what is missing
    )
  })
  const nothing = [...failures.cells].flatMap(([{ name }, told]) =>
    [...told].filter(([, each]) => textOf(each) === 'nothing').map(([answer]) => `${name}: ${answer}`),
  )
  const unseen = [...failures.watches].flatMap(([name, told]) =>
    [...told].filter(([, each]) => each === 'nothing').map(([answer]) => `${name}: ${answer}`),
  )
  expect([...nothing, ...unseen]).toEqual([])
  expect(rowsOf(tableOf(failures))).toEqual(rows)
})
