import { closeSync, openSync, readSync } from 'node:fs'

/** A line of the log that the fleet's programs write as they start. */
export interface StartLine {
  readonly server: string
  readonly pid: number
}

/** What started so far, by the programs' own word. */
export class StartLog {
  readonly lines: StartLine[] = []
  readonly #file: string
  #read = 0

  constructor(file: string) {
    this.#file = file
  }

  /** Reads on; gives the lines that are new. */
  readOn(): readonly StartLine[] {
    const text = readFrom(this.#file, this.#read)
    const whole = text.slice(0, text.lastIndexOf('\n') + 1)
    this.#read += whole.length
    const fresh = whole
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [server, pid] = line.split(' ')
        return { server: server!, pid: Number(pid) }
      })
    this.lines.push(...fresh)
    return fresh
  }

  /** How often a server has started so far. */
  countOf(server: string): number {
    this.readOn()
    return this.lines.filter((line) => line.server === server).length
  }
}

/** What was appended since; the log is ASCII. */
function readFrom(file: string, from: number): string {
  let opened: number
  try {
    opened = openSync(file, 'r')
  } catch {
    return ''
  }
  try {
    const buffer = Buffer.alloc(65_536)
    return buffer.toString('ascii', 0, readSync(opened, buffer, 0, buffer.length, from))
  } finally {
    closeSync(opened)
  }
}
