/** What a connection says of itself before anything else; pairs with daemon/hello.ts. */
export interface Greeting {
  readonly server: string
  readonly client: string
  readonly cwd: string
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** Of the client, to make calls in the name of its own session. */
  readonly guestOf?: number
}

/** The first line. */
export function helloLine({ server, client, cwd, argv, env, guestOf }: Greeting): string {
  const variables = Object.entries(env).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  )
  const header = [
    `server=${server}`,
    `client=${client}`,
    `cwd=${cwd}`,
    'relay=mcp',
    `pid=${process.pid}`,
    ...(guestOf === undefined ? [] : [`guest=${guestOf}`]),
    ...argv.map((arg) => `arg=${arg}`),
  ]
  return `mycelium-hello 1 ${Buffer.from([...header, '', ...variables].join('\0')).toString('hex')}\n`
}
