import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ROOT } from '../programs.ts'
import { writeSandboxPackage } from './sandbox-package.ts'

/** Beside what else is made anew at any time. */
const FOLDER = join(ROOT, 'node_modules/.cache/sandbox-package')

await writeSandboxPackage(FOLDER)
const { stdout } = await promisify(execFile)('npm', ['pack', '--silent'], { cwd: FOLDER })
process.stdout.write(`${join(FOLDER, stdout.trim())}\n`)
