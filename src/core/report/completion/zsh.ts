import { allCommands, type CommandWords, type Completion, type Filler, LIST_SERVERS } from './tree.ts'

/** The completion script for zsh: source it after compinit, or save it as _mycelium in a directory of fpath. */
export function zshCompletion({ program, settings }: Completion): string {
  const commands = allCommands(program)
  return `#compdef mycelium
# zsh completion of mycelium: source it after compinit, or save it as _mycelium in a directory of $fpath.
_mycelium_servers() { local -a ids; ids=(\${(f)"$(${LIST_SERVERS})"}); compadd -a ids; }
_mycelium_settings() { compadd -- ${settings.map(({ key }) => key).join(' ')}; }
_mycelium_assignments() {
  if [[ $PREFIX == *=* ]]; then
    local key=\${PREFIX%%=*}
    compset -P '*='
    case $key in
${settings.map(({ key, values }) => (values.length > 0 ? `      ${key}) compadd -- ${values.join(' ')} ;;\n` : '')).join('')}    esac
  else
    compadd -S = -- ${settings.map(({ key }) => key).join(' ')}
  fi
}
_mycelium() {
  local path_='' word
  local -a words_ options_
  integer i n=0 skip=0
  for ((i = 2; i < CURRENT; i++)); do
    word=$words[i]
    if ((skip)); then skip=0; continue; fi
    case $word in
      ${[...new Set(commands.flatMap(({ command }) => command.options.filter(({ takesValue }) => takesValue).flatMap(({ names }) => names)))].join('|')}) skip=1; continue ;;
      -*) continue ;;
    esac
    if ((n == 0)) && _mycelium_command "\${path_:+$path_ }$word"; then path_="\${path_:+$path_ }$word"; else ((n++)); fi
  done
  _mycelium_command "$path_"
  if [[ $PREFIX == -* ]]; then _describe -o option options_; return; fi
  if ((skip)); then
    case "$path_ $words[CURRENT-1]" in
      *' --config') _mycelium_assignments ;;
${commands.map(({ path, command }) => optionCases(path, command)).join('')}    esac
    return
  fi
  if (($#words_)); then _describe command words_; return; fi
  case "$path_ $n" in
${commands.map(({ path, command }) => operandCases(path, command)).join('')}  esac
}
# Sets words_ and options_ of the caller; fails for what is no command.
_mycelium_command() {
  case $1 in
${commands.map(({ path, command }) => `    '${path}') words_=(${described(command)}); options_=(${optionsOf(command, program)}) ;;\n`).join('')}    *) return 1 ;;
  esac
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _mycelium "$@"; else compdef _mycelium mycelium; fi
`
}

function described(command: CommandWords): string {
  return command.commands.map(({ word, summary }) => quoted(`${word}:${summary}`)).join(' ')
}

function optionsOf(command: CommandWords, program: CommandWords): string {
  const all = new Map([...command.options, ...program.options].map((option) => [option.names.at(-1), option]))
  return [...all.values()]
    .flatMap(({ names, summary }) => names.map((name) => quoted(`${name}:${summary}`)))
    .join(' ')
}

function optionCases(path: string, { options }: CommandWords): string {
  return options
    .filter(({ values }) => values.length > 0)
    .flatMap(({ names, values }) =>
      names.map((name) => `      '${path} ${name}') compadd -- ${values.join(' ')} ;;\n`),
    )
    .join('')
}

function operandCases(path: string, { operands }: CommandWords): string {
  return operands
    .map((filler, i) => `    '${path} '${i === operands.length - 1 ? '*' : i}) ${fillerText(filler)} ;;\n`)
    .join('')
}

function fillerText(filler: Filler): string {
  return typeof filler === 'string' ? `_mycelium_${filler}` : `compadd -- ${filler.join(' ')}`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
