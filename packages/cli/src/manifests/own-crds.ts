import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readCrds } from './crds.ts'
import type { Crd } from './types.ts'

const FOLDER = fileURLToPath(new URL('../../../../crds/', import.meta.url))
const COORD = 'coord.broker.platform-mesh.io_'

/** The CRD of what providers write. */
export function acceptAPICrd(): Crd {
  return readCrds(join(FOLDER, 'broker.platform-mesh.io_acceptapis.yaml'))[0] as Crd
}

/** The CRDs of the broker's own records, by name. */
export function coordinationCrds(): Crd[] {
  const files = readdirSync(FOLDER).filter((name) => name.startsWith(COORD))
  return files.sort().flatMap((name) => readCrds(join(FOLDER, name)))
}
