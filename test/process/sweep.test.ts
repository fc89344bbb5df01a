import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it, onTestFinished } from 'vitest'
import { bootIdOf, sweepLeftovers } from '../../src/core/daemon/journal.ts'
import { forgetUpstream, recordUpstream, type UpstreamRecord } from '../../src/core/daemon/records.ts'
import { endUpstream, killNow } from '../../src/core/pool/kill.ts'
import { markerOf, spawnUpstream } from '../../src/core/pool/spawn.ts'
import { type Identity, identityOf } from '../../src/core/process.ts'
import { verifies } from '../requirements.ts'
import { isGone, killAfterTest, serverFile, shortDirectory, until } from './programs.ts'

const self = () => identityOf(process.pid)!

/** A process that ran and is gone. */
async function deadProcess(): Promise<Identity> {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' })
  const identity = identityOf(child.pid!)!
  child.kill('SIGKILL')
  await new Promise((resolve) => child.once('exit', resolve))
  return identity
}

/** A stubborn server as the daemon `daemon` of this run directory would have started it. */
async function startFor(daemon: Identity, paths: { run: string }, ...flags: string[]) {
  const marker = markerOf(bootIdOf(paths, daemon))
  const upstream = await spawnUpstream({
    file: process.execPath,
    args: [serverFile('stubborn'), ...flags],
    cwd: '/',
    env: { PATH: process.env.PATH ?? '' },
    marker,
  })
  onTestFinished(() => killNow([upstream]))
  const pids = await new Promise<{ root: number; grandchild: number }>((resolve) => {
    createInterface({ input: upstream.stderr }).once('line', (line) => resolve(JSON.parse(line)))
  })
  killAfterTest(upstream.pid, pids.grandchild)
  const record: UpstreamRecord = { root: upstream.identity, marker, daemon, command: 'stubborn' }
  return { upstream, record, ...pids }
}

it('what a dead daemon left is ended, to the last grandchild, and its records are gone', async () => {
  verifies('POOL-3')
  const paths = { run: shortDirectory() }
  const daemon = await deadProcess()
  const first = await startFor(daemon, paths)
  const second = await startFor(daemon, paths, '--clear-env')
  recordUpstream(paths, first.record)
  recordUpstream(paths, second.record)
  const sweep = await sweepLeftovers(paths)
  expect(sweep.survivors).toEqual([])
  const expected = [first.root, first.grandchild, second.root, second.grandchild].sort()
  expect(sweep.ended.map(({ pid }) => pid).sort()).toEqual(expected)
  expect(expected.filter((pid) => !isGone(pid))).toEqual([])
  expect(readdirSync(join(paths.run, 'upstreams'))).toEqual([])
})

it('an orphan without environment in a session of its own is ended when the record knew it', async () => {
  verifies('POOL-3')
  const paths = { run: shortDirectory() }
  const daemon = await deadProcess()
  const { upstream, record, root, grandchild } = await startFor(daemon, paths, '--clear-env')
  recordUpstream(paths, { ...record, tree: [identityOf(grandchild)!] })
  process.kill(root, 'SIGKILL')
  await upstream.exited
  expect((await sweepLeftovers(paths)).ended.map(({ pid }) => pid)).toEqual([grandchild])
  expect(isGone(grandchild)).toBe(true)
})

it('the marker alone is enough: no record, root already gone', async () => {
  verifies('POOL-3')
  const paths = { run: shortDirectory() }
  const { upstream, root, grandchild } = await startFor(await deadProcess(), paths)
  process.kill(root, 'SIGKILL')
  await upstream.exited
  await sweepLeftovers(paths)
  expect(isGone(grandchild)).toBe(true)
})

it('the upstreams of a daemon that still lives are left alone, records and all', async () => {
  const paths = { run: shortDirectory() }
  const { upstream, record, root, grandchild } = await startFor(self(), paths)
  recordUpstream(paths, record)
  expect(await sweepLeftovers(paths)).toEqual({ ended: [], survivors: [] })
  expect([isGone(root), isGone(grandchild)]).toEqual([false, false])
  expect(readdirSync(join(paths.run, 'upstreams'))).toEqual([String(root)])
  await endUpstream(upstream, { eofMs: 10, graceMs: 10 })
  forgetUpstream(paths, root)
  expect(readdirSync(join(paths.run, 'upstreams'))).toEqual([])
})

it('the upstreams of another run directory are left alone', async () => {
  const paths = { run: shortDirectory() }
  const { root, grandchild } = await startFor(await deadProcess(), paths)
  expect(await sweepLeftovers({ run: shortDirectory() })).toEqual({ ended: [], survivors: [] })
  expect([isGone(root), isGone(grandchild)]).toEqual([false, false])
})

it('a process that has a recorded pid but another start time is not harmed, nor what it started', async () => {
  verifies('LAUNCH-3')
  const paths = { run: shortDirectory() }
  const daemon = await deadProcess()
  const parent = spawn('/bin/sh', ['-c', 'sleep 60 & echo $!; wait'], { detached: true })
  onTestFinished(() => {
    process.kill(-parent.pid!, 'SIGKILL')
  })
  const child = await new Promise<number>((resolve) => {
    parent.stdout.once('data', (data) => resolve(Number(String(data))))
  })
  const root = { pid: parent.pid!, startTime: '1' }
  recordUpstream(paths, {
    root,
    marker: markerOf(bootIdOf(paths, daemon)),
    daemon,
    command: 'sh',
    tree: [{ pid: child, startTime: '1' }],
  })
  expect(await sweepLeftovers(paths)).toEqual({ ended: [], survivors: [] })
  expect([isGone(parent.pid!), isGone(child)]).toEqual([false, false])
  expect(existsSync(join(paths.run, 'upstreams', String(root.pid)))).toBe(false)
})

it('senseless records are removed and harm nobody', async () => {
  const paths = { run: shortDirectory() }
  expect(await sweepLeftovers(paths)).toEqual({ ended: [], survivors: [] })
  const dir = join(paths.run, 'upstreams')
  mkdirSync(dir)
  const daemon = { pid: 4_194_304, startTime: '1' }
  const texts = [
    '',
    '{',
    'null',
    '[]',
    JSON.stringify({ root: { pid: 1, startTime: '0' }, marker: 'm', daemon, command: 'x' }),
    JSON.stringify({ root: { pid: -1, startTime: '0' }, marker: 'm', daemon, command: 'x' }),
    JSON.stringify({ root: self(), marker: 'another-place.1.1:x', daemon, command: 'x' }),
    JSON.stringify({ root: self(), marker: 'm', daemon, command: 'x', tree: [null] }),
  ]
  for (const [i, text] of texts.entries()) writeFileSync(join(dir, String(i)), text)
  expect(await sweepLeftovers(paths)).toEqual({ ended: [], survivors: [] })
  expect(readdirSync(dir)).toEqual([])
})

it('the sweeping process itself is spared, though it carries a marker or is recorded', async () => {
  const paths = { run: shortDirectory() }
  const daemon = await deadProcess()
  const marker = markerOf(bootIdOf(paths, daemon))
  recordUpstream(paths, { root: self(), marker, daemon, command: 'node' })
  const bystander = spawn('sleep', ['60'], { stdio: 'ignore' })
  onTestFinished(() => {
    bystander.kill('SIGKILL')
  })
  await until('it runs', () => identityOf(bystander.pid!) !== undefined)
  expect(await sweepLeftovers(paths)).toEqual({ ended: [], survivors: [] })
  expect(isGone(bystander.pid!)).toBe(false)
})
