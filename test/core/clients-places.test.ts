import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { configFiles } from '../../src/core/clients/places.ts'
import { CLIENTS } from '../../src/core/clients/table.ts'
import { sandbox } from '../fixtures/configs/sandbox.ts'
import { verifies } from '../requirements.ts'

const SERVER = '{ "mcpServers": { "memory": { "command": "npx", "args": ["server-memory"] } } }\n'
/** What a pattern, a table of placeholders or a replacement might take for its own. */
const NAMES = ['a*b', '*', 'a?b', 'a[b', 'a]b', 'a{b', '{project}', '{config}', 'a\\b', '~', '$&', "a'b"]

describe('the places of configs', () => {
  for (const name of NAMES)
    it(`a directory called ${name} is a project and a home like any other`, async () => {
      verifies('LAUNCH-1')
      const outer = sandbox()
      const home = join(outer.home, name)
      mkdirSync(join(home, 'project'), { recursive: true })
      outer.put(`${name}/.claude.json`, SERVER)
      outer.put(`${name}/project/.mcp.json`, SERVER)
      outer.put(`${name}/project/.continue/mcpServers/one.json`, SERVER)
      const where = { ...outer.where, env: { HOME: home }, home, cwd: join(home, 'project') }
      expect(configFiles(CLIENTS, where).map(({ file, project }) => [file, project])).toEqual([
        [join(home, '.claude.json'), undefined],
        [join(home, 'project/.mcp.json'), join(home, 'project')],
        [join(home, 'project/.continue/mcpServers/one.json'), join(home, 'project')],
      ])

      const box = outer.in(home)
      expect((await box.init()).problems).toEqual([])
      expect((await box.undo()).removed).toBe(true)
    })

  it('a star of the table stands for the names in one directory, whatever the directory is called', () => {
    verifies('LAUNCH-1')
    const box = sandbox({ env: { CLAUDE_CONFIG_DIR: '/nowhere' } })
    const claude = join(box.home, '*')
    for (const plugin of ['one', '*']) box.put(`*/plugins/cache/m/${plugin}/1/.mcp.json`, SERVER)
    const where = { ...box.where, env: { CLAUDE_CONFIG_DIR: claude } }
    expect(configFiles(CLIENTS, where).map(({ file }) => file)).toEqual([
      join(claude, 'plugins/cache/m/*/1/.mcp.json'),
      join(claude, 'plugins/cache/m/one/1/.mcp.json'),
    ])
  })
})
