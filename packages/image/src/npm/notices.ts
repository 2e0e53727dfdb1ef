import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseJson } from '@resource-broker/json'

const LICENSE = /^(licen[cs]e|notice)(\.|$)/i

/** The licenses of the packages that these modules are from, as one text: who passes on their code has to pass these on, too. */
export async function notices(modules: readonly string[]): Promise<string> {
  const folders = new Set(modules.filter((each) => each.includes('/node_modules/')).map(packageFolder))
  const texts = await Promise.all([...folders].toSorted().map(noticeOf))
  return `The code of these packages is part of this one.\n\n${texts.join('\n')}`
}

/** `…/node_modules/@scope/name` of a module below it. */
function packageFolder(module: string): string {
  const end = module.lastIndexOf('/node_modules/') + '/node_modules/'.length
  const [first = '', second = ''] = module.slice(end).split('/')
  return module.slice(0, end) + (first.startsWith('@') ? `${first}/${second}` : first)
}

async function noticeOf(folder: string): Promise<string> {
  const { name, version, license } = parseJson<Record<string, string>>(
    await readFile(join(folder, 'package.json'), 'utf8'),
  )
  const files = (await readdir(folder)).filter((each) => LICENSE.test(each)).toSorted()
  const texts = await Promise.all(files.map((each) => readFile(join(folder, each), 'utf8')))
  return `## ${name} ${version} (${license})\n\n${texts.map((text) => `${text.trim()}\n`).join('\n')}`
}
