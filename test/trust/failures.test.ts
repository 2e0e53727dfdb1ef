import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../support/landscape.ts'
import { playFailures } from './failures/play.ts'
import { isOf } from './failures/request-kind.ts'
import { REQUESTS } from './failures/requests.ts'
import { lackedBy } from './failures/rights-of.ts'
import { PROMPT_S, tableOf } from './failures/table.ts'

test('whatever a server answers, somebody is told within five seconds, and docs/failures.md says who and how', async () => {
  const failures = await playFailures()
  const late = [...failures.cells].flatMap(([{ name }, told]) =>
    [...told].flatMap(([answer, { firstAfter: after }]) =>
      after === undefined || after > PROMPT_S ? [`${name}: ${answer}: ${after ?? 'nothing'}`] : [],
    ),
  )
  expect(late).toEqual([])
  const asked = [...failures.asked.values()].flat()
  const unknown = asked.filter((each) => !REQUESTS.some((kind) => isOf(kind, each)))
  expect([...new Set(unknown.map((each) => JSON.stringify(each)))], 'requests that have no row').toEqual([])
  const onClusters = [...failures.asked].flatMap(([{ inKcp = false }, each]) => (inKcp ? [] : each))
  expect([...new Set(onClusters.flatMap(lackedBy))], 'requests of services that have no right to them').toEqual([])
  const documented = await readFile(join(ROOT, 'docs/failures.md'), 'utf8')
  expect(tableOf(failures).split('\n')).toEqual(documented.split('\n'))
})
