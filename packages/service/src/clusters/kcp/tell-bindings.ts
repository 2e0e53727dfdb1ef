import type { ExportBindings } from '@resource-broker/kube'
import type { Logger } from '../../logger.ts'

/** Tells the operator how the watches of the APIBindings to an export fare, of which there is one for each shard. */
export function tellBindings(bindings: ExportBindings, slice: string, logger: Logger): void {
  bindings.on('watch', (endpoint, event) => {
    if (event.type === 'disconnected')
      logger.info({ slice, endpoint, err: event.error, retryInMs: event.retryInMs }, 'watch of APIBindings interrupted')
    if (event.type === 'absent')
      logger.warn(
        { slice, endpoint },
        'APIBindings are not served here: who binds the export is not seen until they are',
      )
  })
}
