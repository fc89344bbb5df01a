/** A field of a message, encoded: written once, in order. */
export type Field = Uint8Array

/** A whole number (wire type 0). */
export function integer(field: number, value: number | bigint): Field {
  return Buffer.concat([varint(field << 3), varint(value)])
}

/** A 32-bit float (wire type 5). */
export function float(field: number, value: number): Field {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatLE(value)
  return Buffer.concat([varint((field << 3) | 5), bytes])
}

/** Bytes, a text or a message (wire type 2). */
export function bytes(field: number, value: string | Uint8Array | readonly Field[]): Field {
  const content =
    typeof value === 'string'
      ? Buffer.from(value)
      : value instanceof Uint8Array
        ? value
        : Buffer.concat([...value])
  return Buffer.concat([varint((field << 3) | 2), varint(content.length), content])
}

function varint(value: number | bigint): Buffer {
  const out: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  for (; rest > 127n; rest >>= 7n) out.push(Number(rest & 127n) | 128)
  out.push(Number(rest))
  return Buffer.from(out)
}
