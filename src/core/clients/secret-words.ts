const HIDDEN = '…'

/** Parts of names whose values are secrets. */
const SECRET_NAME =
  '(?:token|secret|passw(?:or)?d|passphrase|pwd|api[-_]?key|access[-_]?key|private[-_]?key|auth|bearer|credentials?|cookie)'

/** A flag whose value, in the next word, is a secret, a variable, or a header. */
const SECRET_FLAG = new RegExp(`^--?[\\w-]*${SECRET_NAME}[\\w-]*$`, 'i')
/** A flag whose value was left out. A secret may begin with a dash, but does not read like this. */
const NEXT_FLAG = /^--[a-z]+(-[a-z]+)*(=.*)?$|^-[a-zA-Z]$/s
const ENV_FLAGS = ['-e', '--env']
const HEADER_FLAGS = ['-H', '--header']

/** Where values of secrets stand inside a word; the first group is what stays. */
const PATTERNS: readonly RegExp[] = [
  // --token=x, --api-key=x; also inside one word for a shell
  new RegExp(`(--?[\\w-]*${SECRET_NAME}[\\w-]*[= ])[^\\s'"]+`, 'gi'),
  // NAME=value
  /(\b[A-Z_][A-Z0-9_]*=)(?:'[^']*'|"[^"]*"|[^\s'"]+)/g,
  // Authorization: Bearer x, X-Api-Key: x
  new RegExp(
    `(\\b[\\w-]*(?:authorization|${SECRET_NAME})[\\w-]*:\\s*(?:bearer |basic |token )?)[^'"]+`,
    'gi',
  ),
  /(\bBearer )[^\s'"]+/gi,
  // https://user:password@host
  /(:\/\/[^/\s:@]*:)[^@\s/]+(?=@)/g,
  // ?token=x
  new RegExp(`([?&][\\w-]*(?:key|${SECRET_NAME})[\\w-]*=)[^&\\s'"]+`, 'gi'),
  // tokens that are known by how they begin: OpenAI and Anthropic, GitHub, GitLab, Slack, AWS, Google, npm, JSON web tokens
  /()\b(?:sk-[\w-]{8,}|gh[opsu]_\w{8,}|github_pat_\w+|glpat-[\w-]+|xox[a-z]-[\w-]+|AKIA\w{12,}|AIza[\w-]{20,}|npm_\w{20,}|eyJ[\w-]+\.[\w-]+\.[\w-]*)/g,
]

/** One word of a command line, with the values hidden that look like secrets; `before` is the word in front of it. */
export function withoutSecrets(word: string, before?: string): string {
  if (before !== undefined && SECRET_FLAG.test(before) && !NEXT_FLAG.test(word)) return HIDDEN
  if (before !== undefined && ENV_FLAGS.includes(before)) return word.replace(/=.*$/s, `=${HIDDEN}`)
  if (before !== undefined && HEADER_FLAGS.includes(before)) return word.replace(/:.*$/s, `: ${HIDDEN}`)
  const short = word.replace(/^(-e|--env=)(\w+=).*$/s, `$1$2${HIDDEN}`)
  return PATTERNS.reduce((text, pattern) => text.replace(pattern, `$1${HIDDEN}`), short)
}
