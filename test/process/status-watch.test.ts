import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { cellWidth } from '../../src/core/report/table.ts'
import { builtCli, ended } from '../fixtures/built-cli.ts'
import { type DaemonHome, daemonHome, until } from '../fixtures/daemon-home.ts'
import { verifies } from '../requirements.ts'

let bin: string
beforeAll(() => {
  bin = builtCli()
})
let home: DaemonHome
beforeEach(() => {
  home = daemonHome()
  home.define({ name: 'probe', mode: 'shared' })
})
afterEach(() => home.close())

const env = (more: NodeJS.ProcessEnv = {}) => ({
  HOME: home.dir,
  PATH: process.env.PATH,
  MYCELIUM_HOME: home.paths.root,
  TERM: 'xterm-256color',
  ...more,
})

/** util-linux script gives it a terminal, whose settings are asked for when it has ended. */
function watch(columns: number, more: NodeJS.ProcessEnv = {}) {
  const line = `stty cols ${columns} rows 24; '${process.execPath}' '${bin}' status --watch; echo "ended $?"; stty -a`
  const child = spawn('/usr/bin/script', ['-qec', line, '/dev/null'], { env: env(more), stdio: 'pipe' })
  let screen = ''
  child.stdout.setEncoding('utf8').on('data', (chunk) => (screen += chunk))
  const closed = new Promise((resolve) => child.once('close', resolve))
  return {
    shows: (what: RegExp) => until(`${what} on the screen`, () => what.test(screen)),
    /** All that was written from now on. */
    clear: () => {
      screen = ''
    },
    text: () => screen,
    type: (keys: string) => void child.stdin.write(keys),
    closed,
  }
}

describe('mycelium status --watch', () => {
  const script = process.platform === 'linux' && existsSync('/usr/bin/script')

  it.runIf(script).each([
    ['q', 'q'],
    ['Ctrl-C', '\u0003'],
  ])('follows what happens, and leaves the terminal as it was on %s', async (_, key) => {
    verifies('CLI-2')
    const agent = await home.agent('probe', { client: 'codex' })
    await agent.initialize()
    const view = watch(80)
    await view.shows(/1 session \(codex 1\)/)
    const second = await home.agent('probe', { client: 'codex' })
    await second.initialize()
    await view.shows(/2 sessions \(codex 2\)/)
    view.clear()
    for (let i = 0; i < 20; i++) await agent.call('echo', { text: 'x' })
    await view.shows(/calls +[\d.]+\/s.*█/)
    view.type(key)
    await view.shows(/ended 0/)
    await view.closed
    // The cursor is back, and lines are edited by the terminal again.
    expect(view.text().lastIndexOf('\u001b[?25h')).toBeGreaterThan(view.text().lastIndexOf('\u001b[?25l'))
    expect(view.text()).toMatch(/[^-]icanon/)
    expect(view.text()).toMatch(/[^-]echo /)
  })

  it.runIf(script)('goes on when the daemon goes away and comes back', async () => {
    verifies('CLI-2')
    const agent = await home.agent('probe')
    await agent.initialize()
    const view = watch(80)
    await view.shows(/1 session/)
    await home.ask('stop')
    await view.shows(/no daemon is running/)
    view.clear()
    await (await home.agent('probe')).initialize()
    await view.shows(/1 session/)
    view.type('q')
    await view.shows(/ended 0/)
    await view.closed
  })

  it.runIf(script)('fits into 40 columns, without colours where NO_COLOR says so', async () => {
    home.define({ name: 'größe 🦊 測試測試測試 a rather long name', mode: 'shared' })
    await (await home.agent('größe 🦊 測試測試測試 a rather long name')).initialize()
    const view = watch(40, { NO_COLOR: '1' })
    await view.shows(/q to leave/)
    expect(
      view
        .text()
        .split('\r\n')
        .filter((line) => cellWidth(line) > 40),
    ).toEqual([])
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colour sequences are what is looked for
    expect(view.text()).not.toMatch(/\u001b\[[\d;]*m/)
    view.type('q')
    await view.closed
  })

  it('without a terminal is an error with its next step, and ends with 2', async () => {
    verifies('CLI-2')
    const { code, stdout, stderr } = await ended(process.execPath, [bin, 'status', '--watch'], env())
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('next: mycelium status')
  })
})
