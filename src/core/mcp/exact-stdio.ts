import { PassThrough, Writable } from 'node:stream'
import { LineSplitter } from '../lines.ts'
import { asWritten, withExactArguments } from './exact-json.ts'

/** As the daemon bounds lines (limits.line_bytes). */
const MAX_LINE_BYTES = 256 * 1024 * 1024

/** Standard input and output for the library that serves: arguments for calls of `tool` pass as they were written, and so does what it writes. */
export function exactStdio(tool: string): { readonly input: PassThrough; readonly output: Writable } {
  const input = new PassThrough()
  const take = (line: Buffer): void => {
    input.write(withExactArguments(line, tool))
    input.write('\n')
  }
  const lines = new LineSplitter(MAX_LINE_BYTES, take, () => input.destroy())
  process.stdin.on('data', (chunk: Buffer) => lines.push(chunk))
  process.stdin.once('end', () => input.end())
  process.stdin.once('close', () => input.end())
  const output = new Writable({
    decodeStrings: false,
    // The library writes a message at once.
    write: (message: string | Buffer, _, done) => void process.stdout.write(asWritten(String(message)), done),
  })
  return { input, output }
}
