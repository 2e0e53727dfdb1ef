import { coordinationFlags, sharedFlags } from '@resource-broker/service'
import { z } from 'zod'

/** The flags of `nats-users`: where it writes, and those by which the services name what they have on NATS. */
export const natsUsersConfig = z.object({
  output: z.string().meta({
    description: 'Directory for the seeds and the configuration; a seed that is there stays',
    value: 'DIR',
  }),
  streamPrefix: sharedFlags.streamPrefix,
  partitions: sharedFlags.partitions,
  shard: coordinationFlags.shard,
})

export type NatsUsersFlags = z.input<typeof natsUsersConfig>
