import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { preparePaths } from '../../src/core/config/paths.ts'
import { verifies } from '../requirements.ts'
import {
  type Agent,
  agent,
  has,
  isHere,
  listen,
  MARKER,
  makeLauncher,
  noise,
  RELAYS,
  readBytes,
} from './launcher-rig.ts'

const MB = 1 << 20
const sha1 = (bytes: Buffer) => createHash('sha1').update(bytes).digest('hex')
const call = (file: string) => [file, '--client=test', '--', '/bin/false']

/** Writes in chunks of changing size, waiting whenever the launcher does not take more. */
function writeInPieces(to: Agent, bytes: Buffer) {
  const state = { at: 0, done: Promise.resolve() }
  state.done = (async () => {
    for (let size = 1; state.at < bytes.length; size = (size * 7919 + 13) % 200_003) {
      const taken = to.child.stdin.write(bytes.subarray(state.at, state.at + size))
      state.at += size
      if (!taken) await once(to.child.stdin, 'drain')
    }
  })()
  return state
}

for (const relay of RELAYS) {
  const mark = relay === 'nc' ? '' : MARKER

  describe.skipIf(!isHere(relay))(`the ${relay} relay`, () => {
    it('delivers a 10 MB line, half-closes, and then the late 8 MB answer', async () => {
      verifies('LAUNCH-2')
      const { file, paths } = makeLauncher()
      const answer = noise(8 * MB)
      const toy = await listen(paths, (stream) => stream.on('end', () => stream.end(answer)))
      const line = Buffer.from(`${'é'.repeat(5 * MB)}\n`)
      const client = agent(call(file), { relay })
      client.child.stdin.end(line)
      const { received } = await toy.session()
      expect(sha1(await received)).toBe(sha1(Buffer.concat([line, Buffer.from(mark)])))
      const { code, stdout, stderr } = await client.done
      expect({ code, stderr, sha1: sha1(stdout) }).toEqual({ code: 0, stderr: '', sha1: sha1(answer) })
    })

    it('echoes 10 MB in pieces of changing size past a reader that stalls', async () => {
      verifies('LAUNCH-2')
      const { file, paths } = makeLauncher()
      await listen(paths, (stream) => stream.pipe(stream))
      const bytes = noise(10 * MB)
      const client = agent(call(file), { relay })
      client.child.stdout.pause()
      const written = writeInPieces(client, bytes)
      // Everything between agent and agent is full once stdin has not drained for a while.
      for (let before = -1; before !== written.at; ) {
        before = written.at
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      expect(written.at).toBeLessThan(bytes.length)
      client.child.stdout.resume()
      await written.done
      client.child.stdin.end()
      const { code, stdout } = await client.done
      expect({ code, sha1: sha1(stdout) }).toEqual({
        code: 0,
        sha1: sha1(Buffer.concat([bytes, Buffer.from(mark)])),
      })
    })

    it('takes 8 MB from an agent that does not read yet', async () => {
      verifies('LAUNCH-2')
      const { file, paths } = makeLauncher()
      const bytes = noise(8 * MB)
      const toy = await listen(paths, (stream) => stream.on('data', (chunk) => stream.write(chunk)))
      const client = agent(call(file), { relay })
      client.child.stdout.pause()
      client.child.stdin.end(bytes)
      const { received } = await toy.session()
      expect((await received).length).toBe(bytes.length + mark.length)
      client.child.stdout.resume()
      await readBytes(client, bytes.length)
    })

    it('ends at once when the daemon closes first, and nothing of what it said is lost', async () => {
      verifies('LAUNCH-2')
      const { file, paths } = makeLauncher()
      const bytes = noise(2 * MB)
      await listen(paths, (stream) => stream.end(bytes).on('finish', () => stream.destroy()))
      const client = agent(call(file), { relay })
      const { code, stdout } = await client.done
      expect({ code, sha1: sha1(stdout) }).toEqual({ code: 0, sha1: sha1(bytes) })
    })

    it.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGKILL'] as const)('ends at once by %s', async (signal) => {
      verifies('LAUNCH-2', 'LAUNCH-4')
      const { file, paths } = makeLauncher()
      const toy = await listen(paths, (stream) => stream.write('hi'))
      const client = agent(call(file), { relay })
      const { received } = await toy.session()
      await readBytes(client, 2)
      client.child.kill(signal)
      expect((await client.done).signal).toBe(signal)
      expect((await received).toString()).toBe('')
    })
  })
}

describe.each(['c', 'perl', 'node'] as const)(
  'the %s relay, which can tell the death of an agent',
  (relay) => {
    it.skipIf(!isHere(relay))('leaves at once and unmarked when the agent closes stdout alone', async () => {
      verifies('LAUNCH-2', 'PROTO-2')
      const { file, paths } = makeLauncher()
      const toy = await listen(paths, (stream) => stream.write('hi'))
      const client = agent(call(file), { relay })
      const { received } = await toy.session()
      await readBytes(client, 2)
      client.child.stdout.destroy()
      expect((await received).toString()).toBe('')
      await client.done
    })

    it.skipIf(!isHere(relay) || !has('perl'))(
      'stays when the agent only shut down its own side of stdout, as Bun does',
      async () => {
        verifies('LAUNCH-2')
        const { file, paths } = makeLauncher()
        const toy = await listen(paths, (stream) => stream.pipe(stream))
        const likeBun = fileURLToPath(new URL('../fixtures/launcher-agent-bun.pl', import.meta.url))
        const client = agent(['perl', likeBun, ...call(file)], { relay })
        expect((await (await toy.session()).received).toString()).toBe('ping')
        expect((await client.done).stdout.toString()).toBe('ping')
      },
    )
  },
)

describe.skipIf(!isHere('c'))('the c relay', () => {
  it('asks a second time when the daemon closed without a word, as one does that is being killed', async () => {
    verifies('LAUNCH-3')
    const { file, paths } = makeLauncher()
    preparePaths(paths)
    let connections = 0
    const server = createServer((stream) => {
      connections += 1
      if (connections === 1) return stream.destroy()
      stream.once('data', () => {
        stream.write('ok\n')
        stream.pipe(stream)
      })
    })
    onTestFinished(() => void server.close())
    await once(server.listen(paths.socket), 'listening')
    const client = agent(call(file), { relay: 'c' })
    client.child.stdin.end('ping')
    const { stdout, stderr } = await client.done
    expect({ stdout: stdout.toString(), stderr }).toEqual({ stdout: `ping${MARKER}`, stderr: '' })
  })

  it.runIf(process.platform === 'linux')('holds no memory once a burst has passed', async () => {
    verifies('LAUNCH-2')
    const { file, paths } = makeLauncher()
    const toy = await listen(paths, (stream) => stream.on('data', (chunk) => stream.write(chunk)))
    const client = agent(call(file), { relay: 'c' })
    await toy.session()
    const ownKb = () =>
      Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${client.child.pid}/status`, 'utf8'))![1])
    client.child.stdout.pause()
    client.child.stdin.write(noise(8 * MB))
    await expect.poll(ownKb, { timeout: 5000 }).toBeGreaterThan(1000)
    client.child.stdout.resume()
    await readBytes(client, 8 * MB)
    await expect.poll(ownKb, { timeout: 5000 }).toBeLessThan(200)
  })
})

describe.each((['c', 'perl'] as const).filter(isHere))('the %s relay between pipes', (relay) => {
  it('leaves at once and unmarked when the reader of stdout is gone', async () => {
    verifies('LAUNCH-2', 'PROTO-2')
    const { file, paths } = makeLauncher()
    const toy = await listen(paths, (stream) => stream.write('hi'))
    const client = agent(['/bin/sh', '-c', '"$@" | head -c 2', '-', ...call(file)], { relay })
    expect((await (await toy.session()).received).toString()).toBe('')
    expect((await client.done).stdout.toString()).toBe('hi')
  })

  it('carries both directions and the half-close', async () => {
    verifies('LAUNCH-2')
    const { file, paths } = makeLauncher()
    await listen(paths, (stream) => stream.pipe(stream))
    const bytes = noise(10 * MB)
    const client = agent(['/bin/sh', '-c', 'cat | "$@" | cat', '-', ...call(file)], { relay })
    client.child.stdin.end(bytes)
    const { code, stdout } = await client.done
    expect({ code, sha1: sha1(stdout) }).toEqual({
      code: 0,
      sha1: sha1(Buffer.concat([bytes, Buffer.from(MARKER)])),
    })
  })

  it('reads a file and writes a file', async () => {
    verifies('LAUNCH-2')
    const { file, paths } = makeLauncher()
    await listen(paths, (stream) => stream.pipe(stream))
    const script = '"$@" <"$0" >"$0.out" && tail -c +1 "$0.out"'
    const client = agent(['/bin/sh', '-c', script, file, ...call(file)], { relay })
    const { stdout } = await client.done
    expect(stdout.subarray(0, 9).toString()).toBe('#!/bin/sh')
    expect(stdout.subarray(-MARKER.length).toString()).toBe(MARKER)
  })
})

it('the whole launcher passes shellcheck', ({ skip }) => {
  verifies('LAUNCH-2')
  if (!has('shellcheck')) return skip('shellcheck is not installed')
  const { file } = makeLauncher()
  const check = spawnSync('shellcheck', [file], { encoding: 'utf8' })
  expect(check.stdout).toBe('')
  expect(check.status).toBe(0)
})
