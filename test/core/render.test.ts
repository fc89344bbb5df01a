// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax of clients is the subject here
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pathsOf } from '../../src/core/config/paths.ts'
import { hasClientSideExpansion, renderLauncher, shellQuote } from '../../src/core/launch/render.ts'
import { verifies } from '../requirements.ts'

const relayScript = fileURLToPath(new URL('../../templates/relay.mjs', import.meta.url))
const parts = {
  id: 'memory',
  argv: ['npx', '-y', 'server'],
  paths: pathsOf("/home/o'neil/.mycelium"),
  nodePath: '/opt/node $1/bin/node',
  daemonScript: '/lib/mycelium/dist/daemon.js',
  relayScript,
}
// No NUL, and no half of a surrogate pair: neither can be an argument.
const text = fc.string({ unit: 'grapheme' }).map((value) => value.replaceAll('\0', ''))
const hostile = fc
  .array(
    fc.oneof(text, fc.constantFrom("'", '"', '\n', '#!perl', '\\', '$(id)', '`', '$&', '{{id}}', '\r', '!')),
  )
  .map((pieces) => pieces.join(''))

describe('shellQuote', () => {
  it('makes one word that sh reads back exactly', () => {
    verifies('LAUNCH-2')
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1, maxLength: 20 }), (values) => {
        const script = `printf '%s\\0' ${values.map(shellQuote).join(' ')}`
        expect(execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' })).toBe(`${values.join('\0')}\0`)
      }),
      { numRuns: 60 },
    )
  })

  it('never begins a line with #!, where perl -x would start', () => {
    verifies('LAUNCH-2')
    fc.assert(fc.property(hostile, (value) => !/(^|\n)#!/.test(shellQuote(value))))
  })

  it('refuses NUL', () => {
    expect(() => shellQuote('a\0b')).toThrowError(expect.objectContaining({ code: 'config_invalid' }))
  })
})

describe('renderLauncher', () => {
  it('embeds every value as a quoted word and leaves no field open', () => {
    verifies('LAUNCH-2')
    const lines = renderLauncher({ ...parts, argv: ['{{id}}', '$&'], startSeconds: 3 }).split('\n')
    expect(lines[0]).toBe('#!/bin/sh')
    expect(lines).toContain("mycelium_id='memory'")
    expect(lines).toContain("mycelium_socket='/home/o'\\''neil/.mycelium/run/d.sock'")
    expect(lines).toContain("mycelium_daemon='/lib/mycelium/dist/daemon.js'")
    expect(lines).toContain('mycelium_start_s=3')
    expect(lines).toContain('mycelium_ack_s=8')
    expect(lines).toContain("  set -- '{{id}}' '$&'")
    expect(lines.filter((line) => /^#!.*perl/.test(line)).length).toBe(1)
    expect(lines.filter((line) => /\{\{\w+\}\}/.test(line)).length).toBe(1)
  })

  it('gives the same text for the same values', () => {
    expect(renderLauncher(parts)).toBe(renderLauncher({ ...parts }))
  })

  it('refuses an empty command', () => {
    expect(() => renderLauncher({ ...parts, argv: [] })).toThrowError(
      expect.objectContaining({ code: 'config_invalid' }),
    )
  })

  it('names the launcher to call when the arguments are the client’s to fill in', () => {
    const launcher = renderLauncher({ ...parts, argv: ['server', '${TOKEN}'] })
    expect(launcher).toContain(shellQuote(join(parts.paths.launchers, 'memory')).slice(1, -1))
    expect(launcher).not.toContain('set -- ')
  })
})

describe('hasClientSideExpansion', () => {
  it.each(['${A}', 'x${A:-b}y', '${input:key}', '${env:A}', '{env:A}', '{file:./key}', '${workspaceFolder}'])(
    'sees %s',
    (arg) => expect(hasClientSideExpansion(['server', arg])).toBe(true),
  )
  it.each(['$A', '{"a":1}', '{input:x}', '${', '$(id)', '{env}'])('leaves %s to the server', (arg) =>
    expect(hasClientSideExpansion(['server', arg])).toBe(false),
  )
})
