/** As much of a CustomResourceDefinition as is published. */
export type Crd = {
  kind: string
  spec: {
    group: string
    names: { plural: string; [field: string]: unknown }
    scope: string
    versions: ({ name: string; schema: { openAPIV3Schema: object } } & Record<string, unknown>)[]
    conversion?: { strategy: string; [field: string]: unknown }
  }
}

/**
 * The APIResourceSchema that publishes a CRD's kind in kcp: the same fields but for the schema of a version, which stands there bare.
 * `prefix` tells one state of the kind from the next, since a schema cannot be changed. As `kubectl kcp crd snapshot --prefix` makes it.
 */
export function apiResourceSchemaOf({ kind, spec }: Crd, prefix: string): object {
  if (kind !== 'CustomResourceDefinition') throw new Error(`a CustomResourceDefinition is wanted, not a ${kind}`)
  const { group, names, scope, versions, conversion } = spec
  return {
    apiVersion: 'apis.kcp.io/v1alpha1',
    kind: 'APIResourceSchema',
    metadata: { name: `${prefix}.${names.plural}.${group}` },
    spec: {
      group,
      names,
      scope,
      versions: versions.map(({ schema, ...version }) => ({ ...version, schema: schema.openAPIV3Schema })),
      // Asked for where there is something to convert between.
      ...(versions.length > 1 && { conversion }),
    },
  }
}
