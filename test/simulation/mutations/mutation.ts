import { readFileSync } from 'node:fs'

/**
 * One mend taken out: `find` stands once in `file`, and `replace` takes its place. `where` names what the weather has to have so that it
 * is missed at all.
 */
export type Mutation = { name: string; file: string; find: string; replace: string; where?: string }

/** Those of mutations.json, in their order. */
export function readMutations(): Mutation[] {
  return JSON.parse(readFileSync(new URL('mutations.json', import.meta.url), 'utf8')) as Mutation[]
}

/** How often the text of a source has what a mutation looks for. */
export const occurrences = (text: string, { find }: Mutation): number => text.split(find).length - 1
