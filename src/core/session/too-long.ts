import { ERRORS } from '../errors.ts'
import type { OverlongLine } from '../lines.ts'
import { type Frame, scanFrame } from '../protocol/frame.ts'
import { errorText } from '../protocol/messages.ts'
import { readEnds } from '../protocol/overlong.ts'

/**
 * What becomes of an agent's message that was too long to be taken: a refusal for the agent, under the message's own id
 * where that is beyond doubt; for an answer of the agent, an error in its place for the server that waits for it.
 */
export function tooLong(
  { bytes, head, tail }: OverlongLine,
  limitBytes: number,
): { readonly refusal: Buffer } | { readonly answer: Frame } {
  const { kind, idText } = readEnds(head, tail)
  const fact = `of ${bytes} bytes is over the limit of ${limitBytes} bytes`
  if (kind === 'response' && idText !== undefined) {
    const text = errorText(idText, ERRORS.message_too_long.wire, `the agent's answer ${fact}`)
    return { answer: scanFrame(Buffer.from(text.trimEnd())) as Frame }
  }
  const id = kind === 'call' ? idText : undefined
  return {
    refusal: Buffer.from(errorText(id ?? 'null', -32600, `a message ${fact} (next: send less at once)`)),
  }
}
