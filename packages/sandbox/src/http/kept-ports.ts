import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseJson, stringifyJson } from '@resource-broker/json'

const FILE = 'ports.json'

/** The ports that `dir` was served at before: objects in it name URLs. undefined the first time. */
export async function readPorts(dir: string): Promise<number[] | undefined> {
  try {
    return parseJson(await readFile(join(dir, FILE), 'utf8')) as number[]
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Keeps them for the next start. */
export function keepPorts(dir: string, ports: readonly number[]): Promise<void> {
  return writeFile(join(dir, FILE), `${stringifyJson(ports)}\n`)
}
