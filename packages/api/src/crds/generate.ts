import { readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { stringify } from 'yaml'
import { kinds } from '../kinds/mod.ts'
import { crdOf } from './crd-of.ts'

const FOLDER = join(import.meta.dirname, '../../../../crds')
const HEADER = '# Generated from packages/api/src/kinds by `pnpm --filter @resource-broker/api crds`; do not edit.\n'

/** Files of crds/, by name: `<group>_<plural>.yaml`. */
function files(): { path: string; text: string }[] {
  return kinds.map((kind) => ({
    path: join(FOLDER, `${kind.group}_${kind.plural}.yaml`),
    text: HEADER + stringify(crdOf(kind), { lineWidth: 120, aliasDuplicateObjects: false }),
  }))
}

function isCurrent({ path, text }: { path: string; text: string }): boolean {
  try {
    return readFileSync(path, 'utf8') === text
  } catch {
    return false
  }
}

/** Writes crds/; with --check it only compares, and exits with 1 and one line if a file is not what it should be. */
function main(args: readonly string[]): void {
  const stale = files().filter((file) => !isCurrent(file))
  if (!args.includes('--check')) {
    for (const { path, text } of stale) writeFileSync(path, text)
  } else if (stale.length > 0) {
    const names = stale.map(({ path }) => relative(process.cwd(), path)).join(', ')
    console.error(`out of date: ${names}; run \`pnpm --filter @resource-broker/api crds\``)
    process.exitCode = 1
  }
}

if (import.meta.main) main(process.argv.slice(2))
