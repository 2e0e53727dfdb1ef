import { globalServiceAccount, kcpLayout } from '@resource-broker/api'
import { stringify } from 'yaml'
import { brokerManifests, type Layout } from './broker.ts'
import { type Crd, type Manifest, workspaceManifest } from './types.ts'
import { consumerManifests, providerManifests, serviceAccountManifest } from './workspaces.ts'

type Input = Layout & {
  brokered: Crd[]
  /** The kinds of a provider and the name of its export, for its example. */
  provider: { exportName: string; crds: Crd[] }
  /** First line of each file, without `#`. */
  header: string
}

/** Stands for the name of the coordination workspace's logical cluster, which the kcp gives. */
const CLUSTER_PLACEHOLDER = 'COORDINATION_CLUSTER'

/**
 * What `bootstrap` applies as files for kubectl, by name: `<workspace path with dots>.yaml` goes into that workspace; and what a
 * consumer and a provider apply.
 */
export function manifestFiles({ provider, header, ...input }: Input): Map<string, string> {
  const user = globalServiceAccount(CLUSTER_PLACEHOLDER, kcpLayout.serviceAccount)
  const parts = new Map<string, Manifest[]>()
  const add = (path: string, manifests: Manifest[]) => {
    const name = `${path.replaceAll(':', '.')}.yaml`
    parts.set(name, [...(parts.get(name) ?? []), ...manifests])
  }
  for (const [parent, children] of workspacesOf(input))
    add(
      parent,
      children.map((name) => workspaceManifest(name)),
    )
  for (const [path, manifests] of brokerManifests({ ...input, user })) add(path, manifests)
  const { platformWorkspace, coordinationWorkspace, brokered } = input
  add(coordinationWorkspace, [serviceAccountManifest()])
  const names = brokered.map(({ metadata }) => metadata.name)
  add('consumer', consumerManifests(platformWorkspace, names))
  add('provider', providerManifests({ platformWorkspace, ...provider, user }))
  return new Map([...parts].map(([name, manifests]) => [name, textOf(header, manifests)]))
}

/** Names of the workspaces to make, by the path that they are in, parents first. */
function workspacesOf(layout: Layout): Map<string, string[]> {
  const { platformWorkspace, coordinationWorkspace, stagingTreeRoot, verificationTreeRoot } = layout
  const all = new Set<string>()
  for (const path of [platformWorkspace, coordinationWorkspace, stagingTreeRoot, verificationTreeRoot]) {
    const segments = path.split(':')
    for (let length = 2; length <= segments.length; length++) all.add(segments.slice(0, length).join(':'))
  }
  const byParent = new Map<string, string[]>()
  for (const path of all) {
    const end = path.lastIndexOf(':')
    const parent = path.slice(0, end)
    byParent.set(parent, [...(byParent.get(parent) ?? []), path.slice(end + 1)])
  }
  return byParent
}

function textOf(header: string, manifests: Manifest[]): string {
  const documents = manifests.map((each) => stringify(each, { lineWidth: 120, aliasDuplicateObjects: false }))
  return `# ${header}\n${documents.join('---\n')}`
}
