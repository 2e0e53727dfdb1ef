/** Of all warnings of an answer together, and of each once that is passed; Go's servers and clients end at some head of an answer. */
const MOST_CHARACTERS = 4 * 1024
const MOST_CHARACTERS_OF_ONE = 256

/**
 * The value of a `Warning` header: each warning once; a client takes them apart again at the commas between quoted texts. Long
 * ones are cut and late ones left out where there are too many, as k8s.io/apiserver's recorder of warnings does.
 */
export function warningHeader(warnings: readonly string[]): string {
  const texts = [...new Set(warnings)]
  const total = texts.reduce((sum, { length }) => sum + length, 0)
  return (total <= MOST_CHARACTERS ? texts : shortened(texts)).map((text) => `299 - ${quoted(text)}`).join(', ')
}

function shortened(texts: readonly string[]): string[] {
  const kept: string[] = []
  let written = 0
  for (const text of texts) {
    if (written >= MOST_CHARACTERS) break
    const short = text.slice(0, MOST_CHARACTERS_OF_ONE)
    kept.push(short)
    written += short.length
  }
  return kept
}

/** Header values hold no line breaks, and only ASCII is sure to arrive. */
function quoted(text: string): string {
  const plain = text.replaceAll(/[^\x20-\x7e]/g, (character) => (/[\r\n]/.test(character) ? ' ' : '?'))
  return `"${plain.replaceAll(/["\\]/g, String.raw`\$&`)}"`
}
