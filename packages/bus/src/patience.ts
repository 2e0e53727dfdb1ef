/** Does what cannot be done without NATS, and again for as long as NATS cannot (`isUnreachable`); `waitsFor` is what people are told. */
export type Patience = <T>(waitsFor: string, begin: () => Promise<T>) => Promise<T>

/** For whoever would rather have the error. */
export const impatient: Patience = (_waitsFor, begin) => begin()
