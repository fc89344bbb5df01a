/** Bounded: a condition that is longer is taken for two. */
const MAX_LENGTH = 2000

/** Whether brackets in a stretch of text close in it, with neither separator nor brace between them. */
export function bracketsBalance(text: string, from: number, to: number): boolean {
  if (to - from > MAX_LENGTH) return false
  let depth = 0
  for (let i = from; i < to; i++) {
    const char = text[i]!
    if (char === '(' || char === '[') depth++
    else if (char === ')' || char === ']') {
      if (--depth < 0) return false
    } else if (depth === 0 && (char === ',' || char === ';')) return false
    else if (char === '{' || char === '}') return false
  }
  return depth === 0
}
