import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { identityOf } from '../../src/core/process.ts'
import { until } from '../fixtures/daemon-home.ts'
import { recordedHooks } from '../fixtures/hook-events.ts'
import { QUICK_CLIENTS, type QuickHome, quickHome, ROOT } from '../fixtures/quick-home.ts'
import { type QuickProject, quickProject } from '../fixtures/quick-project.ts'
import { verifies } from '../requirements.ts'

let home: QuickHome
let project: QuickProject
beforeEach(() => {
  home = quickHome()
  project = quickProject(home)
  project.layOut()
})
afterEach(() => home.close())

const HOOK = ['hook', 'claude-code']
/** Where Linux lists the children of a process. */
const CHILDREN = `/proc/${process.pid}/task/${process.pid}/children`

describe.each(QUICK_CLIENTS)('a hook by %s becomes Node, with the same input', (client) => {
  /** A guard answers all the same, and what is behind it is recorded once. */
  const answersByNode = async (): Promise<void> => {
    const { stdout, ...ended } = await home.fire(client, HOOK, project.asksForSecret())
    expect(ended).toEqual({ code: 0, signal: null, stderr: '' })
    expect(stdout).toMatch(/^\{.*"deny".*\}\n$/)
    expect(home.nodeStarts()).toBe(1)
    const recorded = readFileSync(join(home.paths.events, 'shared.seg'), 'latin1')
    expect(recorded.match(/the files are hidden/g)).toHaveLength(1)
  }

  it.each<readonly [string, (socket: Socket) => void]>([
    ['closes at once', (socket) => socket.destroy()],
    ['refuses', (socket) => socket.end('no room\n')],
    ['speaks another language', (socket) => socket.end('HTTP/1.1 200 OK\n\n')],
    ['takes it and dies', (socket) => socket.once('data', () => socket.end('ok\n'))],
    ['dies within its answer', (socket) => socket.once('data', () => socket.end('ok\n400\n{"half":'))],
    ['says no length', (socket) => socket.once('data', () => socket.end('ok\nmany\n{}'))],
    ['never answers', (socket) => socket.resume()],
    ['takes it and never answers', (socket) => socket.once('data', () => socket.write('ok\n'))],
  ])('where what listens %s', async (_, serve) => {
    verifies('CLI-3')
    await home.standIn(serve)
    await answersByNode()
  })

  it.skipIf(!existsSync(CHILDREN))(
    'and leaves no process beside it, where a pipe holds the input',
    async () => {
      verifies('CLI-3')
      await home.standIn((socket) => socket.once('data', () => socket.end('ok\n')))
      const children = join(home.dir, 'children')
      const lists = `read -r children </proc/$$/task/$$/children\necho "[$children]" >'${children}'`
      const node = join(home.dir, 'node')
      writeFileSync(
        node,
        readFileSync(node, 'utf8').replace('exec', () => `${lists}\nexec`),
      )
      await answersByNode()
      expect(readFileSync(children, 'utf8')).toBe('[]\n')
      const large = project.fired('PostToolUse', 'Bash', { tool_response: 'x'.repeat(1 << 20) })
      await home.fire(client, HOOK, large)
      expect(readFileSync(children, 'utf8')).toMatch(/^\[\d+ ?\]\n$/)
      expect((await recordedHooks(home.paths.root)).map(({ bytesOut }) => bytesOut)).toEqual([
        0,
        (1 << 20) + 2,
      ])
    },
  )

  it('where nobody listens any more', async () => {
    verifies('CLI-3')
    process.kill(await home.startHost(), 'SIGKILL')
    await until('it is gone', () => !existsSync(home.paths.quickSocket))
    await answersByNode()
  })

  it('where the process is stopped', async () => {
    verifies('CLI-3')
    process.kill(await home.startHost(), 'SIGSTOP')
    await answersByNode()
  })

  it('where the run directory is open to others, or in the place of one', async () => {
    verifies('CLI-3')
    let asked = 0
    const elsewhere = join(home.dir, 'elsewhere')
    mkdirSync(elsewhere)
    await home.standIn(() => asked++, join(elsewhere, 'q.sock'))
    rmSync(home.paths.run, { recursive: true })
    symlinkSync(elsewhere, home.paths.run)
    await answersByNode()
    expect(asked).toBe(0)
  })

  it('where the process is of another installation, or of one that was replaced', async () => {
    verifies('CLI-3')
    const other = join(home.dir, 'package')
    for (const name of ['templates', 'dist/hook.cjs', 'package.json'])
      cpSync(join(ROOT, name), join(other, name), { recursive: true })
    const program = join(other, 'dist/hook.cjs')
    const pid = await home.startHost(program)
    await answersByNode()
    expect(identityOf(pid)).toBeDefined()
    home.install(other)
    expect((await home.fire(client, HOOK, project.asksForSecret())).stdout).toContain('"deny"')
    expect(home.nodeStarts()).toBe(1)
    copyFileSync(program, `${program}.new`)
    rmSync(program)
    copyFileSync(`${program}.new`, program)
    expect((await home.fire(client, HOOK, project.asksForSecret())).stdout).toContain('"deny"')
    expect(home.nodeStarts()).toBe(2)
    await until('it ends', () => identityOf(pid) === undefined)
    expect(existsSync(home.paths.quickSocket)).toBe(false)
  })
})

it('where neither of the clients is there, Node answers and asks for nothing', async () => {
  verifies('CLI-3')
  let asked = 0
  await home.standIn(() => asked++)
  await home.standIn(() => asked++, home.paths.socket)
  const { stdout } = await home.fire('node', HOOK, project.asksForSecret())
  expect(stdout).toContain('"deny"')
  expect(asked).toBe(0)
})
