import { kind, object, text, texts } from '../../clusters/schema-parts.ts'
import { mapOf, VERSION } from './parts.ts'
import { AGE, type TypeSource, V1 } from './source.ts'

/** APIConversion (contract 4.8). */
export const apiConversionSource: TypeSource = {
  ...{ plural: 'apiconversions', singular: 'apiconversion', kind: 'APIConversion', storageVersion: V1 },
  versions: [
    {
      ...{ name: V1, status: false, columns: [AGE] },
      schema: () =>
        kind(
          'APIConversion converts objects between the versions of the APIResourceSchema of the same name.',
          { spec: object('How.', { conversions: conversions() }, ['conversions']) },
          { required: ['metadata', 'spec'] },
        ),
    },
  ],
}

function conversions() {
  const rule = object(
    'How one field is converted.',
    {
      field: text('JSON path of the field in the one version, such as .spec.name.first.', { minLength: 1 }),
      destination: text('JSON path of the field in the other version.', { minLength: 1 }),
      transformation: text('CEL expression for the new value, self being the old one; without it, both are the same.'),
    },
    ['destination', 'field'],
  )
  const conversion = object(
    'From one version to one other.',
    {
      from: text('The version to convert from.', { minLength: 1, pattern: VERSION }),
      to: text('The version to convert to.', { minLength: 1, pattern: VERSION }),
      rules: mapOf('Fields that differ.', rule, ['destination']),
      preserve: texts('JSON paths of fields that the other version has not; kept in an annotation for the way back.'),
    },
    ['from', 'rules', 'to'],
  )
  return mapOf('One for each pair of versions and direction.', conversion, ['from', 'to'])
}
