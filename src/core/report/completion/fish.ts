import { allCommands, type CommandWords, type Completion, type Filler } from './tree.ts'

/** The completion script for fish: save it as ~/.config/fish/completions/mycelium.fish. */
export function fishCompletion({ program, settings }: Completion): string {
  const keys = settings.map(({ key }) => key)
  const pairs = settings.flatMap(({ key, values }) =>
    values.length > 0 ? values.map((value) => `${key}=${value}`) : [`${key}=`],
  )
  const lines = allCommands(program).flatMap(({ path, command }) => linesOf(path, command, program))
  return `# fish completion of mycelium: save it as ~/.config/fish/completions/mycelium.fish
function __mycelium_at
    # Whether the words typed so far name exactly this command.
    set -l words
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
        else if contains -- $word ${valueOptions(program).join(' ')}
            set skip 1
        else if not string match -q -- '-*' $word
            set -a words $word
        end
    end
    set -l wanted (string split -n ' ' -- $argv[1])
    test (count $words) -ge (count $wanted); or return 1
    for i in (seq (count $wanted))
        test "$words[$i]" = "$wanted[$i]"; or return 1
    end
    set -l further (math (count $words) - (count $wanted))
    test (count $argv) -lt 2; or test $further -ge $argv[2]; or return 1
    test (count $argv) -lt 3; or test $further -le $argv[3]
end
function __mycelium_servers
    ls (set -q MYCELIUM_HOME; and echo $MYCELIUM_HOME; or echo $HOME/.mycelium)/launchers 2>/dev/null
end
function __mycelium_settings
    printf '%s\\n' ${keys.join(' ')}
end
function __mycelium_assignments
    printf '%s\\n' ${pairs.join(' ')}
end
complete -c mycelium -f
${lines.join('\n')}
`
}

function linesOf(path: string, command: CommandWords, program: CommandWords): readonly string[] {
  const isProgram = command === program
  const here = `complete -c mycelium -n '__mycelium_at "${path}" 0 0'`
  const anywhere = isProgram ? 'complete -c mycelium' : `complete -c mycelium -n '__mycelium_at "${path}"'`
  const words = command.commands.map(({ word, summary }) => `${here} -a ${word} -d ${quoted(summary)}`)
  const options = command.options.map(({ names, takesValue, values, summary }) => {
    const flags = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`))
    const offered = names.includes('--config') ? '(__mycelium_assignments)' : values.join(' ')
    const value = offered !== '' ? ` -x -a '${offered}'` : takesValue ? ' -x' : ''
    return `${anywhere} ${flags.join(' ')}${value} -d ${quoted(summary)}`
  })
  const operands = command.operands.map((filler, i) => {
    const last = i === command.operands.length - 1 ? '' : ` ${i}`
    return `complete -c mycelium -n '__mycelium_at "${path}" ${i}${last}' -a '${fillerText(filler)}'`
  })
  return [...words, ...options, ...operands]
}

function valueOptions(program: CommandWords): readonly string[] {
  const all = allCommands(program).flatMap(({ command }) => command.options)
  return [...new Set(all.filter(({ takesValue }) => takesValue).flatMap(({ names }) => names))]
}

function fillerText(filler: Filler): string {
  return typeof filler === 'string' ? `(__mycelium_${filler})` : filler.join(' ')
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
