import type { Socket } from 'node:net'
import { ERRORS, MyceliumError } from '../errors.ts'
import { LineSplitter } from '../lines.ts'
import type { ControlReply, ControlRequest } from './wire.ts'

/** The commands of the control socket, by name; each gives the data of its answer. */
export type Commands = Readonly<
  Record<string, (args: Readonly<Record<string, unknown>>) => Promise<unknown> | unknown>
>

const MAX_REQUEST_BYTES = 16 * 1024 * 1024

/** Serves one command line; pairs with connect.ts. */
export function serveControl(socket: Socket, rest: Buffer, commands: Commands): void {
  const lines = new LineSplitter(
    MAX_REQUEST_BYTES,
    (line) => void answer(line, commands).then((reply) => socket.write(`${JSON.stringify(reply)}\n`)),
    () => socket.destroy(),
  )
  socket.on('error', () => socket.destroy())
  socket.on('end', () => socket.end())
  socket.on('data', (chunk: Buffer) => lines.push(chunk))
  if (rest.length > 0) lines.push(rest)
  socket.resume()
}

async function answer(line: Buffer, commands: Commands): Promise<ControlReply> {
  let id = 0
  try {
    const request = JSON.parse(line.toString('utf8')) as ControlRequest
    id = request.id
    const run = Object.hasOwn(commands, request.cmd) ? commands[request.cmd] : undefined
    if (run === undefined) {
      throw new MyceliumError('usage', `the daemon does not know the command ${request.cmd}`, {
        hint: 'mycelium daemon restart',
      })
    }
    return { id, ok: true, data: await run(request.args ?? {}) }
  } catch (error) {
    const code = error instanceof MyceliumError ? error.code : 'internal'
    const message = error instanceof Error ? error.message : String(error)
    const hint = error instanceof MyceliumError ? error.hint : ERRORS.internal.hint
    return { id, ok: false, error: { code, message, hint } }
  }
}
