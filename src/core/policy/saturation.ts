import { cpus } from 'node:os'
import type { Clock } from '../clock.ts'
import { CROWD } from '../pool/choose.ts'
import type { Upstream } from '../pool/upstream.ts'
import { cpuMsOf } from '../process.ts'

/** Share of one core that a process which computes all the time still gets next to its own callers. */
const FULL_CORE = 0.8
/** Rounds in a row: a burst is over before a new process has started. */
const ROUNDS = 2
/**
 * Share of the machine that must be idle for a second process to have something to run on. On two cores that agents,
 * daemon and one server keep busy, a second server made calls a tenth slower.
 */
const IDLE_SHARE = 0.25
/** Whatever the process computes: the oldest of a crowd of calls has waited this long. It may take them one by one. */
const OLDEST_CALL_MS = 2_000

/** Tells from one round to the next which processes have more calls than one core can answer. */
export class Saturation {
  readonly #clock: Clock
  readonly #machineMs: () => MachineMs
  readonly #rounds = new WeakMap<Upstream, { cpuMs: number; atMs: number; full: number }>()
  #machine: MachineMs
  #idleShare = 0

  constructor(clock: Clock, machine: () => MachineMs = machineMs) {
    this.#clock = clock
    this.#machineMs = machine
    this.#machine = machine()
  }

  /** Once a round, before any question. */
  look(): void {
    const before = this.#machine
    this.#machine = this.#machineMs()
    const all = this.#machine.all - before.all
    this.#idleShare = all <= 0 ? 0 : (this.#machine.idle - before.idle) / all
  }

  /** Once a round for each process in service that many sessions share. */
  saturated(upstream: Upstream): boolean {
    if (upstream.awaited < CROWD) {
      this.#rounds.delete(upstream)
      return false
    }
    if (upstream.oldestCallMs() > OLDEST_CALL_MS) return true
    const cpuMs = cpuMsOf(upstream.process.pid)
    if (cpuMs === undefined) return false
    const last = this.#rounds.get(upstream)
    const atMs = this.#clock.now()
    const isFull = last !== undefined && cpuMs - last.cpuMs > FULL_CORE * (atMs - last.atMs)
    const full = isFull ? last.full + 1 : 0
    this.#rounds.set(upstream, { cpuMs, atMs, full })
    return full >= ROUNDS && this.#idleShare > IDLE_SHARE
  }
}

/** CPU time of all cores since the machine started, ms. */
interface MachineMs {
  readonly idle: number
  readonly all: number
}

function machineMs(): MachineMs {
  let [idle, all] = [0, 0]
  for (const { times } of cpus()) {
    idle += times.idle
    all += times.user + times.nice + times.sys + times.idle + times.irq
  }
  return { idle, all }
}
