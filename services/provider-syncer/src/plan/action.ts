import type { CopyStatus } from '@resource-broker/api'
import type { CopyMessage, KubeObject, RelatedMeta } from '@resource-broker/bus'
import { stringifyJson } from '@resource-broker/json'
import type { DesiredCopy } from './desired-copy.ts'
import type { WantedRelated } from './related.ts'

/** What is written of an Assignment's status; null takes a field away. */
export type RecordEdit = {
  phase?: 'Terminating'
  copies?: CopyStatus[] | null
  servedFrom?: string | null
}

/** One thing to do at one server. Those that are planned together do not depend on one another. */
export type Action =
  /** Asks the platform whether there is an Assignment. */
  | { do: 'read assignment' }
  /** Asks the consumer's API server whether the object of this uid is still there. */
  | { do: 'read source'; uid: string }
  /** Asks a provider whether it has the copy. */
  | { do: 'read copy'; provider: string }
  | { do: 'apply copy'; provider: string; desired: DesiredCopy; over: KubeObject | undefined }
  /** `version` where the deletion rests on the copy being as it was seen; else on a record that nobody takes back. */
  | { do: 'delete copy'; provider: string; copy: CopyMessage & { object: KubeObject }; version?: string }
  /** Has the copy say to its provider until when it is kept; null: that it is not, or no longer. */
  | { do: 'tell kept'; provider: string; copy: CopyMessage & { object: KubeObject }; until: string | null }
  /** Brings a related object from the serving copy's place to the consumer. */
  | { do: 'bring related'; from: CopyMessage; item: WantedRelated; over: RelatedMeta | undefined }
  /** Takes a related object of the consumer's away, unless the copy that serves names it by now. */
  | { do: 'remove related'; meta: RelatedMeta; unlessNamedBy: CopyMessage | undefined }
  /** Writes the Assignment's status, if the Assignment is still as it was read. `rests`: and if that provider's copy is ready. */
  | { do: 'record'; edit: RecordEdit; rests?: string }
  | { do: 'delete assignment' }
  /** Takes the finalizer off the consumer's object. */
  | { do: 'release source' }
  | { do: 'forget decision' }
  /** Writes the consumer's status. `isLast`: again, as what was done after the first time has changed what there is to say. */
  | { do: 'report'; status: Record<string, unknown>; isLast?: true }
  | { do: 'event'; reason: string; message: string }

/** The id of the report with which a look ends that has more to say than it had before. */
export const LAST_REPORT = 'report what came of it'

/** Tells the actions of one look apart. */
export function idOf(action: Action): string {
  switch (action.do) {
    case 'read copy':
    case 'apply copy':
      return `${action.do} ${action.provider}`
    case 'tell kept':
      return `${action.do} ${action.provider} ${action.until ?? 'no longer'}`
    case 'delete copy':
      return `${action.do} ${action.provider} ${action.copy.object.metadata.uid}`
    case 'bring related':
      return `${action.do} ${action.item.kind}/${action.item.to.name}`
    case 'remove related':
      return `${action.do} ${action.meta.kind}/${action.meta.name}`
    case 'record':
      return `${action.do} ${stringifyJson(action.edit)}`
    case 'report':
      return action.isLast ? LAST_REPORT : action.do
    case 'event':
      return `${action.do} ${action.reason} ${action.message}`
    default:
      return action.do
  }
}
