import { z } from 'zod'
import { crd, optional } from './meta.ts'

const labelExpressionSchema = z
  .object({
    key: z.string().min(1).max(317),
    operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
    values: optional(z.array(z.string().max(63)).max(64).meta(crd.atomic)),
  })
  .meta(
    crd.rules({
      rule: "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
      message: 'In and NotIn need values; Exists and DoesNotExist take none',
    }),
  )

/** What a label selector asks for, of the labels of `whose`: everything given must hold. */
export const labelSelectorFields = (whose: string) => ({
  matchLabels: optional(
    z.record(z.string(), z.string().max(63)).meta({ maxProperties: 64 }),
    `Labels of the ${whose}.`,
  ),
  matchExpressions: optional(z.array(labelExpressionSchema).max(32).meta(crd.atomic), 'Label requirements.'),
})

const labelSelectorSchema = z.object(labelSelectorFields('object'))
/** A label selector, as Kubernetes has it. */
export type LabelSelector = z.infer<typeof labelSelectorSchema>
export type LabelExpression = z.infer<typeof labelExpressionSchema>
