import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cliHome } from '../fixtures/cli-home.ts'
import { until } from '../fixtures/daemon-home.ts'
import { verifies } from '../requirements.ts'

const home = cliHome()
const compress = (...args: string[]) => home.run('optimization', 'compress', ...args)
const log = (name: string) =>
  Array.from(
    { length: 90 },
    (_, i) => `2026-03-0${1 + (i % 9)} 10:00:${10 + (i % 50)} INFO ${name} ${i} took ${i * 3} ms`,
  ).join('\n')
const ARGS = '{"path":"src/pool.log","big":12345678901234567890,"one":1.0}'
const WORDS = 'Please find out why the pool is slow, and never restart the server.'

/** Messages of the OpenAI form, a line each: the same file is read twice, another one in between. */
function lines(turns: number): string[] {
  const all = [
    `{"role":"system","content":"You are careful."}`,
    `{"role":"user","content":${JSON.stringify(WORDS)}}`,
  ]
  for (let i = 0; i < turns; i++) {
    const args = i % 2 === 0 ? ARGS : `{"path":"other-${i}.log"}`
    all.push(
      `{"role":"assistant","content":null,"tool_calls":[{"id":"c${i}","type":"function","function":{"name":"read","arguments":${JSON.stringify(args)}}}],"extra":${ARGS}}`,
      `{"role":"tool","tool_call_id":"c${i}","content":${JSON.stringify(log(`job${i}`))}}`,
    )
  }
  return all
}
const textsIn = (out: string) =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { role: string; content: string })

describe('a conversation that is handed on', () => {
  it('has older results harder than newer, superseded ones first, what people said as it was, and every original', async () => {
    verifies('COMP-1', 'COMP-2')
    const input = lines(5)
    const file = home.put('turns.jsonl', input.map((line) => `${line}\n`).join(''))
    const { code, stdout, stderr } = await compress(file, '--turns')
    expect(code, stderr).toBe(0)
    const out = stdout.split('\n')
    expect(out.slice(0, 3)).toEqual(input.slice(0, 3))
    const results = textsIn(stdout).flatMap(({ role, content }) => (role === 'tool' ? [content] : []))
    // Read again later: the file as it was is one expand away.
    expect(results[0]).toMatch(/^\[superseded: read .*src\/pool\.log.* was had again below/)
    expect(results[2]).toMatch(/^\[superseded: /)
    expect(results[1]!.length).toBeLessThanOrEqual(results[3]!.length)
    for (const [i, content] of results.entries()) {
      const [handle] = /my:[0-9a-f]{10,}/.exec(content)!
      expect((await home.run('optimization', 'expand', handle)).stdout).toBe(log(`job${i}`))
    }
    const exact = JSON.parse((await compress(file, '--turns', '--no-judge', '--json')).stdout)
    expect(exact.turns.every(({ lossless }: { lossless: boolean }) => lossless)).toBe(true)
    expect(exact.tokensAfter).toBeLessThan(exact.tokensBefore)
    expect(Object.keys(exact)).toEqual(['tokensBefore', 'tokensAfter', 'target', 'turns', 'content'])
  }, 60_000)

  it('goes on as it was sent when it grows, and is written anew only where that is asked for', async () => {
    verifies('COMP-1')
    const file = home.put('turns.jsonl', lines(3).join('\n'))
    const { stdout: first } = await compress(
      file,
      '--turns',
      '--sent',
      home.put('nothing', lines(0).join('\n')),
    )
    const sent = home.put('sent.jsonl', first)
    const grown = home.put('grown.jsonl', lines(5).join('\n'))
    const { stdout: then } = await compress(grown, '--turns', '--sent', sent)
    expect(then.startsWith(first)).toBe(true)
    expect(then).not.toContain('superseded')
    const { stdout: anew } = await compress(grown, '--turns', '--sent', sent, '--rewrite')
    expect(anew).toContain('superseded')
    expect(anew).toBe((await compress(grown, '--turns')).stdout)
    const other = home.put('other.jsonl', lines(3).join('\n').replace('job1 7 ', 'job1 8 '))
    expect(await compress(grown, '--turns', '--sent', other)).toMatchObject({ code: 2, stdout: '' })
  }, 60_000)

  it('may be a transcript, and comes as its messages; what is pinned stays, and a target is met where it can be', async () => {
    verifies('COMP-1')
    const entry = (type: string, message: object, more: object = {}) =>
      JSON.stringify({ type, uuid: 'u', timestamp: 't', message, ...more })
    const use = (id: string) => ({ type: 'tool_use', id, name: 'Read', input: { file_path: '/a.log' } })
    const result = (id: string, text: string) => ({
      type: 'tool_result',
      tool_use_id: id,
      content: [{ type: 'text', text }],
    })
    const transcript = [
      JSON.stringify({ type: 'summary', summary: 'none of the conversation' }),
      entry('user', { role: 'user', content: WORDS }),
      entry('assistant', { id: 'm', role: 'assistant', content: [use('a')], usage: {} }),
      entry('user', { role: 'user', content: [result('a', log('first'))] }, { toolUseResult: log('first') }),
      entry('assistant', { role: 'assistant', content: [use('b')] }, { isSidechain: true }),
      entry('assistant', { id: 'n', role: 'assistant', content: [use('b')] }),
      entry('user', { role: 'user', content: [result('b', log('second'))] }),
    ]
    const file = home.put('session.jsonl', transcript.join('\n'))
    const pin = 'INFO first 41 took 123 ms'
    const { stdout } = await compress(file, '--turns', '--pin', pin, '--json', '--target', '30%')
    const { content, tokensBefore, tokensAfter, target, turns } = JSON.parse(stdout)
    const messages = textsIn(content)
    expect(messages.map((message) => Object.keys(message))).toEqual(
      Array.from({ length: 5 }, () => ['role', 'content']),
    )
    expect(messages[0]!.content).toBe(WORDS)
    // What is pinned is not superseded.
    expect(content).toContain(pin)
    expect(turns.map(({ turn }: { turn: number }) => turn)).toEqual([0, 1, 2])
    expect(target).toBe(Math.ceil(tokensBefore * 0.3))
    expect(tokensAfter).toBeLessThan(tokensBefore / 2)
    const loose = JSON.parse((await compress(file, '--turns', '--json', '--target', '100%')).stdout)
    expect(loose.tokensAfter).toBe(loose.tokensBefore)
  }, 60_000)

  it('that is none is refused, and so is what is for one text alone', async () => {
    verifies('COMP-3')
    const file = home.put('turns.json', `[${lines(1).join(',')}]`)
    for (const [text, message] of [
      ['just words', 'line 1 is no JSON object'],
      ['[{"role":"user"', 'is cut short'],
      ['[1]', 'message 1 is no JSON object'],
      ['[]', 'no messages'],
      ['{"a":1}', 'message 1 has neither a role nor content'],
      ['{"role":"user","content":"a"}\nrest', 'line 2 is no JSON object'],
    ] as const) {
      const { code, stdout, stderr } = await compress(home.put('wrong', text), '--turns')
      expect([code, stdout]).toEqual([1, ''])
      expect(stderr).toContain(message)
    }
    for (const more of [
      ['--pin-lines', '1'],
      ['--kind', 'log'],
      ['--pin', 'not there'],
      ['--strategy', 'magic'],
    ])
      expect(await compress(file, '--turns', ...more)).toMatchObject({ code: 2, stdout: '' })
    const { stdout } = await compress(file, '--turns')
    expect(JSON.parse(stdout)).toHaveLength(4)
  }, 60_000)

  it('ends at Ctrl-C with nothing written, however long it reckons', async () => {
    const long = Array.from(
      { length: 600 },
      (_, i) => `${JSON.stringify({ role: 'assistant', content: log(`long${i}`) })}\n`,
    )
    const file = home.put('long.jsonl', long.join(''))
    const root = join(home.dir, 'interrupted')
    const child = spawn(
      process.execPath,
      [home.bin, 'optimization', 'compress', '--turns', '--no-judge', file],
      {
        env: { HOME: home.dir, PATH: process.env.PATH, MYCELIUM_HOME: root },
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    )
    let written = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      written += text
    })
    const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve(signal ?? code)))
    // The first original is kept in the midst of the reckoning.
    await until('it reckons', () => existsSync(join(root, 'originals')))
    child.kill('SIGINT')
    const how = await ended
    expect(['SIGINT', 130]).toContain(how)
    expect(written.length).toBe(0)
  }, 30_000)
})
