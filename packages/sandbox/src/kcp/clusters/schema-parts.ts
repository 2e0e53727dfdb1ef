import type { OpenApiSchema } from '../../kube/schema/mod.ts'

const INITIALIZER =
  '^([a-z0-9]([-a-z0-9]*[a-z0-9])?(:[a-z0-9]([-a-z0-9]*[a-z0-9])?)*(:[a-z0-9][a-z0-9]([-a-z0-9]*[a-z0-9])?))|(system:.+)$'

/** A text field. */
export function text(description: string, more: OpenApiSchema = {}): OpenApiSchema {
  return { type: 'string', description, ...more }
}

/** A list of texts. */
export function texts(description: string, more: OpenApiSchema = {}): OpenApiSchema {
  return { type: 'array', description, items: { type: 'string' }, ...more }
}

/** An object with these fields. */
export function object(
  description: string,
  properties: Record<string, OpenApiSchema>,
  required: readonly string[] = [],
  more: OpenApiSchema = {},
): OpenApiSchema {
  return { type: 'object', description, properties, ...(required.length > 0 && { required: [...required] }), ...more }
}

/** The whole schema of a kind; `metadata` may narrow the name. */
export function kind(
  description: string,
  properties: Record<string, OpenApiSchema>,
  { required = [], metadata = {} }: { required?: readonly string[]; metadata?: OpenApiSchema } = {},
): OpenApiSchema {
  const base = {
    apiVersion: text('Group and version of the schema that this object is written in.'),
    kind: text('Kind of this object.'),
    metadata: { type: 'object', ...metadata },
  }
  return object(description, { ...base, ...properties }, required)
}

/** `status.conditions` of kcp's types (contract 2.5). */
export const conditions: OpenApiSchema = {
  type: 'array',
  description: 'What is known about the state of this object.',
  items: object(
    'One aspect of the state.',
    {
      type: text('Which aspect, in CamelCase.'),
      status: text('True, False or Unknown.'),
      severity: text('How bad it is: Error, Warning or Info. Only where status is False.'),
      lastTransitionTime: text('When the status changed last.', { format: 'date-time' }),
      reason: text('Why, in CamelCase.'),
      message: text('Why, for people.'),
    },
    ['lastTransitionTime', 'status', 'type'],
  ),
}

/** Names of initializers or terminators. */
export function steps(description: string): OpenApiSchema {
  return { type: 'array', description, items: { type: 'string', pattern: INITIALIZER } }
}

/** A label selector. */
export function labelSelector(description: string): OpenApiSchema {
  const requirement = object(
    'A condition on one label.',
    {
      key: text('The label.'),
      operator: text('In, NotIn, Exists or DoesNotExist.'),
      values: texts('What In and NotIn compare with.', { 'x-kubernetes-list-type': 'atomic' }),
    },
    ['key', 'operator'],
  )
  return object(
    description,
    {
      matchLabels: {
        type: 'object',
        description: 'Labels and the values that they must have.',
        additionalProperties: { type: 'string' },
      },
      matchExpressions: {
        type: 'array',
        description: 'Conditions that must all hold.',
        items: requirement,
        'x-kubernetes-list-type': 'atomic',
      },
    },
    [],
    { 'x-kubernetes-map-type': 'atomic' },
  )
}
