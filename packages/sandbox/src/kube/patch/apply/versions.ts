import { isObject } from '../../json.ts'
import type { JsonObject, KubeObject } from '../../objects.ts'
import type { Resource } from '../../resource.ts'
import { builtInSchema } from '../../schema/mod.ts'
import type { ObjectSchema } from '../../schema/types.ts'
import { EMPTY, type FieldSet, fieldSetOf } from './field-set.ts'
import { fieldElement } from './path-element.ts'
import { type FieldType, objectType } from './typed-schema.ts'

/** An object in one version of its type. */
export type Versioned = { readonly object: JsonObject; readonly apiVersion: string }

/** The versions of one type, as far as owners may have named them. */
export class Versions {
  readonly apiVersion: string
  readonly #schema: ObjectSchema
  readonly #resource: Resource | undefined
  readonly #subresource: string

  /** `schema` is that of `apiVersion`. Without `resource`, other versions are taken to have the same fields. */
  constructor(apiVersion: string, schema: ObjectSchema, resource: Resource | undefined, subresource: string) {
    this.apiVersion = apiVersion
    this.#schema = schema
    this.#resource = resource
    this.#subresource = subresource
  }

  /** The type of objects in a version; undefined for one that is not there (any more). */
  typeOf(apiVersion: string): FieldType | undefined {
    const schema = apiVersion === this.apiVersion ? this.#schema : this.#otherSchema(apiVersion)
    return schema && objectType(schema)
  }

  #otherSchema(apiVersion: string): ObjectSchema | undefined {
    const resource = this.#resource
    if (resource === undefined) return this.#schema
    const [version = '', group = ''] = apiVersion.split('/').reverse()
    if (group === resource.group) return resource.versions.get(version)?.schema
    if (!resource.builtIn || resource.convert === undefined) return undefined
    try {
      return builtInSchema(group, version, resource.kind)
    } catch {
      return undefined
    }
  }

  /** Another version of an object, whose schema is known. */
  convert({ object, apiVersion: from }: Versioned, apiVersion: string): Versioned {
    if (from === apiVersion) return { object, apiVersion }
    // Some conversions look at the metadata, which a field set may have taken away.
    const whole = isObject(object['metadata']) ? object : { ...object, metadata: {} }
    const converted = this.#resource?.convert?.(whole as KubeObject, apiVersion) ?? { ...object, apiVersion }
    return { object: converted as JsonObject, apiVersion }
  }

  /** The fields of a version that this subresource does not change, whatever a request says. */
  resetFields(apiVersion: string): FieldSet {
    const resource = this.#resource
    if (resource === undefined) return this.#subresource === 'status' ? SPEC : EMPTY
    const own = resource.builtIn ? RESET[`${resource.group}/${resource.kind}`]?.[this.#subresource] : undefined
    if (own !== undefined) return own
    if (this.#subresource === 'status') return resource.builtIn ? EMPTY : SPEC
    const [version = ''] = apiVersion.split('/').reverse()
    const hasStatus = !resource.builtIn && this.#subresource === '' && resource.versions.get(version)?.status === true
    return hasStatus ? STATUS : EMPTY
  }
}

const paths = (...names: readonly string[]): FieldSet =>
  fieldSetOf(...names.map((name) => name.split('.').map(fieldElement)))

const SPEC = paths('spec')
const STATUS = paths('status')

/** By type and subresource, as each type's strategy in kube-apiserver has it. */
const RESET: Readonly<Record<string, Readonly<Record<string, FieldSet>>>> = {
  '/Namespace': { '': STATUS, status: SPEC, finalize: STATUS },
  '/ResourceQuota': { '': STATUS, status: SPEC },
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy': { '': STATUS, status: paths('spec', 'metadata') },
  'apiextensions.k8s.io/CustomResourceDefinition': { '': STATUS, status: paths('metadata', 'spec') },
  'certificates.k8s.io/CertificateSigningRequest': {
    '': paths('spec', 'status'),
    status: paths('spec', 'status.conditions'),
    approval: paths('spec', 'status.certificate'),
  },
}
