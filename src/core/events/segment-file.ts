import { randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readdirSync, readSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { isSegmentName } from '../config/own-names.ts'
import { hasErrno } from '../errors.ts'
import { type Identity, machineBootId, pidNamespace } from '../process.ts'
import { FRAME_HEAD_BYTES, HEAD, plainFrame, SEAL } from './frame.ts'
import { SHARED_NAME } from './shared-name.ts'

/** Who writes a segment, from its first frame. */
export interface SegmentHead {
  readonly format: 1
  readonly writer: string
  readonly pid: number
  readonly startTime: string
  /** Where its pid means this process: of the machine's boot and of the pid namespace. */
  readonly boot: string
}

/** Segments in a directory, sorted so that two looks agree; something else with such a name is none. */
export function segmentNames(dir: string): string[] {
  try {
    return readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isFile() && isSegmentName(entry.name))
      .map(({ name }) => name)
      .sort()
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return []
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

/** Makes a new segment with its head written; nobody else writes to it. Leaves no file behind when that fails. */
export function createSegment(
  dir: string,
  writer: string,
  owner: Identity,
): { fd: number; path: string; bytes: number } {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const path = join(dir, `${writer}-${owner.pid}-${randomBytes(6).toString('hex')}.seg`)
  const fd = openSync(path, 'ax', 0o600)
  try {
    const head = headFrame(writer, owner)
    for (let at = 0; at < head.length; ) at += writeSync(fd, head, at)
    return { fd, path, bytes: head.length }
  } catch (error) {
    closeSync(fd)
    rmSync(path, { force: true })
    throw error
  }
}

function headFrame(writer: string, owner: Identity): Buffer {
  const head: SegmentHead = {
    format: 1,
    writer,
    pid: owner.pid,
    startTime: owner.startTime,
    boot: whereOurPidsCount(),
  }
  return plainFrame(HEAD, Buffer.from(JSON.stringify(head)))
}

/** What ends a segment that its writer has finished. */
export function sealOfSegment(): Buffer {
  return plainFrame(SEAL, Buffer.alloc(0))
}

/** Whether an open segment of that size ends with its seal. */
export function isSealed(fd: number, size: number): boolean {
  if (size < FRAME_HEAD_BYTES) return false
  const tail = Buffer.alloc(FRAME_HEAD_BYTES)
  readSync(fd, tail, 0, FRAME_HEAD_BYTES, size - FRAME_HEAD_BYTES)
  return tail.equals(sealOfSegment())
}

/** The machine's boot and the pid namespace: within them a pid with its start time is one process, elsewhere it says nothing. */
export function whereOurPidsCount(): string {
  return `${machineBootId()} ${pidNamespace()}`.trimEnd()
}
