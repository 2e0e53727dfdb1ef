import { kcpLayout } from '@resource-broker/api'
import { file, list } from '@resource-broker/service'
import { z } from 'zod'

const SEGMENT = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?'
const PATH = new RegExp(`^${SEGMENT}(:${SEGMENT})*$`)

function workspace(description: string, path: string) {
  return z
    .string()
    .regex(PATH, { error: ({ input }) => `must be a workspace path such as ${path}, got "${input}"` })
    .default(path)
    .meta({ description, value: 'PATH' })
}

/** The flags of `bootstrap`. */
export const bootstrapConfig = z.object({
  kcpKubeconfig: file("Kubeconfig of an administrator of the kcp, such as kcp's admin.kubeconfig"),
  platformWorkspace: workspace('Exports AcceptAPI and the brokered kinds', kcpLayout.platformWorkspace),
  coordinationWorkspace: workspace("Holds the broker's records and its identity", kcpLayout.coordinationWorkspace),
  stagingTreeRoot: workspace('The workspaces that copies go into are made below it', kcpLayout.stagingTreeRoot),
  verificationTreeRoot: workspace(
    "The workspaces in which providers' exports are tried out are made below it",
    kcpLayout.verificationTreeRoot,
  ),
  crd: list(file('')).meta({ description: 'CustomResourceDefinitions of kinds to broker', value: 'FILE' }),
  shard: z.string().optional().meta({
    description: 'Shard for the coordination, staging and verification workspaces that are not there yet',
    value: 'NAME',
  }),
  output: z
    .string()
    .default('resource-broker.kubeconfig')
    .meta({ description: "Where the kubeconfig of the broker's identity is written", value: 'FILE' }),
  tokenDays: z
    .int()
    .min(1)
    .max(3650)
    .default(365)
    .meta({ description: 'How long the token in it is good; the kcp may make it less' }),
  timeoutSeconds: z.int().min(1).default(60).meta({ description: 'How long to wait for any one thing' }),
})

export type BootstrapConfig = z.output<typeof bootstrapConfig>
