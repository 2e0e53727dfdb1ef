/**
 * Begins the strings that stand for integers while JSON.parse or JSON.stringify has them. It is drawn for each process and never
 * leaves it, so no text holds it.
 */
export const MARK = `${crypto.randomUUID()}:`
