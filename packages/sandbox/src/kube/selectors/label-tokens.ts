/** A piece of a label selector; `identifier` are keys and values, `end` is behind the last piece. */
export type Token = { readonly kind: TokenKind; readonly text: string }
type TokenKind = ')' | ',' | '!' | '==' | '=' | '>' | '<' | '!=' | '(' | 'in' | 'notin' | 'identifier' | 'end' | 'error'

const SYMBOLS = new Set<string>([')', ',', '!', '==', '=', '>', '<', '!=', '('])
const SPECIAL = '=!(),><'
const SPACE = ' \t\r\n'

/** Cuts a selector into pieces, as k8s.io/apimachinery/pkg/labels does: symbols as long as they can be. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let position = 0
  while (position < text.length) {
    const character = text[position]!
    if (SPACE.includes(character)) position++
    // Go reads a NUL as the end.
    else if (character === '\0') break
    else {
      const token = SPECIAL.includes(character) ? symbolAt(text, position) : wordAt(text, position)
      tokens.push(token)
      position += token.kind === 'error' ? specialsAt(text, position).length : token.text.length
    }
  }
  return [...tokens, { kind: 'end', text: '' }]
}

function symbolAt(text: string, start: number): Token {
  const specials = specialsAt(text, start)
  let found = ''
  for (let end = 1; end <= specials.length; end++) {
    const candidate = specials.slice(0, end)
    if (SYMBOLS.has(candidate)) found = candidate
    else if (found !== '') break
  }
  if (found === '') return { kind: 'error', text: `error expected: keyword found '${specials}'` }
  return { kind: found as TokenKind, text: found }
}

function specialsAt(text: string, start: number): string {
  let end = start
  while (end < text.length && SPECIAL.includes(text[end]!)) end++
  return text.slice(start, end)
}

function wordAt(text: string, start: number): Token {
  let end = start
  while (end < text.length && !SPECIAL.includes(text[end]!) && !SPACE.includes(text[end]!) && text[end] !== '\0') end++
  const word = text.slice(start, end)
  return { kind: word === 'in' || word === 'notin' ? word : 'identifier', text: word }
}
