import { randomBytes } from 'node:crypto'
import { mkdirSync, openSync, readdirSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { isSegmentName } from '../config/own-names.ts'
import { hasErrno } from '../errors.ts'
import { type Identity, isAlive, machineBootId } from '../process.ts'
import { HEAD, plainFrame, SEAL } from './frame.ts'
import { SHARED_NAME } from './shared-name.ts'

/** Who writes a segment, from its first frame. */
export interface SegmentHead {
  readonly format: 1
  readonly writer: string
  readonly pid: number
  readonly startTime: string
  /** Of the machine: after a reboot a pid says nothing. */
  readonly boot: string
}

/** Segments in a directory, oldest name order aside: sorted so that two looks agree. */
export function segmentNames(dir: string): string[] {
  try {
    return readdirSync(dir).filter(isSegmentName).sort()
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return []
    throw error
  }
}

/**
 * Gives the shared segment a name of its own, so that the next event begins a new one. A process that has it open already goes on
 * writing to it: it is at rest only some time later.
 */
export function setSharedAside(dir: string, wallMs: number): void {
  const name = `shared-${Math.floor(wallMs / 1000)}-${randomBytes(6).toString('hex')}.seg`
  try {
    renameSync(join(dir, SHARED_NAME), join(dir, name))
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ENOTDIR')) throw error
  }
}

/** Makes a new segment with its head written; nobody else writes to it. */
export function createSegment(
  dir: string,
  writer: string,
  owner: Identity,
): { fd: number; path: string; bytes: number } {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const path = join(dir, `${writer}-${owner.pid}-${randomBytes(6).toString('hex')}.seg`)
  const fd = openSync(path, 'ax', 0o600)
  const head = headFrame(writer, owner)
  writeSync(fd, head)
  return { fd, path, bytes: head.length }
}

function headFrame(writer: string, owner: Identity): Buffer {
  const head: SegmentHead = {
    format: 1,
    writer,
    pid: owner.pid,
    startTime: owner.startTime,
    boot: machineBootId(),
  }
  return plainFrame(HEAD, Buffer.from(JSON.stringify(head)))
}

/** What ends a segment that its writer has finished. */
export function sealOfSegment(): Buffer {
  return plainFrame(SEAL, Buffer.alloc(0))
}

/** Whether the process that wrote this head may still add to its segment. */
export function writerLives(head: SegmentHead): boolean {
  return head.boot === machineBootId() && isAlive({ pid: head.pid, startTime: head.startTime })
}
