import { kcpLayout, type ServiceSetLayout, serviceSetLayout } from '@resource-broker/api'
import { file, list, workspacePath } from '@resource-broker/service'
import { z } from 'zod'

const flags = z.object({
  kcpKubeconfig: file("Kubeconfig of an administrator of the kcp, such as kcp's admin.kubeconfig"),
  platformWorkspace: workspacePath('Exports AcceptAPI and the brokered kinds').default(kcpLayout.platformWorkspace),
  coordinationWorkspace: workspacePath(
    `Holds the broker's records and its identity; ${kcpLayout.coordinationWorkspace} if left out, with --partition ${kcpLayout.coordinationWorkspace}-SHARD`,
  ).optional(),
  stagingTreeRoot: workspacePath(
    'The workspaces that copies go into are made below it; :staging below the coordination workspace if left out',
  ).optional(),
  verificationTreeRoot: workspacePath(
    "The workspaces in which providers' exports are tried out are made below it; :verification below the coordination workspace if left out",
  ).optional(),
  crd: list(file('')).meta({ description: 'CustomResourceDefinitions of kinds to broker', value: 'FILE' }),
  shard: z.string().optional().meta({
    description: 'Shard for the coordination, staging and verification workspaces that are not there yet',
    value: 'NAME',
  }),
  partition: z.boolean().default(false).meta({
    description:
      'Prepares a set of services for the consumers on --shard alone, which is started with the same --shard',
  }),
  identity: z
    .enum(['service-account', 'user'])
    .default('service-account')
    .meta({ description: 'What the broker is: a ServiceAccount of the coordination workspace, or a user of the kcp' }),
  user: z
    .string()
    .regex(/^(?!system:)[a-z0-9]/i, {
      error: ({ input }) => `must be a name of yours, not one of kcp's, got "${input}"`,
    })
    .default(kcpLayout.user)
    .meta({ description: 'The name that the broker signs in with as a user', value: 'NAME' }),
  clientCaCert: file(
    'Certificate authority for client certificates of the kcp (PEM), to make one for the user',
  ).optional(),
  clientCaKey: file('Key of that certificate authority (PEM)').optional(),
  output: z.string().default('resource-broker.kubeconfig').meta({
    description: "Where the kubeconfig of the broker's identity is written, if there is a login",
    value: 'FILE',
  }),
  outputSecret: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?\/[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, {
      error: ({ input }) => `must be NAMESPACE/NAME, got "${input}"`,
    })
    .optional()
    .meta({ description: 'Secret that is to have the same under the key kubeconfig', value: 'NAMESPACE/NAME' }),
  secretKubeconfig: file('Kubeconfig of the cluster of that Secret').optional(),
  days: z
    .int()
    .min(1)
    .max(3650)
    .default(365)
    .meta({ description: 'How long the certificate or token in it is good; a kcp may make a token shorter' }),
  timeoutSeconds: z.int().min(1).default(60).meta({ description: 'How long to wait for any one thing' }),
})

/** The flags of `bootstrap`. */
export const bootstrapConfig = flags.superRefine(
  ({ identity, clientCaCert, clientCaKey, outputSecret, secretKubeconfig, partition, shard }, context) => {
    const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    if (clientCaCert === undefined && clientCaKey !== undefined) issue('clientCaKey', 'needs --client-ca-cert too')
    if (clientCaKey === undefined && clientCaCert !== undefined) issue('clientCaCert', 'needs --client-ca-key too')
    if (identity === 'service-account' && clientCaCert !== undefined) issue('clientCaCert', 'needs --identity user')
    if (outputSecret !== undefined && secretKubeconfig === undefined)
      issue('outputSecret', 'needs --secret-kubeconfig too')
    if (secretKubeconfig !== undefined && outputSecret === undefined)
      issue('secretKubeconfig', 'needs --output-secret too')
    if (partition && shard === undefined) issue('partition', 'needs --shard')
  },
)

/** As they are given. */
export type BootstrapFlags = z.input<typeof bootstrapConfig>

/** With the paths that were left out. */
export type BootstrapConfig = Omit<z.output<typeof bootstrapConfig>, keyof ServiceSetLayout> & ServiceSetLayout

export function completed(given: z.output<typeof bootstrapConfig>): BootstrapConfig {
  return { ...given, ...serviceSetLayout(given.partition ? given.shard : undefined, given) }
}
