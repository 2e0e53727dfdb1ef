import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseYaml } from './parse-yaml.ts'

/** One part of a way into an answer: a key, an index, or the element of a list that has these fields. */
export type PathPart = string | number | Record<string, string>

/**
 * One request. Texts may hold `{name}`: a variable of the file, a capture, `{ns}`, the namespace of the case, or `{hooks}` and `{ca}`,
 * the URL of the webhooks and base64 of their CA.
 */
export type Step = {
  /** Method and path. */
  send: string
  /** Media type of the body, or a short form of it (see requests.ts). */
  type?: string
  accept?: string
  headers?: Record<string, string>
  /** Impersonated. */
  as?: string
  groups?: string[]
  /** At most one of these: as JSON, as it is, as bytes. */
  body?: unknown
  text?: string
  base64?: string
  /** What the real server answers with; 201 for POST and 200 for the others where absent. */
  status?: number
  /** Repeated until the answer has the status, and something at this way if it is one. */
  until?: boolean | PathPart[]
  /** A watch: the answer is over after so many events. */
  events?: number
  /** Compares what the webhooks were asked about the namespace since the last such step, too. */
  reviews?: true
  /** Name of a variable and where its value stands in the answer. */
  capture?: Record<string, PathPart[]>
  /** Compared is only what stands there. */
  select?: PathPart[]
  /** Not compared, with its reason beside it in the file: dotted paths into the answer, `*` for any key. */
  mask?: string[]
}

export type Case = {
  /** `<file>: <name>` */
  id: string
  /** Empty where the case wants none. */
  namespace: string
  variables: Record<string, string>
  steps: Step[]
}

export type CaseFile = {
  name: string
  /** CustomResourceDefinitions that are there before the cases. */
  crds: { metadata: { name: string } }[]
  cases: Case[]
}

type Content = {
  variables?: Record<string, string>
  crds?: CaseFile['crds']
  cases: { name: string; namespace?: boolean; steps: Step[] }[]
}

const FOLDER = join(import.meta.dirname, 'cases')

/** All files of cases, by name. */
export function loadCases(): CaseFile[] {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.yaml'))
  return files.sort().map((file) => {
    const name = basename(file, '.yaml')
    const { crds = [], variables = {}, cases } = parseYaml<Content>(readFileSync(join(FOLDER, file), 'utf8'))
    return { name, crds, cases: cases.map((each, at) => toCase(name, variables, each, at)) }
  })
}

function toCase(file: string, variables: Record<string, string>, content: Content['cases'][number], at: number): Case {
  const namespace = content.namespace === false ? '' : `${file}-${at + 1}`
  return { id: `${file}: ${content.name}`, namespace, variables: { ...variables, ns: namespace }, steps: content.steps }
}
