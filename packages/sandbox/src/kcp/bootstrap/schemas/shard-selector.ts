import type { OpenApiSchema } from '../../../kube/schema/mod.ts'
import { object, text, texts } from '../../clusters/schema-parts.ts'

/** Bounds what the rules can cost. */
const MAX_CONDITIONS = 10
const MAX_KEY = 317
/** kcp's, who counts the key along with a value of 63. */
const MAX_LABEL = 380
const MAX_VALUE = 63
const PREFIX = '^[a-z0-9]([-a-z0-9]{0,251}[a-z0-9])?$'
const NAME = '^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$'

const KEY_MESSAGE =
  `Label key prefixes are optional and limited to 253 characters. They should match "${PREFIX}". ` +
  `Names are limited to 63 characters and should match "${NAME}". "/" is used as separator.`
const VALUE_MESSAGE = `Label values are limited to 63 characters and should match "${NAME}".`
const COUNT_MESSAGE =
  'There should be at least one value for In and NotIn operators. ' +
  'There should not be any value for Exists and DoesNotExist operators.'

/** A label selector on shards, as kcp takes it: with known operators, and keys and values that labels can have. */
export function shardSelector(description: string): OpenApiSchema {
  const matchLabels: OpenApiSchema = {
    type: 'object',
    description: 'Labels and the values that they must have.',
    maxProperties: MAX_CONDITIONS,
    additionalProperties: { type: 'string', maxLength: MAX_LABEL },
    'x-kubernetes-validations': [
      { rule: `self.all(key, ${isKey('key')})`, message: KEY_MESSAGE },
      { rule: `self.all(key, self[key].matches("${NAME}"))`, message: VALUE_MESSAGE },
    ],
  }
  const matchExpressions: OpenApiSchema = {
    type: 'array',
    description: 'Conditions that must all hold.',
    maxItems: MAX_CONDITIONS,
    items: requirement(),
    'x-kubernetes-list-type': 'atomic',
  }
  return object(description, { matchLabels, matchExpressions }, [], { 'x-kubernetes-map-type': 'atomic' })
}

function requirement(): OpenApiSchema {
  const value = { type: 'string', maxLength: MAX_VALUE, pattern: NAME }
  const fields = {
    key: text('The label.', {
      maxLength: MAX_KEY,
      'x-kubernetes-validations': [{ rule: isKey('self'), message: KEY_MESSAGE }],
    }),
    operator: text('In, NotIn, Exists or DoesNotExist.', { enum: ['In', 'NotIn', 'Exists', 'DoesNotExist'] }),
    values: texts('What In and NotIn compare with.', { items: value, 'x-kubernetes-list-type': 'atomic' }),
  }
  const rule = 'self.operator in ["In", "NotIn"] ? has(self.values) && size(self.values) > 0 : !has(self.values)'
  return object('A condition on one label.', fields, ['key', 'operator'], {
    'x-kubernetes-validations': [{ rule, message: COUNT_MESSAGE }],
  })
}

/** A rule that holds for label keys. */
function isKey(name: string): string {
  const [prefix, own] = [0, 1].map((part) => `${name}.split("/", 2)[${part}]`)
  return `${name}.contains("/") ? ${prefix}.matches("${PREFIX}") && ${own}.matches("${NAME}") : ${name}.matches("${NAME}")`
}
