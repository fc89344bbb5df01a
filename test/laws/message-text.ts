import fc from 'fast-check'

/** How many cases a law tries: a few in the suite, many by hand with LAW_RUNS=100000. */
export const LAW_RUNS = Number(process.env.LAW_RUNS ?? 1500)
/** For laws whose cases are long or few of kind. Whole: fast-check never ends on a fraction. */
export const FEWER_RUNS = Math.ceil(LAW_RUNS / 3)

const space = fc.constantFrom('', '', '', '', ' ', '\t', '  ', ' \r', '\r\t ')

/** Pieces of a JSON string's inside, chosen to look like structure to a reader that loses count. */
const piece = fc.oneof(
  fc.constantFrom('a', 'id', ' ', 'é', '漢', '🍄', '{', '}', '[', ']', ':', ',', '0', '\u007f', '\u2028'),
  fc.constantFrom(
    '\\"',
    '\\\\',
    '\\/',
    '\\n',
    '\\u0041',
    '\\u00e9',
    '\\ud83c',
    '\\"id\\":',
    '\\"id\\":5}',
    '\\\\\\"',
  ),
  fc.constantFrom(
    'x'.repeat(63),
    'y'.repeat(64),
    'z'.repeat(200),
    `${'w'.repeat(70)}\\\\`,
    `${'v'.repeat(62)}\\"`,
  ),
)

/** The text of a JSON string. */
export const stringText = fc.array(piece, { maxLength: 6 }).map((pieces) => `"${pieces.join('')}"`)

/** The text of a JSON number: negative, fractional, in e-notation, past what a double can hold. */
export const numberText = fc.oneof(
  fc.constantFrom(
    '0',
    '-0',
    '1',
    '1.0',
    '-17',
    '1e5',
    '1E+2',
    '-2.50e-3',
    '12345678901234567890',
    '9007199254740993',
  ),
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
)

const scalarText = fc.oneof(stringText, numberText, fc.constantFrom('null', 'true', 'false'))

/** The keys routing looks for, wherever they stand, some written with escapes. */
const evilKey = fc.constantFrom(
  '"id"',
  '"method"',
  '"params"',
  '"result"',
  '"error"',
  '"_meta"',
  '"progressToken"',
  '"requestId"',
  '"\\u0069d"',
  '"i\\u0064"',
  '"meth\\u006fd"',
  '"p\\u0061rams"',
  '"\\u005fmeta"',
  '"jsonrpc"',
  '"name"',
  '""',
)

const keyText = fc.oneof({ weight: 2, arbitrary: evilKey }, { weight: 1, arbitrary: stringText })

/** The text of any JSON value. */
export const valueText: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small', withCrossShrink: true },
    scalarText,
    members(fc.array(fc.tuple(keyText, tie('value')), { maxLength: 4 })),
    fc
      .tuple(fc.array(tie('value'), { maxLength: 3 }), space)
      .map(([all, gap]) => `[${gap}${all.join(`${gap},`)}${gap}]`),
  ),
})).value

function members(pairs: fc.Arbitrary<[string, string][]>): fc.Arbitrary<string> {
  return fc.tuple(pairs, fc.array(space, { minLength: 5, maxLength: 5 })).map(([all, [a, b, c, d, e]]) => {
    const joined = all.map(([key, value]) => `${a}${key}${b}:${c}${value}${d}`).join(',')
    return `{${joined}${e}}`
  })
}

const escapedOrNot = (name: string): fc.Arbitrary<string> => {
  const code = name.charCodeAt(0).toString(16).padStart(4, '0')
  return fc.constantFrom(`"${name}"`, `"${name}"`, `"${name}"`, `"\\u${code}${name.slice(1)}"`)
}

const pair = (name: string, value: fc.Arbitrary<string>) => fc.tuple(escapedOrNot(name), value)

/** Sometimes there, at most once, in any order. */
function someOf(...pairs: fc.Arbitrary<[string, string]>[]): fc.Arbitrary<[string, string][]> {
  return fc
    .tuple(...pairs.map((one) => fc.option(one, { nil: undefined, freq: 3 })))
    .map((all) => all.filter((one) => one !== undefined))
    .chain((all) => fc.shuffledSubarray(all, { minLength: all.length }))
}

const idText = fc.oneof(
  { weight: 6, arbitrary: fc.oneof(numberText, stringText, fc.constantFrom('0', '""', 'null', '-1')) },
  { weight: 1, arbitrary: valueText },
)
const token = fc.oneof(
  { weight: 4, arbitrary: fc.oneof(numberText, stringText) },
  { weight: 1, arbitrary: valueText },
)
const meta = fc.oneof(
  {
    weight: 4,
    arbitrary: members(
      someOf(pair('progressToken', token), pair('traceparent', stringText), pair('id', numberText)),
    ),
  },
  { weight: 1, arbitrary: valueText },
)
/** What counts only at its own level: under another key it must be passed over. */
const decoy = members(
  someOf(pair('progressToken', token), pair('requestId', token), pair('_meta', meta), pair('id', numberText)),
)
const params = fc.oneof(
  {
    weight: 4,
    arbitrary: members(
      someOf(
        pair('_meta', meta),
        pair('progressToken', token),
        pair('requestId', token),
        pair('params', decoy),
        pair('name', stringText),
        pair('arguments', valueText),
        pair('id', numberText),
      ),
    ),
  },
  { weight: 1, arbitrary: valueText },
)
const method = fc.oneof(
  fc.constantFrom(
    '"tools/call"',
    '"notifications/progress"',
    '"notifications/cancelled"',
    '"tools\\/list"',
    '"ping"',
    '""',
  ),
  stringText,
  fc.constantFrom('null', '5'),
)

/** The members of a message: what JSON-RPC knows and more, each at most once, in any order. */
const request = someOf(
  pair('jsonrpc', fc.constant('"2.0"')),
  pair('id', idText),
  pair('method', method),
  pair('params', params),
  pair('_meta', decoy),
  pair('x', valueText),
)
const response = someOf(
  pair('jsonrpc', fc.constant('"2.0"')),
  pair('id', idText),
  pair('result', valueText),
  pair('x', valueText),
)
const failure = someOf(
  pair('jsonrpc', fc.constant('"2.0"')),
  pair('id', idText),
  pair('error', valueText),
  pair('result', valueText),
)
const anything = fc.array(fc.tuple(keyText, valueText), { maxLength: 5 })

const before = fc.constantFrom('', '', '', '\ufeff', ' ', '\t')
const after = fc.constantFrom('', '', '', '\r', ' ', '\t\r')

/** The text of a JSON object on one line, mostly a JSON-RPC message; valid JSON, sometimes with keys that come twice. */
export const messageText: fc.Arbitrary<string> = fc
  .tuple(before, members(fc.oneof({ weight: 3, arbitrary: request }, response, failure, anything)), after)
  .map((parts) => parts.join(''))
