import { bootstrapConfig } from '@resource-broker/cli'
import { describeFlags, type FlagDescription } from '@resource-broker/service'
import { z } from 'zod'
import type { ChartedService } from './services.ts'
import type { Schema } from './values.ts'

/** These follow from other values: what they name is mounted, and the port is the chart's. */
const FROM_VALUES = [
  ...['httpAddress', 'nats', 'natsCredentials', 'natsCa', 'natsCert', 'natsKey', 'kcpKubeconfig'],
  ...['coordinationKubeconfig', 'consumerKubeconfig', 'consumerKubeconfigDir', 'providerKubeconfig'],
  ...['providerKubeconfigDir', 'computeKubeconfig'],
]

/** The flags of a service that `config` in its values may name. */
export function configFlags({ config }: Pick<ChartedService, 'config'>): FlagDescription[] {
  return describeFlags(config).filter(({ key }) => !FROM_VALUES.includes(key))
}

/** These follow from other values of the umbrella chart. */
const OF_THE_JOB = ['kcpKubeconfig', 'crd', 'output', 'outputSecret', 'secretKubeconfig', 'clientCaCert', 'clientCaKey']

/** The flags of `bootstrap` that `bootstrap.config` may name: the Job makes a ServiceAccount in the kcp. */
export function bootstrapFlags(): FlagDescription[] {
  return describeFlags(bootstrapConfig).filter(({ key }) => ![...OF_THE_JOB, 'identity', 'user'].includes(key))
}

/** The schema of `config` for these flags; another name is refused. */
export function configSchemaOf(flags: readonly FlagDescription[]): Schema {
  const properties = Object.fromEntries(flags.map((flag) => [flag.key, schemaOf(flag)]))
  return { type: 'object', additionalProperties: false, properties }
}

/** Whole numbers up to 2^53 are zod's word for any. */
function schemaOf({ schema, description }: FlagDescription): Schema {
  const { $schema, value, maximum, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return { ...rest, ...(maximum === Number.MAX_SAFE_INTEGER ? {} : { maximum }), description }
}
