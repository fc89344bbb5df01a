import { createReadStream, fstatSync } from 'node:fs'
import { Socket } from 'node:net'
import { Readable } from 'node:stream'
import type { Clock } from './clock.ts'

/** How much is read of somebody else's stream, and for how long it is waited for. */
export interface InputBounds {
  readonly maxBytes: number
  readonly limitMs: number
  readonly clock: Clock
}

/** What came of a stream. */
export interface Input {
  readonly bytes: Buffer
  /** False when it went on beyond a bound, or broke off. */
  readonly whole: boolean
}

/**
 * Standard input as a program gets it that another one feeds: a pipe, a socket or a file, read without what process.stdin loads first (3 ms).
 * A terminal, or none at all, is an empty input.
 */
export function openStdin(): Readable {
  try {
    const stat = fstatSync(0)
    if (stat.isFile()) return createReadStream('', { fd: 0 })
    if (stat.isFIFO() || stat.isSocket()) return new Socket({ fd: 0, readable: true, writable: false })
  } catch {
    // It was closed before we came.
  }
  return Readable.from([])
}

/**
 * Reads a stream to its end, for at most `limitMs`. Bytes over `maxBytes` are taken and dropped, so that whoever writes is not stopped.
 * Never throws: what came until then is the answer.
 */
export function readInput(stream: Readable, { maxBytes, limitMs, clock }: InputBounds): Promise<Input> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let [kept, dropped] = [0, false]
    const settle = (ended: boolean): void => {
      cancel()
      stream.removeAllListeners('data')
      resolve({ bytes: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks), whole: ended && !dropped })
    }
    const cancel = clock.after(limitMs, () => settle(false))
    stream.on('data', (chunk: Buffer) => {
      if (kept + chunk.length > maxBytes) dropped = true
      else {
        chunks.push(chunk)
        kept += chunk.length
      }
    })
    stream.once('end', () => settle(true))
    stream.once('error', () => settle(false))
    stream.once('close', () => settle(false))
  })
}
