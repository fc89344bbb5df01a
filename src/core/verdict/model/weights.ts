/** One tensor of a file of weights. */
export interface Tensor {
  readonly shape: readonly number[]
  /** Row by row. */
  readonly values: Float32Array
}

/** Reads tensors by name from the bytes of a safetensors file with half-precision floats. */
export type Weights = (name: string) => Tensor

interface Entry {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly data_offsets: readonly [number, number]
}

/** The weights in a safetensors file: 8 bytes of header length, a JSON header, then the data. Throws a plain error for what is none. */
export function weightsOf(bytes: Uint8Array): Weights {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const headerBytes = Number(view.getBigUint64(0, true))
  if (headerBytes > bytes.length - 8) throw new Error('the file of weights is cut short')
  const header = JSON.parse(Buffer.from(bytes.subarray(8, 8 + headerBytes)).toString()) as Record<
    string,
    Entry
  >
  const start = 8 + headerBytes
  const floats = halfTable()
  return (name) => {
    const entry = header[name]
    if (entry?.dtype !== 'F16') throw new Error(`no half-precision ${name} in the weights`)
    const [from, to] = entry.data_offsets
    const values = new Float32Array((to - from) / 2)
    for (let i = 0; i < values.length; i++) values[i] = floats[view.getUint16(start + from + 2 * i, true)]!
    return { shape: entry.shape, values }
  }
}

/** All half-precision floats by their 16 bits (IEEE 754 binary16): looked up, 23 million are 40 ms. */
function halfTable(): Float32Array {
  const table = new Float32Array(1 << 16)
  for (let bits = 0; bits < table.length; bits++) {
    const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023]
    if (exponent === 31) table[bits] = fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
    else
      table[bits] =
        sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15))
  }
  return table
}
