import { Assignment } from '@resource-broker/api'
import type { KubeObject } from '@resource-broker/bus'
import { isConflict } from '@resource-broker/kube'
import { expect, test } from 'vitest'
import type { SchedulerContext } from '../context.ts'
import { assignment, platformOf, viewOf } from '../fixtures.ts'
import { editAssignment } from './edit-assignment.ts'

const seen = assignment().object as KubeObject

test('an Assignment that somebody changed meanwhile is left as it is, and what it is now is known', async () => {
  const platform = platformOf(seen)
  const changed = platform.put({ ...seen, status: { phase: 'Terminating' } })
  const view = viewOf({ assignment: assignment() })
  const context = { clusters: { coordination: platform.client }, now: () => new Date(0) } as unknown as SchedulerContext
  const patch = { spec: { acceptAPIName: 'large' } }
  const error = await editAssignment(context, Assignment.of(seen), patch, view).catch((reason: unknown) => reason)
  expect(isConflict(error)).toBe(true)
  expect(platform.held.get('assignment-a')).toEqual(changed)
  expect(view.get('assignment')?.object).toEqual(changed)
  await editAssignment(context, Assignment.of(changed), patch, view)
  expect(view.get('assignment')?.object).toMatchObject(patch)
})
