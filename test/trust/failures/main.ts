import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ROOT } from '../../support/landscape.ts'
import { playFailures } from './play.ts'
import { tableOf } from './table.ts'

/** Long enough for everything to be told that ever is. */
const SETTLED_MS = 40_000

const file = join(ROOT, 'docs/failures.md')
await writeFile(file, tableOf(await playFailures(() => delay(SETTLED_MS))))
process.stdout.write(`${file}\n`)
