import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { programs, ROOT } from './programs.ts'

/** Writes `sbom.cdx.json` into `dir`: the packages that the programs are made of, as CycloneDX, from the lockfile. */
export async function writeSbom(dir: string): Promise<void> {
  const folders = Object.values(programs).map((source) => source.replace(/\/src\/.*/, ''))
  const filters = folders.flatMap((folder) => ['--filter', `./${folder}`])
  const format = ['--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--prod', '--lockfile-only']
  const args = [...filters, 'sbom', ...format, '--out', join(dir, 'sbom.cdx.json')]
  await promisify(execFile)('pnpm', args, { cwd: ROOT })
}
