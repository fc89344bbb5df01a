import fc from 'fast-check'

/** One server entry of a generated config. */
export interface DrawnEntry {
  readonly name: string
  readonly command: string
  readonly args: readonly string[] | undefined
}

/** A generated config: its text in pieces that are no entry and pieces that are. `outside` has one piece more than `entries`. */
export interface DrawnConfig {
  readonly outside: readonly string[]
  readonly inside: readonly string[]
  readonly entries: readonly DrawnEntry[]
}

/** The whole text. */
export function textOf(config: DrawnConfig): string {
  return config.outside.map((piece, index) => piece + (config.inside[index] ?? '')).join('')
}

const word = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }),
  fc.constantFrom(
    'npx',
    '-y',
    '--',
    '--client=x',
    '${VAR}',
    'a"b\\c',
    "it's",
    '#no',
    '// no',
    '😀',
    '[x]',
    ', ',
    '\t',
  ),
)
// What no command can hold is left by init, which has a test of its own.
const argument = word.filter((text) => !text.includes('\0') && !/\p{Surrogate}/u.test(text))
const command = argument.filter((text) => !/\s|^~/u.test(text))

// The oracle reads into plain objects, where such a name would reach Object.prototype; clients-entries.test.ts has these names.
const entryName = argument.filter((text) => !(text in {}))

/** Entries with names that differ. */
export const drawnEntries: fc.Arbitrary<readonly DrawnEntry[]> = fc.uniqueArray(
  fc.record({
    name: entryName,
    command,
    args: fc.option(fc.array(argument, { maxLength: 4 }), { nil: undefined }),
  }),
  { selector: (entry) => entry.name, minLength: 1, maxLength: 4 },
)

/** Takes one of the choices after another from a drawn tape, round and round. */
function tape<T>(choices: readonly T[], picks: readonly number[]): () => T {
  let position = 0
  return () => {
    const pick = picks[position % picks.length]!
    position += 1
    return choices[pick % choices.length]!
  }
}

const picks = fc.array(fc.nat(1_000), { minLength: 3, maxLength: 40 })
const eol = fc.constantFrom('\n', '\r\n')
const bom = fc.constantFrom('', '\uFEFF')

/** Text with every character that may be, escaped; some clients write non-ASCII so. */
function escaped(text: string): string {
  return [...Array(text.length).keys()]
    .map((i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`)
    .join('')
}

/** JSON with comments, trailing commas, doubled keys elsewhere, and any layout; `strict` leaves out what plain JSON forbids. */
export const drawnJson: fc.Arbitrary<DrawnConfig> = fc
  .record({
    entries: drawnEntries,
    picks,
    eol,
    bom,
    strict: fc.boolean(),
    extra: fc.array(fc.jsonValue(), { maxLength: 3 }),
  })
  .map(({ entries, picks: drawn, eol: end, bom: mark, strict, extra }) => {
    const blanks = ['', ' ', `${end}  `, '\t', `${end}`, `${end}${end}    `]
    const gap = tape(
      strict ? blanks : [...blanks, ' /* , "a": [ */ ', ` // } ] 😀${end}`, ` //, "x": 1${end}\t`],
      drawn,
    )
    const style = tape([0, 1, 2, 3], [...drawn].reverse())
    const string = (text: string) => (style() === 0 ? `"${escaped(text)}"` : JSON.stringify(text))
    const comma = () => (!strict && style() === 1 ? ',' : '')
    const list = (parts: readonly string[]) =>
      parts.length === 0
        ? `[${gap()}]`
        : `[${parts.map((part) => gap() + part + gap()).join(',')}${comma()}${gap()}]`
    const map = (parts: readonly string[]) =>
      parts.length === 0
        ? `{${gap()}}`
        : `{${parts.map((part) => gap() + part + gap()).join(',')}${comma()}${gap()}}`
    const member = (key: string, value: string) => `${string(key)}${gap()}:${gap()}${value}`
    const inside = entries.map((entry) => {
      const members = [member('command', string(entry.command))]
      if (entry.args !== undefined) members.push(member('args', list(entry.args.map(string))))
      if (style() === 2) members.unshift(member('type', '"stdio"'))
      if (style() > 1)
        members.push(member('env', map([member('TOKEN', string('hush')), member('TOKEN', '1')])))
      if (style() === 3) members.reverse()
      return map(members)
    })
    const others = extra.map((value, index) =>
      member(index === 2 ? 'other' : 'same', JSON.stringify(value, null, style())),
    )
    const outside: string[] = []
    let open = `${mark}${gap()}{${others.map((other) => `${gap()}${other}${gap()},`).join('')}${gap()}${string('mcpServers')}${gap()}:${gap()}{`
    entries.forEach((entry, index) => {
      outside.push(`${open}${index === 0 ? '' : ','}${gap()}${string(entry.name)}${gap()}:${gap()}`)
      open = gap()
    })
    return { outside: [...outside, `${open}${comma()}${gap()}}${gap()}}${gap()}`], inside, entries }
  })

/** TOML with tables, dotted keys, inline tables, comments and arrays over several lines. */
export const drawnToml: fc.Arbitrary<DrawnConfig> = fc
  .record({ entries: drawnEntries, picks, eol, bom })
  .map(({ entries, picks: drawn, eol: end, bom: mark }) => {
    const blank = tape(['', ' ', '\t', '  '], drawn)
    const tail = tape(['', ' # 😀 "x" = [', '   ', '#'], [...drawn].reverse())
    const style = tape([0, 1, 2, 3, 4], drawn)
    const space = tape(['', ' ', `${end}  `, ` # , ]${end}`, `${end}${end}`], drawn)
    const string = (text: string) => {
      if (style() === 0 && /^[^'\p{Control}]*$/u.test(text)) return `'${text}'`
      return JSON.stringify(text).replaceAll('\x7f', '\\u007F')
    }
    const key = (text: string) => JSON.stringify(text).replaceAll('\x7f', '\\u007F')
    const list = (texts: readonly string[]) =>
      texts.length === 0
        ? `[${space()}]`
        : `[${texts.map((text) => space() + string(text) + space()).join(',')}${style() === 1 ? `,${space()}` : ''}]`
    const line = (text: string) => `${blank()}${text}${tail()}${end}`
    const pair = (prefix: string, name: string, value: string) =>
      `${prefix}${name}${blank()}=${blank()}${value}`
    const bodies = (prefix: string, entry: DrawnEntry) => {
      const members = [pair(prefix, 'command', string(entry.command))]
      if (entry.args !== undefined) members.push(pair(prefix, 'args', list(entry.args)))
      if (style() > 2) members.push(pair(prefix, 'enabled', 'true'))
      return style() === 3 ? members.reverse() : members
    }
    const tables: DrawnEntry[] = []
    const dotted: DrawnEntry[] = []
    for (const entry of entries) (style() < 3 ? tables : dotted).push(entry)
    const inside: string[] = []
    const outside: string[] = []
    let open = `${mark}${line('# top')}${line('model = "x"')}`
    if (dotted.length > 0) open += line('[mcp_servers]')
    for (const entry of dotted) {
      outside.push(open)
      open = line('')
      const name = key(entry.name)
      if (style() < 2) {
        const members = bodies('', entry)
        inside.push(`${name} = {${blank()}${members.join(`${blank()},${blank()}`)}${blank()}}`)
        open = `${tail()}${end}`
      } else inside.push(bodies(`${name}.`, entry).map(line).join(''))
    }
    for (const entry of tables) {
      outside.push(open)
      inside.push(`[mcp_servers.${key(entry.name)}]${tail()}${end}${bodies('', entry).map(line).join('')}`)
      open = style() === 0 ? `[mcp_servers.${key(entry.name)}.env]${end}${line('TOKEN = "hush"')}` : line('')
    }
    return { outside: [...outside, `${open}[after]${end}x = 1`], inside, entries: [...dotted, ...tables] }
  })

/** YAML in block and flow style, with comments. */
export const drawnYaml: fc.Arbitrary<DrawnConfig> = fc
  .record({ entries: drawnEntries, picks, eol, bom })
  .map(({ entries, picks: drawn, eol: end, bom: mark }) => {
    const tail = tape(['', ' # 😀 "x": [', '  ', ' #'], [...drawn].reverse())
    const style = tape([0, 1, 2, 3, 4], drawn)
    const step = tape(['  ', '    ', ' '], [...drawn].reverse())()
    const string = (text: string) => {
      const plain = /^[a-z]+$/.test(text) && !/^(null|true|false|y|n|yes|no|on|off)$/.test(text)
      if (plain && style() < 3) return text
      if (style() === 0 && /^[ -~]*$/.test(text)) return `'${text.replaceAll("'", "''")}'`
      return JSON.stringify(text).replace(
        /[\x7f-\x9f\u2028\u2029\uFEFF\uFFFE\uFFFF]/g,
        (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
      )
    }
    const key = (text: string) => (text.length > 200 ? JSON.stringify(text.slice(0, 200)) : string(text))
    const line = (depth: number, text: string) => `${step.repeat(depth)}${text}${tail()}${end}`
    const flow = (texts: readonly string[]) => `[${texts.map(string).join(', ')}]`
    const block = (entry: DrawnEntry) => {
      const members = [line(2, `cmd: ${string(entry.command)}`)]
      const { args } = entry
      if (args !== undefined && (args.length === 0 || style() < 2))
        members.push(line(2, `args: ${flow(args)}`))
      else if (args !== undefined) {
        const dashes = args.map((arg) => line(style() === 3 ? 2 : 3, `- ${string(arg)}`))
        const depth = style() === 1 ? 2 : 3
        members.push(
          line(2, 'args:') + dashes.map((dash) => `${step.repeat(depth)}${dash.trimStart()}`).join(''),
        )
      }
      if (style() > 2) members.push(line(2, 'envs: { TOKEN: hush }'))
      return `${tail()}${end}${(style() === 4 ? members.reverse() : members).join('')}`
    }
    const inline = ({ command: cmd, args }: DrawnEntry) =>
      ` {${style() === 1 ? ' ' : ''}cmd: ${string(cmd)}${args === undefined ? '' : `, args: ${flow(args)}`}, timeout: 3 }${end}`
    const outside: string[] = []
    const inside: string[] = []
    let open = `${mark}${line(0, 'top: 1')}${line(0, 'extensions:')}`
    for (const entry of entries) {
      outside.push(`${open}${step}${key(entry.name)}:`)
      inside.push(style() < 3 ? block(entry) : inline(entry))
      open = style() === 0 ? line(1, '# between') : ''
    }
    return { outside: [...outside, `${open}after: [1, 2]${end}`], inside, entries }
  })
