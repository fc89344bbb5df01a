// Writes man/ from the command tree (src/program.ts, src/program/) and the table of settings (src/core/config/settings-table.ts): one page for
// mycelium, one for each of its commands, one for the settings; and the JSON schema of the settings to templates/. --check only compares.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import * as esbuild from 'esbuild'
import { nodeBundle } from './build.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const man = join(root, 'man')
const schemaFile = join(root, 'templates', 'mycelium-config.schema.json')

const FILES = [
  ['~/.mycelium', 'Everything that mycelium keeps; another place with MYCELIUM_HOME.'],
  ['~/.mycelium/launchers', 'The launcher of each server, named in the configs of your agents.'],
  ['~/.mycelium/bin', 'What launchers become, compiled by init where there is a C compiler.'],
  ['~/.mycelium/config.json', 'Your settings; see mycelium-config(5).'],
  ['.mycelium.json', 'Settings of a project, for those that a repository may decide.'],
  ['~/.mycelium/servers.json', 'The servers that init took over.'],
  ['~/.mycelium/backups', 'The configs as they were, for undo.'],
  ['~/.mycelium/log/daemon.log', 'What the daemon did.'],
]
const ENVIRONMENT = [
  ['MYCELIUM_HOME', 'Directory to use instead of ~/.mycelium.'],
  ['MYCELIUM_SECTION__KEY', 'A setting for this command; see mycelium-config(5).'],
  ['NO_COLOR', 'When set and not empty, no colours.'],
]
const EXIT_STATUS = [
  ['0', 'Done.'],
  ['1', 'Not done; stderr says what went wrong and the next step.'],
  ['2', 'The command line was not understood, or names a setting or a value that there is not.'],
  ['70', 'An error in mycelium itself.'],
  ['130', 'Interrupted by Ctrl-C.'],
]

/** The tree is TypeScript and Node 20 reads none, so it is bundled into a place of its own first. */
async function loadTree() {
  const directory = mkdtempSync(join(tmpdir(), 'my-man-'))
  try {
    const outfile = join(directory, 'program.mjs')
    await esbuild.build({
      ...nodeBundle,
      absWorkingDir: root,
      stdin: {
        contents: [
          "export * from './src/program.ts'",
          "export * from './src/core/config/settings-table.ts'",
          "export * from './src/core/config/setting-value.ts'",
          "export * from './src/core/config/settings-schema.ts'",
          "export { variableOf } from './src/core/config/layers.ts'",
          "export { RELOADS, NO_EFFECT } from './src/core/report/config-report.ts'",
        ].join('\n'),
        resolveDir: root,
        loader: 'ts',
      },
      // What the commands do is loaded when they run, and none runs here.
      external: ['../commands/*'],
      outfile,
    })
    return await import(pathToFileURL(outfile).href)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function pagesOf(tree) {
  const { buildProgram, EXAMPLES } = tree
  const program = buildProgram('', async () => {})
  const pages = new Map([['mycelium.1', programPage(program, EXAMPLES[''])]])
  for (const command of program.commands) {
    pages.set(`mycelium-${command.name()}.1`, commandPage(command, EXAMPLES[command.name()] ?? []))
  }
  pages.set('mycelium-config.5', settingsPage(tree))
  return pages
}

function settingsPage({ SETTING_KEYS, SETTINGS, printValue, allowedText, variableOf, RELOADS, NO_EFFECT }) {
  const settingText = (key) => {
    const row = SETTINGS[key]
    const value = row.defaultText ?? (printValue(row, row.default) || 'empty')
    return [
      row.sentence,
      row.inert ? `It ${NO_EFFECT}: it is stored, and nothing reads it yet.` : '',
      `Takes ${allowedText(row)}. Default: ${value}. A change counts ${RELOADS[row.reload]}.`,
      { daemon: 'User file only.', user: 'Not in .mycelium.json.', project: '' }[row.reach],
    ]
      .filter((part) => part !== '')
      .join(' ')
  }
  return page(
    'mycelium-config',
    'the settings of mycelium',
    [
      section('SYNOPSIS', '~/.mycelium/config.json\n.br\n\\&.mycelium.json'),
      section(
        'DESCRIPTION',
        paragraph(
          `Every setting has a default. What counts is the first of: --config key=value on the command line; the environment; the nearest \
.mycelium.json at or above the working directory and below the home directory; config.json in ~/.mycelium; the default. \
mycelium config explain KEY says which one it was. Both files are JSON, without comments. A dot in a key is a level: {"limits": {"idle_ms": \
600000}}; "limits.idle_ms" in one piece is read too. What no setting is called is left alone, and "$schema" may be there.`,
        ),
      ),
      section(
        'DAEMON',
        paragraph(
          `One daemon serves all directories, and its environment is an accident of who started it. So the settings that it reads count in \
config.json only. It looks at the file once a second and takes what is new; a file that is broken changes nothing, and the log says so.`,
        ),
      ),
      section(
        'PROJECTS',
        paragraph(
          '.mycelium.json comes with a repository, and may be written by anybody. It can set only what touches nothing but the work on that ' +
            'repository; the rest of it is refused, and mycelium config list says so.',
        ),
      ),
      section(
        'VALUES',
        paragraph(
          'Durations may be written 500ms, 5s, 10m, 2h or 7d, and sizes 512KB, 64MB or 1GB (1 KB is 1024 bytes), as text; stored are milliseconds ' +
            'and bytes.',
        ),
      ),
      section('SETTINGS', terms(SETTING_KEYS.map((key) => [key, settingText(key)]))),
      section(
        'ENVIRONMENT',
        paragraph(
          `MYCELIUM_ and the key in capitals, each dot two underscores: ${variableOf('token_optimization.enabled')}. Not for settings of the daemon.`,
        ),
      ),
      section('SEE ALSO', '.BR mycelium\\-config (1)'),
    ],
    5,
  )
}

function programPage(program, examples) {
  return page('mycelium', 'shared, warm MCP servers under every coding agent', [
    section('SYNOPSIS', '.B mycelium\n.I command\n.RI [ options ]'),
    section('DESCRIPTION', paragraph(program.description())),
    section(
      'COMMANDS',
      terms(program.commands.map((c) => [`mycelium-${c.name()}(1)`, sentence(c.summary())])),
    ),
    section('OPTIONS', optionTerms(program)),
    section('EXAMPLES', terms(examples.map(([line, effect]) => [line, sentence(effect)]))),
    section('FILES', terms(FILES)),
    section('ENVIRONMENT', terms(ENVIRONMENT)),
    section('EXIT STATUS', terms(EXIT_STATUS)),
  ])
}

function commandPage(command, examples) {
  const name = `mycelium ${command.name()}`
  const verbs = command.commands
  return page(`mycelium-${command.name()}`, command.summary(), [
    section(
      'SYNOPSIS',
      (verbs.length ? verbs : [command])
        .map((c) => `.B ${text(wordsOf(c))}\n${text(c.usage())}\n`)
        .join('.br\n'),
    ),
    section('DESCRIPTION', paragraph(command.description())),
    ...(verbs.length
      ? [section('COMMANDS', verbs.map((verb) => verbPart(name, verb)).join(''))]
      : [section('OPTIONS', argumentTerms(command) + optionTerms(command))]),
    section('EXAMPLES', terms(examples.map(([line, effect]) => [line, sentence(effect)]))),
    section('SEE ALSO', '.BR mycelium (1)'),
  ])
}

function verbPart(name, verb) {
  return `.SS ${text(`${name} ${verb.name()}`)}\n${paragraph(verb.description())}${argumentTerms(verb)}${optionTerms(verb)}`
}

function page(name, summary, sections, volume = 1) {
  const heading = `.\\" Written by scripts/man.mjs from ${volume === 1 ? 'the command tree' : 'the table of settings'}.\n.TH ${text(name.toUpperCase())} ${volume} "" "mycelium" "mycelium manual"\n`
  return heading + section('NAME', `${text(name)} \\- ${text(summary)}`) + sections.join('')
}

const section = (title, body) => (body === '' ? '' : `.SH ${title}\n${body.trimEnd()}\n`)
const paragraph = (prose) => `${text(prose)}\n`
const terms = (rows) => rows.map(([term, meaning]) => `.TP\n.B ${text(term)}\n${text(meaning)}\n`).join('')
const argumentTerms = (command) =>
  terms(command.registeredArguments.map((a) => [a.name(), sentence(withChoices(a))]))
const optionTerms = (command) =>
  terms(
    command
      .createHelp()
      .visibleOptions(command)
      .map((o) => [o.flags, sentence(withDefault(o))]),
  )
const withChoices = (a) => (a.argChoices ? `${a.description}: ${a.argChoices.join(', ')}` : a.description)
const withDefault = (o) =>
  o.defaultValue === undefined ? o.description : `${o.description} (${o.defaultValue} if not given)`
const sentence = (words) => `${words[0].toUpperCase()}${words.slice(1)}.`
const wordsOf = (command) =>
  command.parent ? `${wordsOf(command.parent)} ${command.name()}` : command.name()

/** Prose as roff: no escapes, no dash that turns into a hyphen when copied, no line that reads as a request. */
function text(prose) {
  return prose
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1')
    .replaceAll('`', '')
}

function differences(pages, schema) {
  const there = readdirSync(man)
  const stale = [...pages].filter(
    ([name, page]) => !there.includes(name) || readFileSync(join(man, name), 'utf8') !== page,
  )
  const oldSchema = existsSync(schemaFile) ? readFileSync(schemaFile, 'utf8') : ''
  const schemas = oldSchema === schema ? [] : [schemaFile]
  return [...schemas, ...stale.map(([name]) => name), ...there.filter((name) => !pages.has(name))]
}

const tree = await loadTree()
const pages = pagesOf(tree)
const schema = `${JSON.stringify(tree.settingsSchema(), null, 2)}\n`
if (process.argv.includes('--check')) {
  const stale = differences(pages, schema)
  if (stale.length > 0) {
    process.stderr.write(`man: not as the tables say: ${stale.join(', ')}\n  next: npm run man\n`)
    process.exitCode = 1
  }
} else {
  mkdirSync(man, { recursive: true })
  for (const name of readdirSync(man)) rmSync(join(man, name))
  for (const [name, page] of pages) writeFileSync(join(man, name), page)
  writeFileSync(schemaFile, schema)
  console.log(`man: ${pages.size} pages`)
}
