// Set-up and build of one checkout may be started twice at once (npm start in one terminal, npm test in the other): the second waits.
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const POLL_MS = 100
/** A slow machine with a cold npm cache needs minutes; longer than this is a hang. */
const GIVE_UP_MS = 15 * 60_000

/** Runs `work` while no other process of this checkout does. A lock whose owner died is broken. */
export async function withLock(root, work) {
  const lock = join(root, '.setup.lock')
  const mine = `${lock}.${process.pid}`
  const deadline = performance.now() + GIVE_UP_MS
  while (!take(lock, mine)) {
    if (performance.now() > deadline) throw new Error(`${lock} is held by process ${ownerOf(lock)}`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  const release = () => rmSync(lock, { force: true })
  const interrupted = () => {
    release()
    process.exit(130)
  }
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted)
  try {
    return await work()
  } finally {
    release()
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted)
  }
}

function take(lock, mine) {
  // Linked into place with its content, so that nobody ever reads a lock without an owner.
  writeFileSync(mine, String(process.pid))
  try {
    linkSync(mine, lock)
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    breakIfDead(lock, mine)
    return false
  } finally {
    rmSync(mine, { force: true })
  }
}

function breakIfDead(lock, mine) {
  const owner = ownerOf(lock)
  if (owner === undefined || isAlive(owner)) return
  try {
    renameSync(lock, `${mine}.dead`)
  } catch (error) {
    if (error.code === 'ENOENT') return
    throw error
  }
  // Between look and move another process may have broken it and taken a new one: give that one back.
  if (ownerOf(`${mine}.dead`) !== owner) linkSync(`${mine}.dead`, lock)
  rmSync(`${mine}.dead`, { force: true })
}

function ownerOf(lock) {
  try {
    return Number(readFileSync(lock, 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
