import { stringifyJson } from '@resource-broker/json'
import type { StoreEvent } from '../../../store/types.ts'
import { parseOwnJson } from '../../json.ts'
import type { JsonObject, KubeObject } from '../../objects.ts'
import type { ResourceVersion } from '../../resource.ts'
import { partialMetadata } from '../../table/mod.ts'
import type { Shape } from '../decoding/media-types.ts'
import { tableFor } from '../encoding/tables.ts'
import type { Scope } from '../scope.ts'

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'

const HEADS: Readonly<Record<EventType, Buffer>> = {
  ADDED: headOf('ADDED'),
  MODIFIED: headOf('MODIFIED'),
  DELETED: headOf('DELETED'),
  BOOKMARK: headOf('BOOKMARK'),
  ERROR: headOf('ERROR'),
}
const END = Buffer.from('}\n')

/** One line of a watch. */
export function frame(type: EventType, object: Buffer | object): Buffer {
  return Buffer.concat([HEADS[type], Buffer.isBuffer(object) ? object : Buffer.from(stringifyJson(object)), END])
}

function headOf(type: EventType): Buffer {
  return Buffer.from(`{"type":"${type}","object":`)
}

/**
 * Encodes events. The store tells one event to all watchers before the next, so what was made for the first of them is kept
 * for the others that want the same form.
 */
export class EventEncoder {
  private current: StoreEvent | undefined
  private frames = new Map<string, Partial<Record<EventType, Buffer>>>()
  private readonly objects = new Map<ResourceVersion, { now: KubeObject; before: KubeObject | undefined }>()

  /** The objects of an event, parsed once; not to be changed. */
  objectsOf(scope: Scope, event: StoreEvent): { now: KubeObject; before: KubeObject | undefined } {
    this.turnTo(event)
    const known = this.objects.get(scope.version)
    if (known !== undefined) return known
    const { reader } = scope.deps
    const { entry, previous } = event
    const now = parseOwnJson<KubeObject>(reader.bytes(scope.resource, scope.version, entry))
    const before =
      previous === undefined
        ? undefined
        : parseOwnJson<KubeObject>(reader.bytes(scope.resource, scope.version, previous))
    this.objects.set(scope.version, { now, before })
    return { now, before }
  }

  /** A line that tells an event's object as it is now. `form` is `formOf` scope and shape. */
  line(scope: Scope, shape: Shape, form: string, type: EventType, event: StoreEvent, headless: boolean): Buffer {
    this.turnTo(event)
    const key = headless && shape.as === 'Table' ? `${form} headless` : form
    const known = this.frames.get(key) ?? {}
    if (known[type] !== undefined) return known[type]
    const bytes = scope.deps.reader.bytes(scope.resource, scope.version, event.entry)
    const line = frame(type, shaped(scope, shape, bytes, headless))
    this.frames.set(key, { ...known, [type]: line })
    return line
  }

  private turnTo(event: StoreEvent): void {
    if (this.current === event) return
    this.current = event
    this.frames = new Map()
    this.objects.clear()
  }
}

/** Tells apart how watches show the same event. */
export function formOf({ resource, version }: Scope, shape: Shape): string {
  const table = shape.as === 'Table' ? shape.includeObject : ''
  return [resource.group, version.name, shape.as, shape.as === 'Object' ? '' : shape.version, table].join(' ')
}

/** An object in the shape that the client wants; of several tables in one watch only the first names the columns. */
export function shaped(scope: Scope, shape: Shape, bytes: Buffer, headless: boolean): Buffer | JsonObject {
  if (shape.as === 'Object') return bytes
  const object = parseOwnJson<KubeObject>(bytes)
  if (shape.as !== 'Table') return partialMetadata(object, shape.version) as unknown as JsonObject
  const { resourceVersion = '' } = object.metadata
  return tableFor(scope, shape, [object], { listMeta: { resourceVersion }, noHeaders: headless })
}
