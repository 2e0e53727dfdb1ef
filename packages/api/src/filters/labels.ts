import type { LabelExpression, LabelSelector } from '../kinds/label-selector.ts'

export type Labels = Readonly<Record<string, string>>

/** A label and a value that it may have. */
export type LabelValue = readonly [key: string, value: string]

/**
 * A label selector, compiled: `words` say what it wants, `keys` are the labels that it looks at. It holds of nothing that has none of
 * `anchors`; undefined: there is no such list.
 */
export type CompiledLabels = {
  words: readonly string[]
  keys: readonly string[]
  anchors: readonly LabelValue[] | undefined
  holds: (labels: Labels | undefined) => boolean
}

/** Compiles a label selector: everything given must hold, an empty one takes everything. */
export function compileLabels({ matchLabels = {}, matchExpressions = [] }: LabelSelector): CompiledLabels {
  const wanted = Object.entries(matchLabels)
  return {
    words: [
      ...wanted.map(([key, value]) => `label ${key}=${value}`),
      ...matchExpressions.map(
        ({ key, operator, values }) => `label ${key} ${operator}${values ? ` ${values.join(',')}` : ''}`,
      ),
    ],
    keys: [...wanted.map(([key]) => key), ...matchExpressions.map(({ key }) => key)],
    anchors: anchorsOf(wanted, matchExpressions),
    holds: (labels) =>
      wanted.every(([key, value]) => labelOf(labels, key) === value) &&
      matchExpressions.every((expression) => holdsExpression(expression, labelOf(labels, expression.key))),
  }
}

function anchorsOf(
  [wanted]: readonly LabelValue[],
  expressions: readonly LabelExpression[],
): readonly LabelValue[] | undefined {
  if (wanted !== undefined) return [wanted]
  const oneOf = expressions.find(({ operator }) => operator === 'In')
  return oneOf?.values?.map((value) => [oneOf.key, value] as const)
}

/** The value of a label; undefined where there is none. */
export function labelOf(labels: Labels | undefined, key: string): string | undefined {
  return labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined
}

/** As Kubernetes reads label selectors: NotIn also holds where the label is missing. */
function holdsExpression({ operator, values = [] }: LabelExpression, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
  }
}
