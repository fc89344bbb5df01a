import { type Identity, identityOf, isAlive, pssKb } from '../../src/core/process.ts'
import type { StartLine, StartLog } from './start-log.ts'

/** A process of a server that was started. */
export interface Start extends StartLine {
  /** When it was first seen, by the simulated clock. */
  readonly atMs: number
}

/** What was held over some time. */
export interface Held {
  /** MB hours (PSS) of servers, and of what stands before them: daemon and relays. */
  readonly serversMbH: number
  readonly otherMbH: number
  /** Hours that processes of servers were there, all together. */
  readonly processHours: number
}

const READ_AGAIN_MS = 30 * 60_000
const HOUR_MS = 3_600_000

/** Counts starts by the log that the servers' programs write, and adds up what is held between two looks (trapezoids), by the simulated clock. */
export class Meter {
  readonly starts: Start[] = []
  readonly #log: StartLog
  #seen = 0
  #others: () => readonly number[] = () => []
  #alive: readonly Identity[] = []
  #memory = { servers: 0, others: 0, atMs: Number.NEGATIVE_INFINITY, of: '' }
  #last: { atMs: number; servers: number; others: number; processes: number } | undefined
  #held = { serversMbH: 0, otherMbH: 0, processHours: 0 }

  constructor(log: StartLog) {
    this.#log = log
  }

  /** Says which processes stand before the servers. */
  standing(others: () => readonly number[]): void {
    this.#others = others
  }

  /** So far. */
  get held(): Held {
    return { ...this.#held }
  }

  /** Looks at what is there now. */
  look(atMs: number): void {
    this.#log.readOn()
    const started = this.#log.lines.slice(this.#seen).map((line) => ({ ...line, atMs }))
    this.#seen += started.length
    this.starts.push(...started)
    this.#alive = [...this.#alive, ...started.flatMap(({ pid }) => identityOf(pid) ?? [])].filter(isAlive)
    const servers = this.#alive.map(({ pid }) => pid)
    const others = this.#others()
    const of = [...servers, '|', ...others].join(' ')
    if (of !== this.#memory.of || atMs - this.#memory.atMs > READ_AGAIN_MS)
      this.#memory = { servers: mbOf(servers), others: mbOf(others), atMs, of }
    const now = {
      atMs,
      servers: this.#memory.servers,
      others: this.#memory.others,
      processes: this.#alive.length,
    }
    const last = this.#last ?? now
    const half = (atMs - last.atMs) / HOUR_MS / 2
    this.#held.serversMbH += half * (last.servers + now.servers)
    this.#held.otherMbH += half * (last.others + now.others)
    this.#held.processHours += half * (last.processes + now.processes)
    this.#last = now
  }
}

function mbOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + (pssKb(pid) ?? 0), 0) / 1_024
}
