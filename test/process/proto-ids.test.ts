import { afterAll, describe, expect, it } from 'vitest'
import { daemonHome } from '../fixtures/daemon-home.ts'
import { defineServer } from '../fixtures/probe-log.ts'
import type { RawAgent } from '../fixtures/raw-agent.ts'
import { verifies } from '../requirements.ts'

const home = daemonHome()
afterAll(() => home.close())

/** As JSON text: what agents may use as ids and as progress tokens. */
const TEXTS = [
  ...['0', '1', '-5', '1.0', '1e3', '-0', '9007199254740993', '123456789012345678901234567890'],
  ...['""', '"1"', '"a b"', '"é😀"', '"\\u0061\\"\\\\"', '"\\ud83d\\ude00"', `"${'x'.repeat(300)}"`],
]

/** A call to `say` of odd.mjs, as text. */
function say(id: string, lines: readonly string[], token?: string, ms = 0): string {
  const meta = token === undefined ? '' : `,"_meta":{"progressToken":${token}}`
  const params = `{"name":"say","arguments":${JSON.stringify({ lines, ms })}${meta}}`
  return `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":${params}}`
}

const progress = (token: string, message: string): string =>
  `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${token},"progress":1,"message":${JSON.stringify(message)}}}`

const result = (id: string, text: string): string =>
  `{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":${JSON.stringify(text)}}]}}`

/** The lines an agent got for what it does in `during`, up to the answer of a last call of its own. */
async function transcript(agent: RawAgent, during: () => void): Promise<readonly string[]> {
  const from = agent.lines.length
  during()
  agent.raw(say('"last"', [result('$ID', 'last')]))
  await agent.line('the last answer', (line) => line === result('"last"', 'last'))
  return agent.lines.slice(from, -1)
}

async function oddAgent(server: string, mode: 'session' | 'call' | 'shared' = 'shared') {
  const log = defineServer(home, server, mode, { program: 'odd' })
  const agent = await home.agent(server)
  await agent.initialize()
  return { agent, log }
}

describe('ids and progress tokens', () => {
  it.each(['1.0', '1e0'])('are found again when the server spells 1 as %s', async (spelling) => {
    verifies('PROTO-1')
    const server = `spelled-${spelling}`
    defineServer(home, server, 'shared', { program: 'odd', args: [`--spelling=${spelling}`] })
    const agent = await home.agent(server)
    expect((await agent.initialize()).result.serverInfo.name).toBe('odd')
    const lines = [progress('$TOKEN', 'on'), result('$ID', 'done')]
    const got = await transcript(agent, () => agent.raw(say('1', lines, '"t"')))
    expect(got).toEqual([progress('"t"', 'on'), result('1', 'done')])
  })

  it.each(['shared', 'call'] as const)(
    'two agents of one %s process with the same ids and tokens each get exactly their own transcript',
    async (mode) => {
      verifies('PROTO-1')
      const { agent: a, log } = await oddAgent(`same-${mode}`, mode)
      const b = await home.agent(`same-${mode}`)
      await b.initialize()
      const run = (agent: RawAgent, name: string) =>
        transcript(agent, () => {
          const calls = TEXTS.map((text, i) =>
            say(text, [progress('$TOKEN', `${name}${i}`), result('$ID', `${name}${i}`)], text),
          )
          agent.raw(calls.join('\n'))
        })
      const [gotA, gotB] = await Promise.all([run(a, 'A'), run(b, 'B')])
      for (const [got, name] of [
        [gotA, 'A'],
        [gotB, 'B'],
      ] as const) {
        expect(got).toHaveLength(2 * TEXTS.length)
        for (const [i, text] of TEXTS.entries()) {
          const its = got.filter((line) => line.includes(`"${name}${i}"`))
          expect(its).toEqual([progress(text, `${name}${i}`), result(text, `${name}${i}`)])
        }
      }
      expect(log.events('start')).toHaveLength(1)
    },
  )

  it('one agent that uses an id again while it is in flight gets an answer to each call', async () => {
    verifies('PROTO-1')
    const { agent } = await oddAgent('again')
    const got = await transcript(agent, () => {
      agent.raw(say('7', [result('$ID', 'first')], undefined, 50))
      agent.raw(say('7', [result('$ID', 'second')], undefined, 25))
      agent.raw(say('"7"', [result('$ID', 'third')]))
      agent.raw(say('"stop"', [result('$ID', 'stop')], undefined, 100))
    })
    await agent.answerTo('"stop"')
    const all = [...got, ...agent.lines.slice(agent.lines.indexOf(result('"last"', 'last')) + 1)]
    expect(all.filter((line) => line.includes('"id":7'))).toEqual([
      result('7', 'second'),
      result('7', 'first'),
    ])
    expect(all).toContain(result('"7"', 'third'))
  })

  it('two calls in flight with one progress token keep their progress, each under that token', async () => {
    verifies('PROTO-1')
    const { agent } = await oddAgent('one-token')
    const got = await transcript(agent, () => {
      agent.raw(say('1', [progress('$TOKEN', 'of 1'), result('$ID', '1')], '"t"'))
      agent.raw(say('2', [progress('$TOKEN', 'of 2'), result('$ID', '2')], '"t"'))
    })
    expect(got.filter((line) => line.includes('progress'))).toEqual([
      progress('"t"', 'of 1'),
      progress('"t"', 'of 2'),
    ])
    expect(got.indexOf(result('1', '1'))).toBeGreaterThan(got.indexOf(progress('"t"', 'of 1')))
    expect(got.indexOf(result('2', '2'))).toBeGreaterThan(got.indexOf(progress('"t"', 'of 2')))
  })

  it('progress comes before the result of its call, also when both leave the server in one write', async () => {
    verifies('PROTO-1')
    const { agent } = await oddAgent('order')
    const steps = Array.from({ length: 500 }, (_, i) => progress('$TOKEN', `step ${i}`))
    const got = await transcript(agent, () => agent.raw(say('1', [...steps, result('$ID', 'done')], '0')))
    expect(got).toEqual([...steps.map((line) => line.replace('$TOKEN', '0')), result('1', 'done')])
  })

  it('progress with an unknown, a finished or no token reaches no agent', async () => {
    verifies('PROTO-1')
    const { agent, log } = await oddAgent('unknown')
    const got = await transcript(agent, () => {
      // Its own id is no token: this call asked for no progress.
      agent.raw(say('1', [progress('$ID', 'not asked for'), result('$ID', 'one')]))
      agent.raw(say('2', [result('$ID', 'two'), progress('$TOKEN', 'late')], '"t"'))
      const strays = ['987654321', '-1', '"t"', '"x"', 'null', '{"a":1}', '1.5'].map((token) =>
        progress(token, 'stray'),
      )
      const bare = '{"jsonrpc":"2.0","method":"notifications/progress"}'
      agent.raw(say('3', [...strays, bare, result('$ID', 'three')], '"u"'))
    })
    expect(got).toEqual([result('1', 'one'), result('2', 'two'), result('3', 'three')])
    expect(log.events('start')).toHaveLength(1)
  })

  it('an answer to an id nobody sent, and a second answer to one call, reach no agent', async () => {
    verifies('PROTO-1')
    const { agent } = await oddAgent('stray-answer')
    const strays = ['424242', '"1"', '0', '-1', 'null', '1e0'].map((id) => result(id, 'stray'))
    const got = await transcript(agent, () =>
      agent.raw(say('1', [...strays, result('$ID', 'right'), result('$ID', 'again')])),
    )
    expect(got).toEqual([result('1', 'right')])
  })
})

/** Valid JSON that does not survive being parsed and printed. */
const ODD = [
  '{"a":1.0,"b":1e400,"c":-0,"d":123456789012345678901234567890,"e":1E+2}',
  '{"z":1,"a":{"k":1,"k":2,"id":5,"result":{"id":"x"}},"10":0,"2":0}',
  '"\\u00e9 é \\/ / \\ud83d\\ude00 😀 \\ud800 \\u0000"',
  '{ "spaces" :\t[ 1 , 2 ,  [ ] , { } ] }',
  '{"__proto__":{"polluted":true},"constructor":null,"":""}',
  `${'['.repeat(2000)}${']'.repeat(2000)}`,
]

describe('everything but ids and tokens', () => {
  it.each(['shared', 'call', 'session'] as const)(
    'answers in %s mode arrive byte for byte as the server sent them',
    async (mode) => {
      verifies('PROTO-1')
      const { agent } = await oddAgent(`answers-${mode}`, mode)
      const answers = [
        ...ODD.map((value) => `{"jsonrpc":"2.0","id":$ID,"result":${value}}`),
        ...ODD.map((value) => `{"result":${value},"extra":${value},"jsonrpc":"2.0","id":$ID}`),
        ...ODD.map(
          (value) => `{"error":{"code":-1,"message":"no","data":${value}},"id":$ID,"jsonrpc":"2.0"}`,
        ),
        ' {  "id" : $ID , "jsonrpc" : "2.0" , "result" : {} }  ',
        '{"jsonrpc":"2.0","id":$ID,"result":{"crlf":true}}\r',
        '{"\\u0069d":$ID,"jsonrpc":"2.0","r\\u0065sult":"escaped keys"}',
        '{"result":{"jsonrpc":"2.0","id":1,"result":"a message in a message"},"id":$ID}',
      ]
      const got = await transcript(agent, () => {
        for (const [i, answer] of answers.entries()) agent.raw(say(`"a${i}"`, [answer]))
      })
      expect(got).toEqual(answers.map((answer, i) => answer.replace('$ID', `"a${i}"`)))
    },
  )

  it.each(['shared', 'call', 'session'] as const)(
    'requests and notifications in %s mode reach the server byte for byte as the agent sent them',
    async (mode) => {
      verifies('PROTO-1')
      const { agent, log } = await oddAgent(`requests-${mode}`, mode)
      const requests = [
        ...ODD.map((value) => `{"jsonrpc":"2.0","id":$ID,"method":"x/y","params":{"v":${value}}}`),
        ...ODD.map(
          (v) => `{"params":{"a":${v},"_meta":{"progressToken":$TOKEN,"t":${v}}},"method":"x/y","id":$ID}`,
        ),
        ' { "id" : $ID , "method" : "x\\/y" , "extra" : [ 1.0 ] } ',
        '{"jsonrpc":"2.0","id":$ID,"method":"x/y","params":[1,{"id":3}]}\r',
        '{"jsonrpc":"2.0","m\\u0065thod":"x/y","\\u0069d":$ID,"params":{"_m\\u0065ta":{"progress\\u0054oken":$TOKEN}}}',
      ]
      const notifications = ODD.map((v) => `{"method":"notifications/x","params":{"v":${v}},"jsonrpc":"2.0"}`)
      await transcript(agent, () => {
        for (const [i, request] of requests.entries())
          agent.raw(request.replace('$ID', `"a${i}"`).replace('$TOKEN', `"t${i}"`))
        for (const notification of notifications) agent.raw(notification)
      })
      const lines = log.events('line').map(({ text }) => Buffer.from(text as string, 'latin1').toString())
      const reached = lines.filter((line) => /x\/y|x\\\/y/.test(line))
      const expected = requests.map((request, i) => {
        const id = String(JSON.parse(reached[i] ?? '{}').id)
        return request.replace('$ID', id).replace('$TOKEN', id)
      })
      expect(reached).toEqual(expected)
      expect(lines.filter((line) => line.includes('notifications/x'))).toEqual(notifications)
    },
  )

  it('bytes that are no UTF-8 reach the server unchanged', async () => {
    verifies('PROTO-1')
    const { agent, log } = await oddAgent('bytes')
    const bytes = Buffer.from([0x22, 0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80, 0x22])
    agent.socket.write(
      Buffer.concat([
        Buffer.from('{"jsonrpc":"2.0","id":99,"method":"x/y","params":{"v":'),
        bytes,
        Buffer.from('}}\n'),
      ]),
    )
    await agent.answerTo('99')
    const reached = log.events('line').at(-1)!.text as string
    expect(Buffer.from(reached, 'latin1').includes(bytes)).toBe(true)
  })
})
