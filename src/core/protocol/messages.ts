/**
 * The few messages mycelium writes itself: each one line of text with its newline. Params and results are JSON text; ids
 * are as idText() gives them, one character per byte.
 */

import { elementsOf, skipSpace } from './json-text.ts'

/** An error answer; `idText` is the asker's id as it was written, `null` when it could not be read. */
export function errorText(idText: string, code: number, message: string, data?: unknown): string {
  const error = JSON.stringify(data === undefined ? { code, message } : { code, message, data })
  return `{"jsonrpc":"2.0","id":${unicode(idText)},"error":${error}}\n`
}

/** An answer with this result. */
export function resultText(idText: string, result: string): string {
  return `{"jsonrpc":"2.0","id":${unicode(idText)},"result":${oneLine(result)}}\n`
}

/** A notification. */
export function notificationText(method: string, params?: string): string {
  return `{"jsonrpc":"2.0","method":${JSON.stringify(method)}${paramsMember(params)}}\n`
}

/** A request under an id of our own. */
export function requestText(idText: string, method: string, params?: string): string {
  return `{"jsonrpc":"2.0","id":${unicode(idText)},"method":${JSON.stringify(method)}${paramsMember(params)}}\n`
}

/** The raw text of each message in a batch (2025-03-26), nothing for a line that is none. */
export function splitBatch(line: Buffer): Buffer[] {
  const elements = elementsOf(line, skipSpace(line, 0))?.elements ?? []
  return elements.map(({ start, end }) => line.subarray(start, end))
}

function paramsMember(params: string | undefined): string {
  return params === undefined ? '' : `,"params":${oneLine(params)}`
}

/** Raw line ends in JSON text can only stand between tokens, where a space says the same. */
function oneLine(json: string): string {
  return json.includes('\n') || json.includes('\r') ? json.replace(/[\r\n]/g, ' ') : json
}

function unicode(rawText: string): string {
  return Buffer.from(rawText, 'latin1').toString()
}
