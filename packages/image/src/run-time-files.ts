import { cp } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Plugin } from 'rolldown'

/** Where below the bundle the files stand that are read at run time, under their paths in the checkout. */
const FOLDER = 'files'
const REFERENCE = /new URL\(\s*'([^']+)',\s*import\.meta\.url\s*\)/g
/** A bundle has other paths than the sources: what is left of these would name nothing there. */
const OTHER_REFERENCE = /import\.meta\.(url|dirname|filename|resolve)/

/** One of our files finds another one in a way that a bundle cannot follow. */
class UnfollowedFileError extends Error {
  readonly code = 'UNFOLLOWED_FILE'
  override readonly name = 'UnfollowedFileError'
}

/**
 * The code of one module with its `new URL('<path>', import.meta.url)` pointing below FOLDER, and the paths in the checkout of what they
 * name. @throws {UnfollowedFileError} where it refers to files in another way
 */
export function redirectFiles(code: string, module: string, root: string): { code: string; files: string[] } {
  const files: string[] = []
  const redirected = code.replaceAll(REFERENCE, (_, path: string) => {
    const file = relative(root, fileURLToPath(new URL(path, pathToFileURL(module))))
    files.push(file)
    return `new URL('./${FOLDER}/${file}${path.endsWith('/') ? '/' : ''}', import.meta.url)`
  })
  const rest = redirected.replaceAll(REFERENCE, '')
  const [left] = OTHER_REFERENCE.exec(rest) ?? []
  if (left !== undefined) {
    const wanted = "new URL('<path>', import.meta.url), so that the file comes along"
    throw new UnfollowedFileError(`${relative(root, module)} uses ${left}: a program of the image wants ${wanted}`)
  }
  return { code: redirected, files }
}

/** Copies what our modules read at run time beside the bundle, whose chunks all stand in one folder. */
export function runTimeFiles(root: string): Plugin {
  const found = new Set<string>()
  return {
    name: 'run-time-files',
    transform(code, id) {
      const isOurs = id.startsWith(`${root}/`) && !id.includes('/node_modules/')
      if (!isOurs || !code.includes('import.meta.')) return null
      const { files, ...result } = redirectFiles(code, id, root)
      for (const file of files) found.add(file)
      return result
    },
    async writeBundle({ dir = '' }) {
      for (const file of found) {
        const target = join(dir, FOLDER, file)
        await cp(join(root, file), target, { recursive: true })
      }
    },
  }
}
