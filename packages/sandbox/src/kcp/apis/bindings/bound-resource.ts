import { ending, resourceFromCrd } from '../../../kube/crds/mod.ts'
import { pathSegmentErrors } from '../../../kube/name-rules.ts'
import type { Resource } from '../../../kube/resource.ts'
import type { ShardServices } from '../../services.ts'
import { boundStorage } from '../../storage.ts'
import { converterOf } from '../api-conversions/convert.ts'
import { readSchema } from '../schemas/read-schema.ts'
import type { ApiResourceSchema } from '../types.ts'

const endingTypes = new WeakMap<Resource, Resource>()

/** The type that a schema describes, with the objects of one identity. Its OpenAPI schemas are compiled when they are first needed. */
export function boundResource(services: ShardServices, schema: ApiResourceSchema, identity: string): Resource {
  const { spec } = schema
  const versions = spec.versions.map(({ schema: given, ...version }) => ({
    ...version,
    schema: { openAPIV3Schema: readSchema(given).schema },
  }))
  const crd = {
    ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
    ...{ metadata: { name: `${spec.names.plural}.${spec.group}` }, spec: { ...spec, versions } },
  }
  const storage = boundStorage(spec.group, spec.names.plural, identity)
  const convert = spec.versions.length > 1 ? { convert: converterOf(services, schema) } : {}
  const made = { ...resourceFromCrd(crd, { storage, identity }), ...convert }
  return spec.nameValidation === 'PathSegmentName'
    ? { ...made, strategy: { ...made.strategy, validateName: pathSegmentErrors } }
    : made
}

/** The type while its binding goes: nothing can be created any more (contract 5.6). The same one for the same type. */
export function whileEnding(resource: Resource): Resource {
  const known = endingTypes.get(resource)
  if (known !== undefined) return known
  const made = ending(resource)
  endingTypes.set(resource, made)
  return made
}
