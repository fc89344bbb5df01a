// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax of clients and shells is the subject here
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { verifies } from '../requirements.ts'
import { agent, has, listen, MARKER, makeLauncher, RELAYS } from './launcher-rig.ts'

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

for (const shell of Object.keys(SHELLS)) {
  describe.skipIf(!has(shell))(`under ${shell}`, () => {
    it.each(RELAYS.filter((relay) => relay === 'node' || has(relay)))(
      '%s says hello exactly',
      async (relay) => {
        verifies('LAUNCH-2')
        const { file, paths } = makeLauncher()
        const toy = await listen(paths, (stream) => stream.pipe(stream))
        const cwd = join(temporaryDirectory(), 'my projet é')
        mkdirSync(cwd)
        const args = [
          'node',
          "it's",
          '"two"\nlines',
          '',
          '--client=other',
          '--',
          '$(id) `id` ${X}',
          '日本 \\n',
        ]
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
      },
    )
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
  const relayChosen = async (edit: (text: string) => string) => {
    const { file, paths } = makeLauncher({}, edit)
    const toy = await listen(paths, (stream) => stream.end().on('finish', () => stream.destroy()))
    for (let run = 0; run < 2; run++) {
      await agent([file, '--', 'false']).done
      // The second run trusts what the first found out.
      if (run === 1) return (await toy.session()).hello.header.get('relay')
      await toy.session()
    }
  }
  const noPerl = (text: string) =>
    text.replaceAll('/usr/bin/perl', '/none/perl').replaceAll('=perl;', '=no-perl;')

  it.skipIf(!has('perl'))('is perl where it works', async () => {
    verifies('LAUNCH-2')
    expect(await relayChosen((text) => text)).toBe('perl')
  })

  it.skipIf(!has('perl'))('is perl where it cannot be noted that it works', async () => {
    verifies('LAUNCH-2')
    const { file, paths } = makeLauncher()
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
