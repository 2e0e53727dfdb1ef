import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startControlPlane } from '@resource-broker/testbed'

const [dir] = process.argv.slice(2)
if (dir === undefined) {
  process.stderr.write(`node examples/postgres/src/compute.ts DIR

Starts a Kubernetes without nodes, with a garbage collector and a namespace controller, until it is stopped. DIR/compute.kubeconfig is its
administrator's; DIR/pods.kubeconfig that of a user who may do what service accounts may.
`)
  process.exit(2)
}

const plane = await startControlPlane({
  name: 'compute',
  dir,
  controllers: ['garbage-collector-controller', 'namespace-controller'],
  report: say,
})
await copyFile(plane.kubeconfig, join(dir, 'compute.kubeconfig'))
await copyFile(
  await plane.kubeconfigFor({ user: 'pod', groups: ['system:serviceaccounts'] }),
  join(dir, 'pods.kubeconfig'),
)
say('the compute cluster is there')
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void plane.stop())

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
