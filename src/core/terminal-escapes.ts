const [ESC, BEL] = ['\u001b', '\u0007']

/** What a terminal takes as an order and shows nothing of: CSI and OSC sequences, strings, and the shorter escapes (ECMA-48). */
export const ESCAPES = new RegExp(
  `${ESC}(?:\\[[0-?]*[ -/]*[@-~]|\\][^${BEL}${ESC}]*(?:${BEL}|${ESC}\\\\)?|[PX^_][^${ESC}]*(?:${ESC}\\\\)?|[ -/]*[0-~])`,
  'g',
)
