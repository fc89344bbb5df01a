// Writes man/ from the command tree (src/program.ts, src/program/): one page for mycelium, one for each of its commands. --check only compares.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import * as esbuild from 'esbuild'
import { nodeBundle } from './build.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const man = join(root, 'man')

const FILES = [
  ['~/.mycelium', 'Everything that mycelium keeps; another place with MYCELIUM_HOME.'],
  ['~/.mycelium/launchers', 'The launcher of each server, named in the configs of your agents.'],
  ['~/.mycelium/bin', 'What launchers become, compiled by init where there is a C compiler.'],
  ['~/.mycelium/servers.json', 'The servers that init took over.'],
  ['~/.mycelium/backups', 'The configs as they were, for undo.'],
  ['~/.mycelium/log/daemon.log', 'What the daemon did.'],
]
const ENVIRONMENT = [
  ['MYCELIUM_HOME', 'Directory to use instead of ~/.mycelium.'],
  ['NO_COLOR', 'When set and not empty, no colours.'],
]
const EXIT_STATUS = [
  ['0', 'Done.'],
  ['1', 'Not done; stderr says what went wrong and the next step.'],
  ['2', 'The command line was not understood.'],
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
      entryPoints: ['src/program.ts'],
      // What the commands do is loaded when they run, and none runs here.
      external: ['../commands/*'],
      outfile,
    })
    return await import(pathToFileURL(outfile).href)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function pagesOf({ buildProgram, EXAMPLES }) {
  const program = buildProgram('', async () => {})
  const pages = new Map([['mycelium.1', programPage(program, EXAMPLES[''])]])
  for (const command of program.commands) {
    pages.set(`mycelium-${command.name()}.1`, commandPage(command, EXAMPLES[command.name()] ?? []))
  }
  return pages
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

function page(name, summary, sections) {
  const heading = `.\\" Written by scripts/man.mjs from the command tree.\n.TH ${text(name.toUpperCase())} 1 "" "mycelium" "mycelium manual"\n`
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

function differences(pages) {
  const there = readdirSync(man)
  const stale = [...pages].filter(
    ([name, page]) => !there.includes(name) || readFileSync(join(man, name), 'utf8') !== page,
  )
  return [...stale.map(([name]) => name), ...there.filter((name) => !pages.has(name))]
}

const pages = pagesOf(await loadTree())
if (process.argv.includes('--check')) {
  const stale = differences(pages)
  if (stale.length > 0) {
    process.stderr.write(`man: not as the command tree says: ${stale.join(', ')}\n  next: npm run man\n`)
    process.exitCode = 1
  }
} else {
  mkdirSync(man, { recursive: true })
  for (const name of readdirSync(man)) rmSync(join(man, name))
  for (const [name, page] of pages) writeFileSync(join(man, name), page)
  console.log(`man: ${pages.size} pages`)
}
