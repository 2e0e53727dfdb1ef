/** A piece of a label selector; `identifier` are keys and values, `end` is behind the last piece. */
export type Token = { readonly kind: TokenKind; readonly text: string }
type TokenKind = ')' | ',' | '!' | '==' | '=' | '>' | '<' | '!=' | '(' | 'in' | 'notin' | 'identifier' | 'end'

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
      position += token.text.length
    }
  }
  return [...tokens, { kind: 'end', text: '' }]
}

/** Every special character is a symbol, and no symbol has more than two. */
function symbolAt(text: string, start: number): Token {
  const two = text.slice(start, start + 2)
  const symbol = SYMBOLS.has(two) ? two : text[start]!
  return { kind: symbol as TokenKind, text: symbol }
}

function wordAt(text: string, start: number): Token {
  let end = start
  while (end < text.length && !SPECIAL.includes(text[end]!) && !SPACE.includes(text[end]!) && text[end] !== '\0') end++
  const word = text.slice(start, end)
  return { kind: word === 'in' || word === 'notin' ? word : 'identifier', text: word }
}
