import { accessSync, constants, existsSync } from 'node:fs'
import { join } from 'node:path'
import { hasMemory, passesMemoryOn, passMemoryOn, sweepLeaf } from './delegated.ts'
import { groupRung, pidsIn, textOf } from './group.ts'
import { placesIn } from './places.ts'
import { POLLING, rlimitRung } from './rlimit.ts'
import type { Mechanism, Rung, RunTool } from './rung.ts'
import { scopeRung } from './scope.ts'

/** A mechanism that is not to be had, why, and what would change that. */
export interface Refused {
  readonly mechanism: Mechanism
  readonly because: string
  readonly next: string
}

/** What this machine has, best first; polling is always the last. */
export interface Ladder {
  readonly rungs: readonly Rung[]
  readonly refused: readonly Refused[]
}

/** What is looked at and used. */
export interface Ground {
  readonly platform: NodeJS.Platform
  /** envelope.cgroup: '' for one's own group. */
  readonly given: string
  /** Directories of programs, as PATH has them. */
  readonly path: string
  /** The user's runtime directory, where a user manager listens. */
  readonly runtimeDir: string
  readonly run: RunTool
  /** Processes that may be moved out of one's own group. */
  readonly ours: () => readonly number[]
}

const NO_UNIFIED = 'no cgroup v2 with the memory controller here'
const NO_LEGACY = 'no cgroup v1 with the memory controller here'
const GIVE = 'have an administrator give you a group: mycelium config set envelope.cgroup=DIRECTORY'

/** The rungs there are; looks and changes nothing. */
export function ladderOf(ground: Ground): Ladder {
  const { platform, given, path, run, ours } = ground
  if (platform !== 'linux') {
    const because = `${platform} bounds no process tree`
    const next = 'nothing to be done: polling works everywhere'
    const refused = (['cgroup-v2', 'cgroup-v1', 'prlimit'] as const).map((mechanism) => ({
      mechanism,
      because,
      next,
    }))
    return { rungs: [POLLING], refused }
  }
  const rungs: Rung[] = []
  const refused: Refused[] = []
  const own = placesIn(textOf('/proc/self/cgroup') ?? '', textOf('/proc/self/mountinfo') ?? '')
  const version = given === '' ? undefined : versionOf(given)
  const unified = given === '' ? own.unified : version === 2 ? given : undefined
  const legacy = given === '' ? own.legacy : version === 1 ? given : undefined

  const none = (kind: string, usual: string) => (given === '' ? usual : `${given} is no ${kind}`)
  const why2 = unified === undefined ? none('cgroup v2', NO_UNIFIED) : whyNot2(unified, given !== '', ours)
  if (unified !== undefined && why2 === undefined) {
    rungs.push(
      groupRung(2, unified, async () => {
        if (!passesMemoryOn(unified)) sweepLeaf(unified)
        return passMemoryOn(unified, ours)
      }),
    )
  } else refused.push({ mechanism: 'cgroup-v2', because: why2!, next: GIVE })

  const busctl = programIn(path, 'busctl')
  const whyScope = whyNoScope(ground, own.unified, busctl)
  if (whyScope === undefined) rungs.push(scopeRung(busctl!, run))
  else
    refused.push({
      mechanism: 'systemd-scope',
      because: whyScope,
      next: 'log in by a session of systemd, or: loginctl enable-linger',
    })

  const why1 = legacy === undefined ? none('cgroup v1', NO_LEGACY) : whyNotWritable(legacy)
  if (legacy !== undefined && why1 === undefined) {
    rungs.push(groupRung(1, legacy, async () => () => {}))
  } else refused.push({ mechanism: 'cgroup-v1', because: why1!, next: GIVE })

  const prlimit = programIn(path, 'prlimit')
  if (prlimit !== undefined) rungs.push(rlimitRung(prlimit, run))
  else
    refused.push({
      mechanism: 'prlimit',
      because: 'no program prlimit here',
      next: 'apt-get install util-linux, or what your system calls it',
    })
  return { rungs: [...rungs, POLLING], refused }
}

/** What kind of group a directory is; undefined for one that is none. */
function versionOf(dir: string): 1 | 2 | undefined {
  if (existsSync(join(dir, 'cgroup.controllers'))) return 2
  return existsSync(join(dir, 'memory.limit_in_bytes')) ? 1 : undefined
}

function whyNot2(dir: string, isGiven: boolean, ours: () => readonly number[]): string | undefined {
  if (!hasMemory(dir)) return `${dir} has no memory controller`
  const closed = whyNotWritable(dir)
  if (closed !== undefined) return closed
  if (passesMemoryOn(dir)) return undefined
  const own = ours()
  const strangers = pidsIn(dir).filter((pid) => !own.includes(pid)).length
  if (strangers === 0) return undefined
  return isGiven
    ? `${dir} has processes of its own, and so none of its groups can be bounded`
    : `${strangers} processes that are not mycelium's are in its group ${dir}`
}

function whyNotWritable(dir: string): string | undefined {
  try {
    accessSync(dir, constants.W_OK)
    accessSync(join(dir, 'cgroup.procs'), constants.W_OK)
    return undefined
  } catch {
    return `${dir} is not this user's to write`
  }
}

function whyNoScope(
  { runtimeDir }: Ground,
  unified: string | undefined,
  busctl: string | undefined,
): string | undefined {
  if (unified === undefined || !hasMemory(unified)) return NO_UNIFIED
  if (!existsSync(join(runtimeDir, 'systemd', 'private'))) return 'no systemd of this user runs'
  return busctl === undefined ? 'no program busctl here' : undefined
}

function programIn(path: string, name: string): string | undefined {
  return [...path.split(':'), '/usr/bin', '/bin'].map((dir) => join(dir, name)).find(existsSync)
}
