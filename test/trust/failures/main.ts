import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../../support/landscape.ts'
import { playFailures } from './play.ts'
import { tableOf } from './table.ts'

const file = join(ROOT, 'docs/failures.md')
await writeFile(file, tableOf(await playFailures()))
process.stdout.write(`${file}\n`)
