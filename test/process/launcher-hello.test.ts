// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax of clients and shells is the subject here
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Paths, preparePaths } from '../../src/core/config/paths.ts'
import { verifies } from '../requirements.ts'
import { agent, has, isHere, listen, MARKER, makeLauncher, RELAY_BINARY, RELAYS } from './launcher-rig.ts'

const latin1 = (text: string) => Buffer.from(text).toString('latin1')

/** Shells that may be somebody's /bin/sh, each as the command that runs a file. */
const SHELLS: Readonly<Record<string, (dir: string) => readonly string[]>> = {
  dash: () => ['dash'],
  bash: () => ['bash', '--posix'],
  zsh: (dir) => {
    symlinkSync('/usr/bin/zsh', join(dir, 'sh'))
    return [join(dir, 'sh')]
  },
  busybox: () => ['busybox', 'sh'],
}

function temporaryDirectory(): string {
  const dir = mkdtempSync(join(tmpdir(), 'my-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** What another machine's program is here: sh then takes it for a script, and the `>` of x86-64 for a redirection. */
function asObjectFile(program: Buffer): Buffer {
  const object = Buffer.from(program)
  object[16] = 1
  return object
}

for (const shell of Object.keys(SHELLS)) {
  describe.skipIf(!has(shell))(`under ${shell}`, () => {
    it.each(RELAYS.filter(isHere))('%s says hello exactly', async (relay) => {
      verifies('LAUNCH-2')
      const { file, paths } = makeLauncher()
      const toy = await listen(paths, (stream) => stream.pipe(stream))
      const cwd = join(temporaryDirectory(), 'my projet é')
      mkdirSync(cwd)
      const args = ['node', "it's", '"two"\nlines', '', '--client=other', '--', '$(id) `id` ${X}', '日本 \\n']
      const env = {
        LINES: 'a\nb=c\n',
        QUOTES: `'"\\$HOME`,
        EMPTY: '',
        id: 'mine',
        NODE_OPTIONS: '--no-warnings',
        NODE_EXTRA_CA_CERTS: '/none',
        PERL5OPT: '-Mnot_installed',
        // bash itself warns of a locale that is not installed; nothing of ours may.
        LC_ALL: shell === 'bash' ? 'C' : 'xx_YY',
        HOME: '/home/é',
      }
      // Only another program can pass on bytes that are no UTF-8.
      const spoil = 'NOT_UTF8=$(printf "a\\377b\\376"); export NOT_UTF8; exec "$@" "$(printf "\\200\\377")"'
      const run = [...SHELLS[shell]!(temporaryDirectory()), file, '--client=claude-code', '--', ...args]
      const client = agent(['/bin/sh', '-c', spoil, '-', ...run], { relay, env, cwd })
      client.child.stdin.end('ping')
      const { hello } = await toy.session()
      const { code, stdout, stderr } = await client.done

      expect({ code, stdout: stdout.toString(), stderr }).toEqual({
        code: 0,
        stdout: relay === 'nc' ? 'ping' : `ping${MARKER}`,
        stderr: '',
      })
      expect(Object.fromEntries(hello.header)).toEqual({
        server: 'toy',
        client: 'claude-code',
        cwd: latin1(cwd),
        relay,
        pid: String(client.child.pid),
      })
      expect(hello.args).toEqual([...args.map(latin1), '\x80\xff'])
      for (const [name, value] of Object.entries(env)) expect(hello.env.get(name), name).toBe(latin1(value))
      expect(hello.env.get('NOT_UTF8')).toBe('a\xffb\xfe')
      const ours = [...hello.env.keys()].filter((name) => /mycelium/i.test(name))
      expect(ours).toEqual([])
    })
  })
}

describe('the command', () => {
  it('is the embedded one when nothing follows, else what follows', async () => {
    verifies('LAUNCH-2')
    const argv = ['my server', "it's\n#!perl -x\nprint 'stolen'", '${', '*']
    const { file, paths } = makeLauncher({ argv })
    const toy = await listen(paths, (stream) => stream.end())
    await agent([file]).done
    expect((await toy.session()).hello.args).toEqual(argv)
    await agent([file, '--client=zed', 'other', '--', '-v']).done
    const { hello } = await toy.session()
    expect(hello.args).toEqual(['other', '--', '-v'])
    expect(hello.header.get('client')).toBe('zed')
  })

  it.each(['${TOKEN}', '${input:key}', '{env:TOKEN}', '{file:~/key}'])(
    'with %s in it needs the client to fill it in',
    async (arg) => {
      verifies('LAUNCH-2')
      const { file, paths } = makeLauncher({ argv: ['server', `--token=${arg}`] })
      const { code, stdout, stderr } = await agent([file, '--client=zed']).done
      expect({ code, stdout: stdout.toString(), stderr }).toEqual({
        code: 2,
        stdout: '',
        stderr:
          'mycelium: the arguments of toy hold variables that only its client fills in; ' +
          `run: ${paths.launchers}/toy --client=ID COMMAND ARGS…\n`,
      })
    },
  )
})

describe('the choice of relay', () => {
  const chosenBy = async (file: string, paths: Paths, command: readonly string[] = [file]) => {
    const toy = await listen(paths, (stream) => stream.end().on('finish', () => stream.destroy()))
    const cwd = temporaryDirectory()
    const run = async () => {
      const { stderr } = await agent([...command, '--', 'false'], { cwd }).done
      expect({ stderr, left: readdirSync(cwd) }).toEqual({ stderr: '', left: [] })
      return (await toy.session()).hello.header.get('relay')
    }
    const first = await run()
    // The second run trusts what the first found out.
    expect(await run()).toBe(first)
    return first
  }
  const relayChosen = (edit: (text: string) => string = (text) => text) => {
    const { file, paths } = makeLauncher({ relayBinary: undefined }, edit)
    return chosenBy(file, paths)
  }
  const noPerl = (text: string) =>
    text.replaceAll('/usr/bin/perl', '/none/perl').replaceAll('=perl;', '=no-perl;')
  /** The compiled relay with its bytes changed, as a file of its own. */
  const changed = (bytes: (relay: Buffer) => Buffer, mode = 0o755) => {
    const file = join(temporaryDirectory(), 'relay')
    writeFileSync(file, bytes(readFileSync(RELAY_BINARY)), { mode })
    return file
  }

  it.skipIf(!isHere('c'))('is the compiled one where it works', async () => {
    verifies('LAUNCH-2')
    const { file, paths } = makeLauncher()
    expect(await chosenBy(file, paths)).toBe('c')
  })

  describe.skipIf(!isHere('c') || !has('perl'))('is perl where the compiled one', () => {
    const cases: [string, () => string][] = [
      ['is gone', () => '/none/relay'],
      ['is a directory', temporaryDirectory],
      ['may not be executed', () => changed((relay) => relay, 0o644)],
      ['is another program', () => '/bin/false'],
      ['is empty', () => changed(() => Buffer.alloc(0))],
      ['is cut off', () => changed((relay) => relay.subarray(0, 5000))],
      ['is refused by the system', () => changed(asObjectFile)],
    ]
    for (const shell of Object.keys(SHELLS).filter(has)) {
      it.each(cases)(`%s (${shell})`, async (_, relay) => {
        verifies('LAUNCH-2')
        const { file, paths } = makeLauncher({ relayBinary: relay() })
        expect(await chosenBy(file, paths, [...SHELLS[shell]!(temporaryDirectory()), file])).toBe('perl')
      })
    }

    it('worked on another host only', async () => {
      verifies('LAUNCH-2')
      const { file, paths } = makeLauncher({ relayBinary: changed(() => Buffer.alloc(0)) })
      preparePaths(paths)
      writeFileSync(join(paths.run, 'c-works-elsewhere'), '')
      expect(await chosenBy(file, paths)).toBe('perl')
    })

    it('worked until it was replaced', async () => {
      verifies('LAUNCH-2')
      const relay = changed((bytes) => bytes)
      const { file, paths } = makeLauncher({ relayBinary: relay })
      const toy = await listen(paths, (stream) => stream.end().on('finish', () => stream.destroy()))
      const run = async () => {
        await agent([file, '--', 'false']).done
        return (await toy.session()).hello.header.get('relay')
      }
      expect(await run()).toBe('c')
      writeFileSync(relay, '')
      expect(await run()).toBe('perl')
    })
  })

  it('asked for and not there leaves the original server to run', async () => {
    verifies('LAUNCH-5')
    const { file, paths } = makeLauncher({ relayBinary: undefined })
    await listen(paths)
    const client = agent([file, '--', '/bin/echo', 'here'], { relay: 'c' })
    const { code, stdout, stderr } = await client.done
    expect({ code, stdout: stdout.toString(), stderr }).toEqual({
      code: 0,
      stdout: 'here\n',
      stderr: 'mycelium: MYCELIUM_RELAY=c does not work here; running toy directly\n',
    })
  })

  it.skipIf(!has('perl'))('is perl where nothing was compiled', async () => {
    verifies('LAUNCH-2')
    expect(await relayChosen()).toBe('perl')
  })

  it.skipIf(!has('perl'))('is perl where it cannot be noted that it works', async () => {
    verifies('LAUNCH-2')
    const { file, paths } = makeLauncher({ relayBinary: undefined })
    const toy = await listen(paths, (stream) => stream.end().on('finish', () => stream.destroy()))
    symlinkSync('/none/none', join(paths.run, 'perl-works'))
    expect((await agent([file, '--', 'false']).done).stderr).toBe('')
    expect((await toy.session()).hello.header.get('relay')).toBe('perl')
  })

  it.skipIf(!has('nc'))('is nc where perl is absent, or there and broken', async () => {
    verifies('LAUNCH-2')
    expect(await relayChosen(noPerl)).toBe('nc')
    expect(await relayChosen((text) => text.replaceAll('/usr/bin/perl', '/bin/false'))).toBe('nc')
  })

  it.each([
    ["echo 'BusyBox v1.36 multi-call binary'; echo 'Usage: nc [OPTIONS] HOST PORT'"],
    ["echo '[v1.10-47]'; echo 'connect to somewhere: nc [-options] hostname port[s] [ports] ...'"],
    ["echo 'Ncat 7.94'; echo 'Usage: ncat [options] [hostname] [port]'; echo '  -U, --unixsock'"],
    ["echo 'GNU netcat 0.7.1'; echo 'Usage: nc [options] hostname port [port] ...'"],
    ["echo 'usage: nc [-46CDdFhklnrStUuvz] [-I length] [-i interval]'"],
  ])('is node where nc is one of those: %s', async (usage) => {
    verifies('LAUNCH-2')
    const other = (text: string) => noPerl(text).replace('nc -h 2>&1 </dev/null', usage)
    expect(await relayChosen(other)).toBe('node')
  })
})
