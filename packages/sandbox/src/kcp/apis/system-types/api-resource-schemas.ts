import type { OpenApiSchema } from '../../../kube/schema/mod.ts'
import { kind, object, text, texts } from '../../clusters/schema-parts.ts'
import { listOf, mapOf, VERSION } from './parts.ts'
import { AGE, type TypeSource, V1 } from './source.ts'

/** APIResourceSchema (contract 4.4). */
export const apiResourceSchemaSource: TypeSource = {
  ...{ plural: 'apiresourceschemas', singular: 'apiresourceschema', kind: 'APIResourceSchema', storageVersion: V1 },
  versions: [
    {
      ...{ name: V1, status: false, columns: [AGE] },
      schema: () =>
        kind('APIResourceSchema describes a type that APIExports can offer. Its spec never changes.', { spec: spec() }),
    },
  ],
}

function spec(): OpenApiSchema {
  return object(
    'The type.',
    {
      group: text('Its group; empty for the core group.'),
      names: names(),
      scope: text('Whether objects are in namespaces.', { enum: ['Cluster', 'Namespaced'] }),
      versions: { ...mapOf('The versions of the type.', version(), ['name']), minItems: 1 },
      conversion: conversion(),
      nameValidation: text('What names of objects may be.', {
        default: 'DNS1123Subdomain',
        enum: ['DNS1123Subdomain', 'PathSegmentName'],
      }),
    },
    ['group', 'names', 'scope', 'versions'],
  )
}

function names(): OpenApiSchema {
  return object(
    'How the type is called.',
    {
      categories: texts('Groups of types that kubectl get lists together, such as all.'),
      kind: text('Kind of an object, in CamelCase.'),
      listKind: text('Kind of a list; by default that of an object with List at its end.'),
      plural: text('Name in URLs, in lower case.'),
      shortNames: texts('Abbreviations for kubectl.'),
      singular: text('Name of one object for kubectl; by default the kind in lower case.'),
    },
    ['kind', 'plural'],
  )
}

function version(): OpenApiSchema {
  const schema: OpenApiSchema = {
    type: 'object',
    description: 'OpenAPI v3 schema of the objects, structural as in a CustomResourceDefinition.',
    'x-kubernetes-map-type': 'atomic',
    'x-kubernetes-preserve-unknown-fields': true,
  }
  const selectable = object('One field.', { jsonPath: text('Its JSON path, such as .spec.color.') }, ['jsonPath'])
  return object(
    'One version.',
    {
      name: text('Its name, such as v1 or v2beta1.', { minLength: 1, pattern: VERSION }),
      served: { type: 'boolean', description: 'Whether the version is served.', default: true },
      storage: { type: 'boolean', description: 'Whether objects are stored in this version; true for exactly one.' },
      deprecated: { type: 'boolean', description: 'Whether requests are answered with a warning.' },
      deprecationWarning: text('The warning; without it, one that names a better version.'),
      schema,
      subresources: subresources(),
      additionalPrinterColumns: mapOf('Columns of kubectl get.', column(), ['name']),
      selectableFields: listOf('Fields that lists and watches can select by.', selectable),
    },
    ['name', 'schema', 'served', 'storage'],
  )
}

function subresources(): OpenApiSchema {
  const scale = object(
    'The objects have a scale.',
    {
      specReplicasPath: text('JSON path below .spec of the wanted number.'),
      statusReplicasPath: text('JSON path below .status of the present number.'),
      labelSelectorPath: text('JSON path below .spec or .status of a label selector as text.'),
    },
    ['specReplicasPath', 'statusReplicasPath'],
  )
  return object('What is served below an object.', { scale, status: object('The objects have a status.', {}) })
}

function column(): OpenApiSchema {
  return object(
    'One column.',
    {
      name: text('Its heading.'),
      type: text('Type of its cells: integer, number, string, boolean or date.'),
      format: text('OpenAPI format of its cells.'),
      description: text('What it shows.'),
      priority: { type: 'integer', format: 'int32', description: 'Above 0, only shown with -o wide.' },
      jsonPath: text('Where in the object its cells are.'),
    },
    ['jsonPath', 'name', 'type'],
  )
}

function conversion(): OpenApiSchema {
  const clientConfig = object('Where the webhook is.', {
    caBundle: text('Certificates to check that of the webhook with, PEM in base64.', { format: 'byte' }),
    url: text('URL of the webhook.'),
  })
  const webhook = object(
    'The webhook that converts, with strategy Webhook.',
    {
      clientConfig,
      conversionReviewVersions: texts('Versions of ConversionReview that it takes, the best one first.', {
        'x-kubernetes-list-type': 'atomic',
      }),
    },
    ['conversionReviewVersions'],
  )
  const strategy = text('None changes nothing but the apiVersion; Webhook asks a webhook.', {
    enum: ['None', 'Webhook'],
  })
  return object('How objects are converted between versions. Needed with more than one.', { strategy, webhook }, [
    'strategy',
  ])
}
