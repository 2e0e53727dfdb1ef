/** Where the load goes. */
export type Target = {
  url: string
  ca: string
  token: string
  /** Before `/api`, such as `/clusters/root`. */
  prefix: string
}

/** What the load process is asked to do, one at a time; it answers each with a `LoadAnswer`. */
export type LoadRequest =
  | { do: 'connect'; target: Target; namespaces: number }
  /** Opens that many watches, dealt out over the namespaces in turn. */
  | { do: 'watch'; watches: number }
  /** Creates so many ConfigMaps, dealt out over the namespaces in turn. */
  | { do: 'create'; objects: number; connections: number; bytes: number }

export type Load = {
  perSecond: number
  /** Of the creates' answers. */
  answerMs: Spread
  /** From sending a create until the event is read by the last watcher of its namespace; undefined without watches. */
  eventMs: Spread | undefined
  /** Share of one core that the load process had. */
  clientCores: number
}

/** The median and the 99th percentile. */
export type Spread = { p50: number; p99: number }
export type LoadAnswer = { done: Load | undefined } | { failed: string }

/** What the process of a sandbox tells once it serves, and later of itself. */
export type ServerReport = { target: Target; readyMs: number; secondStartMs?: number }
