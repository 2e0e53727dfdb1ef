import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeDirectory } from '../make-directory.ts'
import { CertificateAuthority, type KeyPair } from './certificate-authority.ts'

/** Who vouches for the servers of a sandbox, and who for its clients. */
export type Authorities = { serving: CertificateAuthority; client: CertificateAuthority }

const NAMES = { serving: 'serving-ca', client: 'client-ca' } as const

let ofProcess: Promise<Authorities> | undefined

/** Shared by the sandboxes of this process that keep nothing: making keys would be most of the time that they take to start. */
export function sharedAuthorities(): Promise<Authorities> {
  ofProcess ??= makeAuthorities(undefined)
  return ofProcess
}

/** Those of `dir`, made and kept there the first time: kubeconfigs stay good after a restart. */
export function authoritiesIn(dir: string): Promise<Authorities> {
  return makeAuthorities(dir)
}

/** Writes the client CA beside a kubeconfig, as kcp does, so that tools can issue client certificates of their own. */
export async function writeClientAuthority(dir: string, { client }: Authorities): Promise<void> {
  await write(dir, NAMES.client, client)
}

async function makeAuthorities(dir: string | undefined): Promise<Authorities> {
  if (dir !== undefined) await makeDirectory(dir)
  const make = (name: string) => (dir === undefined ? create(name) : loadOrCreate(dir, name))
  const [serving, client] = await Promise.all([make(NAMES.serving), make(NAMES.client)])
  return { serving, client }
}

async function loadOrCreate(dir: string, name: string): Promise<CertificateAuthority> {
  const kept = await read(dir, name)
  if (kept !== undefined) return CertificateAuthority.load(kept)
  const made = await create(name)
  await write(dir, name, made)
  return made
}

function create(name: string): Promise<CertificateAuthority> {
  return CertificateAuthority.create(`sandbox ${name}`)
}

async function read(dir: string, name: string): Promise<KeyPair | undefined> {
  try {
    const [certificate, key] = await Promise.all([text(dir, `${name}.crt`), text(dir, `${name}.key`)])
    return { certificate, key }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function text(dir: string, file: string): Promise<string> {
  return readFile(join(dir, file), 'utf8')
}

async function write(dir: string, name: string, { certificate, key }: KeyPair): Promise<void> {
  await writeFile(join(dir, `${name}.crt`), certificate, { mode: 0o600 })
  await writeFile(join(dir, `${name}.key`), key, { mode: 0o600 })
}
