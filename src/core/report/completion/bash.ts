import { allCommands, type CommandWords, type Completion, type Filler, LIST_SERVERS } from './tree.ts'

/** The completion script for bash 3.2 and later; needs nothing of the bash-completion package. */
export function bashCompletion({ program, settings }: Completion): string {
  const commands = allCommands(program)
  const everyOption = program.options
  return `# bash completion of mycelium: source it, or put it where bash-completion looks.
_mycelium_servers() { ${LIST_SERVERS}; }
_mycelium_settings='${settings.map(({ key }) => key).join(' ')}'
_mycelium_values() {
  case "$1" in
${settings.map(({ key, values }) => (values.length > 0 ? `    ${key}) echo '${values.join(' ')}' ;;\n` : '')).join('')}  esac
}
_mycelium_words() {
  case "$1" in
${commands.map(({ path, command }) => `    '${path}') echo '${wordsOf(command, everyOption)}' ;;\n`).join('')}  esac
}
_mycelium_takes_value() {
  case "$1" in
${[...new Set(commands.flatMap(({ command }) => valueOptions(command)))].map((name) => `    ${name}) return 0 ;;\n`).join('')}  esac
  return 1
}
_mycelium_operand() {
  case "$1 $2" in
${commands.map(({ path, command }) => operandCases(path, command)).join('')}  esac
}
_mycelium_option() {
  case "$1 $2" in
${commands.map(({ path, command }) => optionCases(path, command)).join('')}  esac
}
_mycelium() {
  local cur=\${COMP_WORDS[COMP_CWORD]} path='' word i n=0 key='' skip=0
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if ((skip)); then skip=0; continue; fi
    # Bash makes words of their own of "=" and what is behind it.
    if [[ $word == = || \${COMP_WORDS[i - 1]} == = ]]; then continue; fi
    if _mycelium_takes_value "$word"; then skip=1; continue; fi
    if [[ $word == -* ]]; then continue; fi
    if ((n == 0)) && [[ -n $(_mycelium_words "\${path:+$path }$word") ]]; then path="\${path:+$path }$word"; else n=$((n + 1)); fi
  done
  if [[ $cur == = ]]; then key=\${COMP_WORDS[COMP_CWORD - 1]}; cur=''
  elif ((COMP_CWORD > 1)) && [[ \${COMP_WORDS[COMP_CWORD - 1]} == = ]]; then key=\${COMP_WORDS[COMP_CWORD - 2]}
  elif [[ $cur == *=* ]]; then
    key=\${cur%%=*}
    COMPREPLY=($(compgen -P "$key=" -W "$(_mycelium_values "$key")" -- "\${cur#*=}"))
    return
  fi
  if [[ -n $key ]]; then
    COMPREPLY=($(compgen -W "$(_mycelium_values "$key")" -- "$cur"))
    return
  fi
  local words what
  if [[ $cur == -* ]]; then words=$(_mycelium_words "$path" | tr ' ' '\\n' | grep '^-')
  elif ((skip)) && [[ \${COMP_WORDS[COMP_CWORD - 1]} == --config ]]; then what=assignments
  elif ((skip)); then
    what=$(_mycelium_option "$path" "\${COMP_WORDS[COMP_CWORD - 1]}")
    [[ -n $what ]] || return
  else
    what=$(_mycelium_operand "$path" "$n")
    [[ -n $what ]] || words=$(_mycelium_words "$path" | tr ' ' '\\n' | grep -v '^-')
  fi
  case "$what" in
    servers) words=$(_mycelium_servers) ;;
    settings) words=$_mycelium_settings ;;
    assignments)
      COMPREPLY=($(compgen -S = -W "$_mycelium_settings" -- "$cur"))
      compopt -o nospace 2>/dev/null
      return ;;
    ?*) words=$what ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _mycelium mycelium
`
}

function wordsOf(command: CommandWords, everyOption: CommandWords['options']): string {
  const options = [...command.options, ...everyOption].flatMap(({ names }) => names)
  return [...command.commands.map(({ word }) => word), ...new Set(options)].join(' ')
}

function valueOptions(command: CommandWords): readonly string[] {
  return command.options.flatMap(({ names, takesValue }) => (takesValue ? names : []))
}

function optionCases(path: string, { options }: CommandWords): string {
  return options
    .filter(({ values }) => values.length > 0)
    .flatMap(({ names, values }) =>
      names.map((name) => `    '${path} ${name}') echo '${values.join(' ')}' ;;\n`),
    )
    .join('')
}

function operandCases(path: string, { operands }: CommandWords): string {
  return operands
    .map(
      (filler, i) =>
        `    '${path} '${i === operands.length - 1 ? `*` : i}) echo '${fillerText(filler)}' ;;\n`,
    )
    .join('')
}

function fillerText(filler: Filler): string {
  return typeof filler === 'string' ? filler : filler.join(' ')
}
