import { connect, createServer } from 'node:net'

const READY_TIMEOUT_MS = 30_000
const READY_POLL_MS = 20

/** A port that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

/** Resolves when the port accepts connections. */
export async function listening(port: number): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS
  while (!(await accepts(port))) {
    if (performance.now() > deadline)
      throw new Error(`nobody listens on ${port} after ${READY_TIMEOUT_MS} ms`)
    await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS))
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const settle = (value: boolean) => {
      socket.destroy()
      resolve(value)
    }
    socket.once('connect', () => settle(true))
    socket.once('error', () => settle(false))
  })
}
