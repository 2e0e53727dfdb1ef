import { randomUUID } from 'node:crypto'
import {
  AcceptAPI,
  Assignment,
  keyOfAssignment,
  Migration,
  MigrationConfiguration,
  PlacementPolicy,
  withoutDecision,
} from '@resource-broker/api'
import { acceptAPIKey, configurationKey, type KubeObject, policyKey } from '@resource-broker/bus'
import type { PartRule } from '../part-watch.ts'
import { beginsWithSpec, noted } from '../traces.ts'

/** The platform's Assignments; the name of each holds its key. */
export function assignmentRule(): PartRule<'assignment'> {
  return {
    part: 'assignment',
    resource: Assignment.resource,
    route: ({ metadata }) => route(metadata.name),
    message: (object, { name }) => ({ name, object: object === null ? null : withoutDecision(object) }),
    trace: noted,
    significant: (object) => wholly(withoutDecision(object)),
  }
}

/** The platform's Migrations; each names the Assignment that it moves. */
export function migrationRule(): PartRule<'migration'> {
  return {
    part: 'migration',
    resource: Migration.resource,
    route: ({ metadata, spec }) => {
      const at = route((spec as { assignment: string }).assignment)
      return at === undefined ? undefined : { ...at, qualifier: metadata.name }
    },
    message: (object, { name }) => ({ name, object }),
    trace: noted,
    significant: wholly,
  }
}

/** The platform's MigrationConfigurations; those for moves between the same kinds are one matter. */
export function configurationRule(): PartRule<'configuration'> {
  return {
    part: 'configuration',
    resource: MigrationConfiguration.resource,
    route: ({ metadata, spec }) => {
      const { from, to } = (spec ?? {}) as Partial<MigrationConfiguration['spec']>
      return { key: configurationKey(from, to), qualifier: metadata.name }
    },
    message: (object, { name }) => ({ name, object }),
    significant: wholly,
  }
}

/** The platform's PlacementPolicies. */
export function policyRule(): PartRule<'policy'> {
  return {
    part: 'policy',
    resource: PlacementPolicy.resource,
    route: ({ metadata }) => ({ key: policyKey(metadata.name) }),
    message: (object, { name }) => ({ name, object }),
    significant: wholly,
  }
}

/** What providers offer. One withdraws all when it leaves and may be back with the same at once. */
export function acceptAPIRule(): PartRule<'acceptapi'> {
  return {
    part: 'acceptapi',
    resource: AcceptAPI.resource,
    route: ({ metadata }, provider) => ({ key: acceptAPIKey(provider, metadata.name) }),
    message: (object, { cluster: provider, name }) => ({ provider, name, object }),
    epoch: randomUUID(),
    trace: beginsWithSpec,
    significant: wholly,
  }
}

function route(name: string): { key: string } | undefined {
  const key = keyOfAssignment(name)
  return key === undefined ? undefined : { key }
}

const wholly = ({ metadata, ...content }: KubeObject): unknown => [
  metadata.deletionTimestamp,
  metadata.generation,
  metadata.annotations,
  content,
]
