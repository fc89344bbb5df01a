import fc from 'fast-check'
import { parse } from 'jsonc-parser'
import { getStaticTOMLValue, parseTOML } from 'toml-eslint-parser'
import { describe, expect, it } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { clientById } from '../../src/core/clients/client-lookup.ts'
import type { Format } from '../../src/core/clients/document.ts'
import type { EntryRules } from '../../src/core/clients/entry.ts'
import { takeOver } from '../../src/core/clients/rewrite.ts'
import { takeBack } from '../../src/core/clients/take-back.ts'
import { verifies } from '../requirements.ts'
import { type DrawnConfig, drawnJson, drawnToml, drawnYaml, textOf } from './config-document.ts'

const launchers = '/home/u/.mycelium/launchers'
const rules: EntryRules = { launchers, isFile: () => false, envFileNames: () => [] }

type Servers = Record<string, { command?: string; cmd?: string; args?: string[] }>

const FORMATS: readonly {
  format: Format
  client: string
  drawn: fc.Arbitrary<DrawnConfig>
  parsed(text: string): { all: unknown; servers: Servers }
}[] = [
  {
    format: 'json',
    client: 'claude-code',
    drawn: drawnJson,
    parsed: (text) => {
      const all = parse(text.replace(/^\uFEFF/, ''), [], { allowTrailingComma: true })
      return { all, servers: all.mcpServers }
    },
  },
  {
    format: 'toml',
    client: 'codex',
    drawn: drawnToml,
    parsed: (text) => {
      const all = getStaticTOMLValue(parseTOML(text.replace(/^\uFEFF/, ''), { tomlVersion: '1.1' }))
      return { all, servers: all.mcp_servers as Servers }
    },
  },
  {
    format: 'yaml',
    client: 'goose',
    drawn: drawnYaml,
    parsed: (text) => {
      const all = parseYaml(text)
      return { all, servers: all.extensions }
    },
  },
]

const RUNS = { numRuns: 200 }

describe.each(FORMATS)('an edit of a $format config', ({ format, client: id, drawn, parsed }) => {
  const client = clientById(id)!
  const place = [client.at[0]![0]!]
  const edit = (config: DrawnConfig, count = config.entries.length) => {
    const takes = config.entries.slice(0, count).map((entry, index) => ({
      place,
      name: entry.name,
      argv: [entry.command, ...(entry.args ?? [])],
      launcher: `${launchers}/s${index}`,
    }))
    const from = { text: textOf(config), format, file: 'config' }
    return { from, takes, ...takeOver(from, client, takes, rules) }
  }

  it('is taken back to the same bytes', () => {
    verifies('LAUNCH-1')
    fc.assert(
      fc.property(drawn, fc.nat(4), (config, count) => {
        const { from, text, edits, missed } = edit(config, count)
        expect(missed).toEqual([])
        expect(takeBack({ ...from, text }, [client], edits, rules).text).toBe(from.text)
      }),
      RUNS,
    )
  })

  it('leaves every byte outside the entries as it is', () => {
    verifies('LAUNCH-1')
    fc.assert(
      fc.property(drawn, (config) => {
        const { text } = edit(config)
        const { outside } = config
        expect(text.startsWith(outside[0]!)).toBe(true)
        expect(text.endsWith(outside.at(-1)!)).toBe(true)
        let position = 0
        for (const piece of outside) {
          const at = text.indexOf(piece, position)
          expect(at).toBeGreaterThanOrEqual(position)
          position = at + piece.length
        }
      }),
      RUNS,
    )
  })

  it('reads back as exactly the change that was meant', () => {
    verifies('LAUNCH-1')
    fc.assert(
      fc.property(drawn, (config) => {
        const { from, text, takes } = edit(config)
        const expected = parsed(from.text)
        for (const take of takes) {
          const entry = expected.servers[take.name]!
          entry[client.keys?.command === 'cmd' ? 'cmd' : 'command'] = take.launcher
          entry.args = [`--client=${id}`, ...take.argv]
        }
        expect(parsed(text).all).toEqual(expected.all)
      }),
      RUNS,
    )
  })

  it('without its journal is still taken back to the same meaning', () => {
    verifies('LAUNCH-1')
    fc.assert(
      fc.property(drawn, (config) => {
        const { from, text } = edit(config)
        const expected = parsed(from.text)
        for (const entry of Object.values(expected.servers)) entry.args ??= []
        expect(parsed(takeBack({ ...from, text }, [client], [], rules).text).all).toEqual(expected.all)
      }),
      RUNS,
    )
  })

  it('made a second time changes nothing', () => {
    verifies('LAUNCH-1')
    fc.assert(
      fc.property(drawn, (config) => {
        const { from, text, takes } = edit(config)
        expect(takeOver({ ...from, text }, client, takes, rules)).toMatchObject({
          text,
          edits: [],
          missed: takes,
        })
      }),
      RUNS,
    )
  })
})
