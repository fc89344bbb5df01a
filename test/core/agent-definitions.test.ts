import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { frontMatterOf } from '../../src/core/agents/front-matter.ts'
import { indexOf, indexText } from '../../src/core/agents/index-text.ts'
import { loadAgent } from '../../src/core/agents/load-agent.ts'
import { parseDefinitions } from '../../src/core/agents/parse-definition.ts'
import { readDefinitions } from '../../src/core/agents/read-definitions.ts'
import { loadCounter } from '../../src/core/tokens/count.ts'
import { verifies } from '../requirements.ts'

let home: string
let project: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'my-agents-'))
  project = join(home, 'work')
  put('work/.git/HEAD', '')
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

function put(path: string, text: string): void {
  mkdirSync(dirname(join(home, path)), { recursive: true })
  writeFileSync(join(home, path), text)
}

const markdown = (name: string, more = '', body = 'Do it.') =>
  `---\nname: ${name}\ndescription: About ${name}.\n${more}---\n${body}\n`

const read = async (cwd = project) =>
  readDefinitions({ env: {}, cwd, platform: 'linux', home }, await loadCounter())

describe('definitions of agents', () => {
  it('are read of every client, where it looks for them, with the ones that it starts before others of the name', async () => {
    verifies('LAZY-1')
    put('work/.claude/agents/reader.md', markdown('reader', 'tools: Read, Agent(a, b), Bash\nmodel: haiku\n'))
    put('work/.claude/agents/deep/er.md', markdown('deep', 'tools: [Read, Grep]\n'))
    put('.claude/agents/any.md', markdown('reader'))
    put('.claude/plugins/cache/market/kit/1.0/agents/reader.md', markdown('reader'))
    put(
      'work/.codex/agents/x.toml',
      'name = "coder"\ndescription = "d"\nmodel = "m"\ndeveloper_instructions = "go"\n',
    )
    put('.codex/config.toml', '[agents]\nmax_threads = 3\n[agents.old]\ndescription = "before"\n')
    put('work/.gemini/agents/g.md', markdown('gem', 'tools:\n  - read_file\n'))
    put('work/.opencode/agents/by-file.md', markdown('other'))
    put('work/opencode.json', '{ "agent": { "inline": { "description": "d", "prompt": "p" } } } // notes')
    put('work/.cursor/agents/c.md', markdown('cur', 'readonly: true\n'))
    put('work/.github/agents/pilot.agent.md', '---\ndescription: d\n---\nFly.\n')
    const { agents, broken } = await read()
    expect(broken).toEqual([])
    expect(
      agents.map(({ client, name, scope, tools, model, shadowed }) => [
        client,
        name,
        scope,
        tools,
        model,
        shadowed,
      ]),
    ).toEqual([
      ['claude-code', 'deep', 'project', ['Read', 'Grep'], undefined, false],
      ['claude-code', 'kit:reader', 'managed', undefined, undefined, false],
      ['claude-code', 'reader', 'project', ['Read', 'Agent(a, b)', 'Bash'], 'haiku', false],
      ['claude-code', 'reader', 'user', undefined, undefined, true],
      ['codex', 'coder', 'project', undefined, 'm', false],
      ['codex', 'old', 'user', undefined, undefined, false],
      ['copilot-cli', 'pilot', 'project', undefined, undefined, false],
      ['cursor', 'cur', 'project', undefined, undefined, false],
      ['gemini-cli', 'gem', 'project', ['read_file'], undefined, false],
      ['opencode', 'by-file', 'project', undefined, undefined, false],
      ['opencode', 'inline', 'project', undefined, undefined, false],
    ])
  })

  it('that are broken are listed with the reason, and take no other along', async () => {
    verifies('LAZY-1')
    put('work/.claude/agents/good.md', markdown('good'))
    put(
      'work/.claude/agents/colon.md',
      '---\nname: colon\ndescription: Use it: "often\ntools: Read\n---\nDo.\n',
    )
    put('work/.claude/agents/plain.md', 'just text\n')
    put('work/.claude/agents/nameless.md', '---\ndescription: d\n---\nDo.\n')
    put('work/.claude/agents/empty.md', '---\nname: empty\n---\n\n')
    put('work/.codex/agents/bad.toml', 'name = "x\n')
    put('work/opencode.json', '{ "agent": ')
    mkdirSync(join(project, '.claude/agents/dir.md'))
    symlinkSync('nowhere', join(project, '.claude/agents/gone.md'))
    const { agents, broken } = await read()
    expect(agents.map(({ name, description }) => [name, description])).toEqual([
      ['colon', 'Use it: "often'],
      ['good', 'About good.'],
    ])
    expect(broken.map(({ file, because }) => [file.slice(project.length + 1), because])).toEqual([
      ['.claude/agents/dir.md', 'is not a regular file'],
      ['.claude/agents/empty.md', 'no instructions behind its settings'],
      ['.claude/agents/nameless.md', 'no name'],
      ['.claude/agents/plain.md', 'no settings between two lines --- at its beginning'],
      ['.codex/agents/bad.toml', expect.stringMatching(/^line 1:/)],
      ['opencode.json', expect.stringMatching(/^line 1:/)],
    ])
  })

  it('of any text are agents or a reason, never a failure', () => {
    const piece = fc.constantFrom(
      '---\n',
      'name: a\n',
      'tools: [',
      '\n',
      'x = "',
      '{"agent":{',
      '}',
      '&a *a ',
      'é',
      '\r\n',
    )
    fc.assert(
      fc.property(
        fc.array(fc.oneof(piece, fc.string({ maxLength: 8 })), { maxLength: 12 }).map((all) => all.join('')),
        fc.constantFrom(
          ['a.md', 'markdown'],
          ['a.toml', 'toml'],
          ['a.json', 'config'],
          ['a.toml', 'config'],
        ) as fc.Arbitrary<readonly [string, 'markdown' | 'toml' | 'config']>,
        (text, [file, writing]) => {
          const { agents, broken } = parseDefinitions(text, { file, writing, namedByFile: false })
          if (writing !== 'config') expect(agents.length + broken.length).toBe(1)
          frontMatterOf(text)
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('the index of agents', () => {
  it('weighs a seventh of the definitions at most, and says what each is for', async () => {
    verifies('LAZY-1')
    for (let i = 0; i < 10; i++) {
      const steps = Array.from(
        { length: 40 },
        (_, n) => `${n + 1}. Look at part ${n} of area ${i} and write down what it does.`,
      )
      put(
        `work/.claude/agents/a${i}.md`,
        markdown(
          `agent-${i}`,
          'tools: Read, Grep, Glob, Bash, Edit\n',
          `You look after area ${i}.\n${steps.join('\n')}`,
        ),
      )
    }
    const { agents } = await read()
    const count = await loadCounter()
    const text = indexText(indexOf(agents))
    expect(text.split('\n')[3]).toMatch(/^agent-3: About agent-3\. \(Read Grep Glob \+2; \d+ tokens\)$/)
    const all = agents.reduce((sum, { tokens }) => sum + tokens, 0)
    expect(count(text)).toBeLessThan(0.15 * all)
  })

  it('gives a definition whole, as unchanged to who has it, and as a diff to who has an earlier one', async () => {
    verifies('LAZY-1')
    put('work/.claude/agents/one.md', markdown('one', '', 'First.'))
    const [before] = (await read()).agents
    put('work/.claude/agents/one.md', markdown('one', '', `Second. ${'More of it. '.repeat(20)}`))
    const { agents } = await read()
    expect(loadAgent(agents, { name: 'one' })).toMatchObject({ form: 'whole', text: agents[0]!.text })
    const held = new Map([
      [before!.hash, before!.text],
      [agents[0]!.hash, agents[0]!.text],
    ])
    expect(loadAgent(agents, { name: 'one', held }).form).toBe('unchanged')
    expect(
      loadAgent(agents, { name: 'one', held: new Map([[agents[0]!.hash, 'something else']]) }).form,
    ).toBe('whole')
    const former = { name: 'one', held: new Map([[before!.hash, before!.text]]), former: before!.hash }
    expect(loadAgent(agents, { ...former, diff: () => '@@' })).toMatchObject({
      form: 'diff',
      text: '@@',
      base: before!.hash,
    })
    expect(loadAgent(agents, { ...former, diff: (_, after) => `${after}!` }).form).toBe('whole')
    expect(() => loadAgent(agents, { name: 'onne' })).toThrow('did you mean one?')
  })
})
