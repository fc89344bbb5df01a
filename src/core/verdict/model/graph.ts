import { bytes, type Field, float, integer } from './protobuf.ts'
import type { Tensor, Weights } from './weights.ts'

/** Sizes of all-MiniLM-L6-v2. */
export const HIDDEN = 384
const HEADS = 12
const LAYERS = 6
const EPSILON = 1e-12
/** ONNX's own numbers for types of values. */
const FLOAT = 1
const INT8 = 3
const INT64 = 7

/**
 * The encoder of the model as an ONNX file, with 8-bit weights, each column with its own scale. In: `x`, sums of word, place and type
 * embeddings (batch, pieces, 384), and `mask`, 0 or a large negative number (batch, 1, 1, pieces). Out: `y`, the last hidden states. The word
 * embeddings stay outside: they are two thirds of the weights and a table to look up. Numbers of fields are those of onnx.proto3.
 */
export function encoderGraph(weights: Weights): Buffer {
  const nodes: Field[] = []
  const constants: Field[] = []
  const add = (
    op: string,
    inputs: readonly string[],
    output: string,
    attributes: readonly Field[] = [],
    domain = '',
  ): string => {
    nodes.push(
      bytes(1, [
        ...inputs.map((name) => bytes(1, name)),
        bytes(2, output),
        bytes(4, op),
        ...attributes,
        ...(domain === '' ? [] : [bytes(7, domain)]),
      ]),
    )
    return output
  }
  const floats = (name: string, { shape, values }: Tensor): string => {
    constants.push(
      constant(name, shape, FLOAT, Buffer.from(values.buffer, values.byteOffset, values.byteLength)),
    )
    return name
  }
  const shape = (name: string, dims: readonly number[]): string => {
    constants.push(
      constant(name, [dims.length], INT64, Buffer.from(BigInt64Array.from(dims.map(BigInt)).buffer)),
    )
    return name
  }
  const dense = (name: string, input: string, output: string, factor = 1): string => {
    const { values, rows, scales } = quantized(scaled(weights(`${name}.weight`), factor))
    const [to, from] = rows
    constants.push(
      constant(`${name}.q`, [from, to], INT8, values),
      constant(`${name}.s`, [to], FLOAT, scales),
    )
    constants.push(constant(`${name}.z`, [to], INT8, Buffer.alloc(to)))
    const bias = floats(`${name}.b`, scaled(weights(`${name}.bias`), factor))
    return add(
      'DynamicQuantizeMatMul',
      [input, `${name}.q`, `${name}.s`, `${name}.z`, bias],
      output,
      [],
      MICROSOFT,
    )
  }
  const normal = (name: string, inputs: readonly string[], output: string): string =>
    add(
      inputs.length === 2 ? 'SkipLayerNormalization' : 'LayerNormalization',
      [
        ...inputs,
        floats(`${name}.g`, weights(`${name}.weight`)),
        floats(`${name}.o`, weights(`${name}.bias`)),
      ],
      output,
      [attribute('epsilon', EPSILON), ...(inputs.length === 2 ? [] : [whole('axis', -1)])],
      inputs.length === 2 ? MICROSOFT : '',
    )
  shape('split', [0, 0, HEADS, HIDDEN / HEADS])
  shape('join', [0, 0, HIDDEN])
  let x = normal('embeddings.LayerNorm', ['x'], 'h')
  for (let i = 0; i < LAYERS; i++) {
    const layer = `encoder.layer.${i}`
    const head = (what: string, order: readonly number[], factor = 1): string => {
      const flat = dense(`${layer}.attention.self.${what}`, x, `${what}${i}`, factor)
      const parts = add('Reshape', [flat, 'split'], `${what}${i}.parts`)
      return add('Transpose', [parts], `${what}${i}.heads`, [list('perm', order)])
    }
    // The root of the head's size is taken off the query once, here, instead of off every score.
    const query = head('query', [0, 2, 1, 3], 1 / Math.sqrt(HIDDEN / HEADS))
    const scores = add('MatMul', [query, head('key', [0, 2, 3, 1])], `scores${i}`)
    const shares = add('Softmax', [add('Add', [scores, 'mask'], `masked${i}`)], `shares${i}`, [
      whole('axis', -1),
    ])
    const mixed = add('MatMul', [shares, head('value', [0, 2, 1, 3])], `mixed${i}`)
    const joined = add(
      'Reshape',
      [add('Transpose', [mixed], `turned${i}`, [list('perm', [0, 2, 1, 3])]), 'join'],
      `joined${i}`,
    )
    const attended = dense(`${layer}.attention.output.dense`, joined, `attended${i}`)
    const middle = normal(`${layer}.attention.output.LayerNorm`, [attended, x], `middle${i}`)
    const wide = add(
      'Gelu',
      [dense(`${layer}.intermediate.dense`, middle, `wide${i}`)],
      `gelu${i}`,
      [],
      MICROSOFT,
    )
    const narrow = dense(`${layer}.output.dense`, wide, `narrow${i}`)
    x = normal(`${layer}.output.LayerNorm`, [narrow, middle], i === LAYERS - 1 ? 'y' : `h${i}`)
  }
  const graph = [
    ...nodes,
    bytes(2, 'minilm'),
    ...constants,
    bytes(11, value('x', ['batch', 'pieces', HIDDEN])),
    bytes(11, value('mask', ['batch', 1, 1, 'pieces'])),
    bytes(12, value('y', ['batch', 'pieces', HIDDEN])),
  ]
  const opset = (domain: string, version: number) => bytes(8, [bytes(1, domain), integer(2, version)])
  return Buffer.concat([integer(1, 8), opset('', 17), opset(MICROSOFT, 1), bytes(7, graph)])
}

const MICROSOFT = 'com.microsoft'

/** A dense layer's weights (out, in), turned to (in, out) as bytes, each output with the scale that its largest weight needs. */
function quantized({ shape, values }: Tensor): { values: Buffer; rows: [number, number]; scales: Buffer } {
  const [to, from] = shape as [number, number]
  const out = new Int8Array(values.length)
  const scales = new Float32Array(to)
  for (let row = 0; row < to; row++) {
    let largest = 1e-12
    for (let i = 0; i < from; i++) largest = Math.max(largest, Math.abs(values[row * from + i]!))
    scales[row] = largest / 127
    for (let i = 0; i < from; i++) out[i * to + row] = Math.round(values[row * from + i]! / scales[row]!)
  }
  return { values: Buffer.from(out.buffer), rows: [to, from], scales: Buffer.from(scales.buffer) }
}

function scaled(tensor: Tensor, factor: number): Tensor {
  return factor === 1 ? tensor : { ...tensor, values: tensor.values.map((value) => value * factor) }
}

function constant(name: string, dims: readonly number[], type: number, raw: Uint8Array): Field {
  return bytes(5, [...dims.map((dim) => integer(1, dim)), integer(2, type), bytes(8, name), bytes(9, raw)])
}

function value(name: string, dims: readonly (string | number)[]): readonly Field[] {
  const shape = dims.map((dim) => bytes(1, typeof dim === 'number' ? [integer(1, dim)] : [bytes(2, dim)]))
  return [bytes(1, name), bytes(2, [bytes(1, [integer(1, FLOAT), bytes(2, shape)])])]
}

function attribute(name: string, number: number): Field {
  return bytes(5, [bytes(1, name), float(2, number), integer(20, 1)])
}

function whole(name: string, number: number): Field {
  return bytes(5, [bytes(1, name), integer(3, BigInt(number)), integer(20, 2)])
}

function list(name: string, numbers: readonly number[]): Field {
  return bytes(5, [bytes(1, name), ...numbers.map((number) => integer(8, number)), integer(20, 7)])
}
