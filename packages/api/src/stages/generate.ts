import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { vectors } from '../test-vectors.ts'

const PAGE = join(import.meta.dirname, '../../../../docs/migration-configurations.md')
const BEGIN = '<!-- Written from packages/api/vectors/stages/mistakes.json by `npm run check -- --fix`. -->\n'
/** Longest cell, in characters: a mistake may quote what is much longer. */
const LONGEST = 300

type Case = { name: string; written: string; told: string[] }

/** The table of mistakes, each as it is written and as the condition Ready tells of it. */
function table(): string {
  const rows = vectors<Case>('stages/mistakes.json').map(
    ({ name, written, told }) => `| ${name} | ${code(written)} | ${told.map(code).join('<br>')} |\n`,
  )
  return `| mistake | written | \`Ready=False Invalid\` says |\n| --- | --- | --- |\n${rows.join('')}`
}

function code(text: string): string {
  const shown = text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`
  const fence = shown.includes('`') ? '``' : '`'
  const inner = shown.replaceAll('|', '\\|')
  return `${fence}${fence === '`' ? inner : ` ${inner} `}${fence}`
}

/** Writes the end of the page; with --check it only compares, and exits with 1 and one line if it is not what it should be. */
function main(args: readonly string[]): void {
  const page = readFileSync(PAGE, 'utf8')
  const [prose = ''] = page.split(BEGIN)
  const wanted = `${prose}${BEGIN}${table()}`
  if (wanted === page) return
  if (!args.includes('--check')) {
    writeFileSync(PAGE, wanted)
  } else {
    console.error('out of date: docs/migration-configurations.md; run `npm run check -- --fix`')
    process.exitCode = 1
  }
}

if (import.meta.main) main(process.argv.slice(2))
