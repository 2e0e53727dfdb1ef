import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { EndSignal } from './end-signal.ts'
import { type Stage, WISHES } from './stage.ts'
import { NAME } from './steps/issue.ts'
import type { Teller } from './tell.ts'

/** Leaves everything up, with a certificate to play with, until the user has seen enough. */
export async function inviteToTry(
  { platform, consumer, internalca, externalca, engine, copies }: Stage,
  tell: Teller,
  end: EndSignal,
): Promise<void> {
  await consumer.site.client.applyFile(join(WISHES, 'certificate-internal.yaml'))
  tell.chapter('Your turn: everything stays up until Ctrl-C')
  tell.plain(`${'platform'.padEnd(12)}${platform.kubeconfig}`)
  for (const { site } of [consumer, internalca, externalca]) {
    const alias = site.cluster === site.name ? '' : `  (kubectl shows it as ${site.cluster})`
    tell.plain(`${site.name.padEnd(12)}${site.kubeconfig}${alias}`)
  }
  const kubectl = (file: string) => `kubectl --kubeconfig ${file}`
  tell.plain()
  tell.says(
    `There is a new ${NAME}. Watch it, move it, and see what the platform wrote down and what its providers have${kubectlHint()}:`,
  )
  tell.plain()
  tell.plain(`${kubectl(consumer.site.kubeconfig)} get certificates -w`)
  tell.plain(
    `${kubectl(consumer.site.kubeconfig)} patch certificate ${NAME} --type merge -p '{"spec":{"fqdn":"shop.external.corp"}}'`,
  )
  tell.plain(`${kubectl(platform.kubeconfig)} get ${engine.records}`)
  for (const { site } of [internalca, externalca]) tell.plain(copies.kubectl(site))
  tell.plain()
  if (!end.asked) await once(end.signal, 'abort')
}

function kubectlHint(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.some((folder) => existsSync(join(folder, 'kubectl'))) ? '' : ' (kubectl is not on your PATH yet)'
}
