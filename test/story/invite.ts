import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { EndSignal } from './end-signal.ts'
import { EXAMPLES, type Stage } from './stage.ts'
import { NAME } from './steps/issue.ts'
import type { Teller } from './tell.ts'

/** Leaves everything up, with a certificate to play with, until the user has seen enough. */
export async function inviteToTry(
  { platform, consumer, internalca, externalca }: Stage,
  tell: Teller,
  end: EndSignal,
): Promise<void> {
  await consumer.site.client.applyFile(join(EXAMPLES, 'consumer/certificate-internal.yaml'))
  tell.chapter('Your turn: everything stays up until Ctrl-C')
  const places = [platform, consumer.site, internalca.site, externalca.site]
  for (const { name, kubeconfig } of places) tell.plain(`${name.padEnd(12)}${kubeconfig}`)
  const kubectl = (file: string) => `kubectl --kubeconfig ${file}`
  tell.plain()
  tell.says(`There is a new ${NAME}. Watch it, move it, and see what the platform wrote down${kubectlHint()}:`)
  tell.plain()
  tell.plain(`${kubectl(consumer.site.kubeconfig)} get certificates -w`)
  tell.plain(
    `${kubectl(consumer.site.kubeconfig)} patch certificate ${NAME} --type merge -p '{"spec":{"fqdn":"shop.external.corp"}}'`,
  )
  tell.plain(`${kubectl(platform.kubeconfig)} get assignments,migrations`)
  tell.plain()
  if (!end.asked) await once(end.signal, 'abort')
}

function kubectlHint(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.some((folder) => existsSync(join(folder, 'kubectl'))) ? '' : ' (kubectl is not on your PATH yet)'
}
