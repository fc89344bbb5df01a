import { fdatasync, writev } from 'node:fs'

/** How much of the buffers is in the file, and what kept the rest out. */
export interface Written {
  readonly bytes: number
  readonly error: NodeJS.ErrnoException | undefined
}

/** Appends the buffers, all of them unless something fails: writev may take a part only. */
export function written(fd: number, buffers: readonly Buffer[]): Promise<Written> {
  return new Promise((resolve) => {
    const go = (rest: readonly Buffer[], done: number) => {
      if (rest.length === 0) return resolve({ bytes: done, error: undefined })
      writev(fd, rest, (error, bytes) => {
        if (error !== null) resolve({ bytes: done, error })
        else go(after(rest, bytes), done + bytes)
      })
    }
    go(buffers, 0)
  })
}

function after(buffers: readonly Buffer[], bytes: number): Buffer[] {
  const rest: Buffer[] = []
  let left = bytes
  for (const buffer of buffers) {
    if (left >= buffer.length) left -= buffer.length
    else {
      rest.push(buffer.subarray(left))
      left = 0
    }
  }
  return rest
}

/** Settles when the file's bytes are on the disk. */
export function synced(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(fd, (error) => (error === null ? resolve() : reject(error)))
  })
}
