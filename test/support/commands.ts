import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

/** Those of `names` that are not on PATH. */
export async function missingCommands(names: readonly string[]): Promise<string[]> {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean)
  const isThere = async (name: string) => {
    const found = folders.map((folder) => access(join(folder, name), constants.X_OK))
    return (await Promise.allSettled(found)).some(({ status }) => status === 'fulfilled')
  }
  const present = await Promise.all(names.map(isThere))
  return names.filter((_, index) => !present[index])
}
