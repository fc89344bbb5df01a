import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { agent, isHere, listen, MARKER, makeLauncher, noise } from '../process/launcher-rig.ts'
import { verifies } from '../requirements.ts'

it.each((['c', 'perl'] as const).filter(isHere))(
  'the %s relay echoes 100 MB in pieces of changing size past a reader that stalls',
  async (relay) => {
    verifies('LAUNCH-2')
    const { file, paths } = makeLauncher()
    await listen(paths, (stream) => stream.pipe(stream))
    const bytes = noise(100 << 20)
    const client = agent([file, '--', 'false'], { relay })
    let chunks = 0
    client.child.stdout.on('data', () => {
      if (++chunks % 100 !== 0) return
      client.child.stdout.pause()
      setTimeout(() => client.child.stdout.resume(), 20)
    })
    for (let at = 0, size = 1; at < bytes.length; at += size, size = (size * 7919 + 13) % 200_003) {
      if (!client.child.stdin.write(bytes.subarray(at, at + size))) await once(client.child.stdin, 'drain')
    }
    client.child.stdin.end()
    const { code, stdout } = await client.done
    const sha1 = (...parts: Buffer[]) =>
      parts.reduce((hash, part) => hash.update(part), createHash('sha1')).digest('hex')
    expect({ code, sha1: sha1(stdout) }).toEqual({ code: 0, sha1: sha1(bytes, Buffer.from(MARKER)) })
  },
  120_000,
)
