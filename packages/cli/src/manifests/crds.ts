import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { stringifyJson } from '@resource-broker/json'
import { parseAllDocuments } from 'yaml'
import { BootstrapError } from '../errors.ts'
import { type Crd, type Manifest, manifest, type Version } from './types.ts'

/** The CustomResourceDefinitions in a file. @throws {BootstrapError} where the file holds none, or anything else */
export function readCrds(file: string): Crd[] {
  const documents = parseAllDocuments(readFileSync(file, 'utf8'))
  const broken = documents.flatMap(({ errors }) => errors)[0]
  if (broken !== undefined) throw new BootstrapError(`${file}: it is no YAML: ${broken.message.split('\n')[0]}`)
  const crds = documents.map((document) => document.toJS() as Crd | null).filter((crd) => crd !== null)
  if (crds.length === 0) throw new BootstrapError(`${file}: it is empty`)
  for (const crd of crds) {
    if (crd.kind !== 'CustomResourceDefinition' || crd.apiVersion !== 'apiextensions.k8s.io/v1')
      throw new BootstrapError(
        `${file}: must hold apiextensions.k8s.io/v1 CustomResourceDefinitions, not ${crd.kind ?? 'this'}`,
      )
  }
  return crds
}

/** Refuses a kind of which the broker could tell nobody how its objects fare. @throws {BootstrapError} */
export function requireStatus({ metadata, spec: { versions } }: Crd): void {
  const mute = versions.find(({ served, subresources }) => served && subresources?.status === undefined)
  if (mute === undefined) return
  const where = `${metadata.name}: version ${mute.name}`
  throw new BootstrapError(`${where} has no status subresource: the broker tells there how an object fares`)
}

/**
 * The same kind as an APIResourceSchema (kcp contract 4.4). Its spec is immutable, so a hash of it is in the name, as api-syncagent
 * does it: another schema is another object.
 * @throws {BootstrapError} for conversion by webhook
 */
export function schemaOf(crd: Crd): Manifest {
  const { group, names, scope, versions, conversion } = crd.spec
  if (conversion?.strategy === 'Webhook')
    throw new BootstrapError(`${crd.metadata.name}: conversion by webhook is not supported`)
  const spec = {
    group,
    names: { singular: names.kind.toLowerCase(), listKind: `${names.kind}List`, ...names },
    scope,
    versions: versions.map(schemaVersion),
    ...(versions.length > 1 ? { conversion: { strategy: 'None' } } : {}),
  }
  const hash = createHash('sha256').update(stringifyJson(spec)).digest('hex').slice(0, 8)
  return manifest('APIResourceSchema', `v${hash}.${names.plural}.${group === '' ? 'core' : group}`, { spec })
}

function schemaVersion({ schema, ...version }: Version): object {
  return { subresources: {}, ...version, schema: schema?.openAPIV3Schema ?? { type: 'object' } }
}
