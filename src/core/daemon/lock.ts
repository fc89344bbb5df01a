import { randomBytes } from 'node:crypto'
import { linkSync, readdirSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, pause, systemClock } from '../clock.ts'
import { hasErrno, MyceliumError } from '../errors.ts'
import { type Identity, identityOf, isAlive, machineBootId, pidNamespace } from '../process.ts'
import { readRegular, textIfRegular } from '../regular-file.ts'

/** The lock that makes a daemon the only one. */
export const DAEMON_LOCK = 'daemon'

/** Either ours until released, or the living process that has it. */
export type LockResult = { readonly release: () => void } | { readonly heldBy: Identity }

/** Who asks, and the time it waits by. */
export interface LockOptions {
  readonly identity: Identity
  readonly clock?: Clock
}

/** One file `<name>.<generation>`, with the process it names if that lives. */
interface Claim {
  readonly path: string
  readonly generation: number
  readonly holder: Identity | undefined
}

/** A rival that neither yields nor settles for this long is stopped or starved; the lock is then reported as its. */
const RIVAL_WAIT_MS = 2_000
/** Nothing but a daemon holds a lock for longer, and a daemon is found by its socket. */
const UNSEEN_MS = 10 * 60_000

/**
 * Takes the lock `name` in `dir`, or tells who has it. Lock first, then unlink, bind or spawn.
 *
 * Node has no flock, so a lock is a row of files `<name>.<n>`, each linked from a complete draft (nobody reads half of one).
 * Whoever has linked one and afterwards sees no other of a living process has the lock: of two that link at the same time
 * the later one sees the earlier. Files of the dead are removed only by the one who has the lock, and no number is linked
 * while its file exists, so clearing up never removes a claim that was made meanwhile.
 */
export async function acquireLock(dir: string, name: string, options: LockOptions): Promise<LockResult> {
  const { identity, clock = systemClock } = options
  const text = JSON.stringify({
    ...identity,
    boot: machineBootId(),
    pids: pidNamespace(),
    nonce: randomBytes(8).toString('hex'),
  })
  const draft = join(dir, `${name}.draft-${identity.pid}-${randomBytes(4).toString('hex')}`)
  const deadline = clock.now() + RIVAL_WAIT_MS
  try {
    writeDraft(draft, text)
    for (;;) {
      const claims = claimsOn(dir, name)
      const holder = claims.find((claim) => claim.holder !== undefined)?.holder
      if (holder !== undefined) return { heldBy: holder }
      const own = linkNext(draft, dir, name, claims)
      if (own === undefined) continue
      const rival = await settle(dir, name, own.generation, clock, deadline)
      if (rival === undefined) {
        clearUp(dir, name, own.generation)
        return { release: () => removeIfStill(own.path, text) }
      }
      unlinkSync(own.path)
      if (clock.now() >= deadline) return { heldBy: rival }
    }
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Who has the lock `name` in `dir`, undefined when nobody alive has. Two that are still settling it count as the first. */
export function holderOf(dir: string, name: string): Identity | undefined {
  try {
    return claimsOn(dir, name).find((claim) => claim.holder !== undefined)?.holder
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined
    throw error
  }
}

/** The files of the lock `name` in `dir` that name nobody alive: whoever next gets the lock removes them. */
export function deadClaims(dir: string, name: string): readonly string[] {
  try {
    return claimsOn(dir, name).flatMap(({ path, holder }) => (holder === undefined ? [path] : []))
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return []
    throw error
  }
}

/** Undefined once no other living claim is left; else the rival that goes first: the lowest number, or one that stays. */
async function settle(dir: string, name: string, own: number, clock: Clock, deadline: number) {
  for (;;) {
    const rivals = claimsOn(dir, name).filter(
      (claim) => claim.holder !== undefined && claim.generation !== own,
    )
    const first = rivals[0]
    if (first === undefined) return undefined
    if (first.generation < own || clock.now() >= deadline) return first.holder
    // A higher number yields to ours as soon as it sees it, unless it had the lock before we linked.
    await pause(clock, 1 + Math.random() * 9)
  }
}

/** All claims, lowest number first. A file that is unreadable, senseless, or of the dead is a claim without a holder. */
function claimsOn(dir: string, name: string, now = systemClock.wall()): Claim[] {
  const claims: Claim[] = []
  for (const entry of readdirSync(dir)) {
    if (!entry.startsWith(`${name}.`)) continue
    const digits = entry.slice(name.length + 1)
    if (!/^\d{1,15}$/.test(digits)) continue
    const path = join(dir, entry)
    const text = readClaim(path)
    // Released since the listing: its name may be another's by now, so it must not count as a dead one.
    if (text !== undefined)
      claims.push({ path, generation: Number(digits), holder: livingHolder(text, path, now) })
  }
  return claims.sort((a, b) => a.generation - b.generation)
}

/** Undefined when there is no such file any more; empty when there is something that cannot be read. */
function readClaim(path: string): string | undefined {
  try {
    return readRegular(path).toString('utf8')
  } catch (error) {
    return hasErrno(error, 'ENOENT') ? undefined : ''
  }
}

function livingHolder(text: string, path: string, now: number): Identity | undefined {
  let record: Record<string, unknown>
  try {
    record = Object(JSON.parse(text))
  } catch {
    return undefined
  }
  const { pid, startTime, boot, pids } = record
  if (typeof pid !== 'number' || typeof startTime !== 'string' || boot !== machineBootId()) return undefined
  if (typeof pids === 'string' && pids !== pidNamespace()) {
    // In a container, or out of ours: whether it lives cannot be seen from here.
    const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? { mtimeMs: 0 }
    return now - mtimeMs < UNSEEN_MS ? { pid, startTime } : undefined
  }
  return isAlive({ pid, startTime }) ? { pid, startTime } : undefined
}

/** Links the next free number; undefined when somebody else was faster. */
function linkNext(draft: string, dir: string, name: string, claims: readonly Claim[]): Claim | undefined {
  const generation = (claims.at(-1)?.generation ?? 0) + 1
  const path = join(dir, `${name}.${generation}`)
  try {
    linkSync(draft, path)
    return { path, generation, holder: undefined }
  } catch (cause) {
    if (hasErrno(cause, 'EEXIST')) return undefined
    throw lockError(dir, cause)
  }
}

function writeDraft(draft: string, text: string): void {
  try {
    writeFileSync(draft, text, { flag: 'wx', mode: 0o600 })
  } catch (cause) {
    throw lockError(draft, cause)
  }
}

function lockError(path: string, cause: unknown): unknown {
  if (!(cause instanceof Error) || !('code' in cause)) return cause
  return new MyceliumError('write_failed', `no lock could be written at ${path}: ${cause.code}`, { cause })
}

/** Only the one who has the lock calls this. What cannot be removed stays: it holds nobody up. */
function clearUp(dir: string, name: string, own: number): void {
  const dead = claimsOn(dir, name)
    .filter((claim) => claim.generation < own && claim.holder === undefined)
    .map((claim) => claim.path)
  for (const entry of readdirSync(dir)) {
    const pid = entry.startsWith(`${name}.draft-`) ? Number.parseInt(entry.slice(name.length + 7), 10) : 0
    if (pid > 0 && identityOf(pid) === undefined) dead.push(join(dir, entry))
  }
  for (const path of dead) {
    try {
      unlinkSync(path)
    } catch {}
  }
}

/** The directory may have been deleted and made anew meanwhile: never remove another's file. */
function removeIfStill(path: string, text: string): void {
  try {
    if (textIfRegular(path) === text) unlinkSync(path)
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ENOTDIR')) throw error
  }
}
