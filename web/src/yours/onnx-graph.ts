/** The parts of an ONNX file that say how a network ends. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
  /** Arrays of float32 by name. */
  readonly arrays: ReadonlyMap<string, { readonly dims: readonly number[]; readonly data: Float32Array }>;
  readonly outputs: readonly string[];
}

export interface GraphNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Numbers among its attributes. */
  readonly numbers: ReadonlyMap<string, number>;
}

type Field = readonly [number, number | Uint8Array];

// Numbers of the fields in onnx.proto, version 1.
const MODEL = { graph: 7 } as const;
const GRAPH = { node: 1, initializer: 5, output: 12 } as const;
const NODE = { input: 1, output: 2, operator: 4, attribute: 5 } as const;
const ATTRIBUTE = { name: 1, float: 2, integer: 3 } as const;
const TENSOR = { dims: 1, type: 2, floats: 4, name: 8, raw: 9 } as const;
const VALUE = { name: 1 } as const;
const FLOAT = 1; // of a tensor's types

/** The fields of a protobuf message: whole numbers, and the bytes of everything else. */
function* fields(bytes: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = () => {
    let [value, scale] = [0, 1];
    for (;;) {
      if (at >= bytes.length) throw new RangeError("a protobuf message ends too early");
      const byte = bytes[at];
      at += 1;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const number = Math.floor(key / 8);
    if (key % 8 === 0) {
      yield [number, varint()];
      continue;
    }
    const length = key % 8 === 5 ? 4 : key % 8 === 1 ? 8 : varint();
    if (at + length > bytes.length) throw new RangeError("a protobuf message ends too early");
    yield [number, bytes.subarray(at, at + length)];
    at += length;
  }
}

function messages(bytes: Uint8Array, wanted: number): Uint8Array[] {
  return [...fields(bytes)].flatMap(([number, value]) =>
    number === wanted && typeof value !== "number" ? [value] : [],
  );
}

function texts(bytes: Uint8Array, wanted: number): string[] {
  return messages(bytes, wanted).map((each) => new TextDecoder().decode(each));
}

function floats(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.length >> 2 }, (_, index) => view.getFloat32(4 * index, true));
}

function nodeOf(bytes: Uint8Array): GraphNode {
  const numbers = new Map<string, number>();
  for (const attribute of messages(bytes, NODE.attribute)) {
    for (const [number, value] of fields(attribute)) {
      const [name] = texts(attribute, ATTRIBUTE.name);
      if (number === ATTRIBUTE.integer && typeof value === "number") numbers.set(name, value);
      if (number === ATTRIBUTE.float && typeof value !== "number") numbers.set(name, floats(value)[0]);
    }
  }
  return {
    operator: texts(bytes, NODE.operator)[0] ?? "",
    inputs: texts(bytes, NODE.input),
    outputs: texts(bytes, NODE.output),
    numbers,
  };
}

/**
 * Read a graph.
 *
 * @throws RangeError if the file is damaged.
 */
export function readGraph(model: Uint8Array): Graph {
  const arrays = new Map<string, { dims: number[]; data: Float32Array }>();
  const nodes: GraphNode[] = [];
  const outputs: string[] = [];
  for (const graph of messages(model, MODEL.graph)) {
    nodes.push(...messages(graph, GRAPH.node).map(nodeOf));
    outputs.push(...messages(graph, GRAPH.output).flatMap((each) => texts(each, VALUE.name)));
    for (const tensor of messages(graph, GRAPH.initializer)) {
      const found = [...fields(tensor)];
      const dims = found.flatMap(([number, value]) => {
        if (number !== TENSOR.dims) return [];
        // Several numbers may be packed into one field, of which each is a varint.
        return typeof value === "number" ? [value] : packed(value);
      });
      const [data] = [...messages(tensor, TENSOR.raw), ...messages(tensor, TENSOR.floats)];
      const isFloat = found.some(([number, value]) => number === TENSOR.type && value === FLOAT);
      const [name] = texts(tensor, TENSOR.name);
      if (isFloat && data && name) arrays.set(name, { dims, data: floats(data) });
    }
  }
  return { nodes, arrays, outputs };
}

function packed(bytes: Uint8Array): number[] {
  const found: number[] = [];
  let [value, scale] = [0, 1];
  for (const byte of bytes) {
    value += (byte & 127) * scale;
    scale *= 128;
    if (byte < 128) {
      found.push(value);
      [value, scale] = [0, 1];
    }
  }
  return found;
}

/** The same model, which also gives what one of its nodes gives: messages of protobuf are merged. */
export function withOutput(model: Uint8Array, name: string): Uint8Array<ArrayBuffer> {
  const message = (number: number, content: Uint8Array) =>
    Uint8Array.from([number * 8 + 2, ...lengthOf(content), ...content]);
  const value = message(VALUE.name, new TextEncoder().encode(name));
  const graph = message(MODEL.graph, message(GRAPH.output, value));
  const longer = new Uint8Array(model.length + graph.length);
  longer.set(model);
  longer.set(graph, model.length);
  return longer;
}

function lengthOf({ length }: Uint8Array): number[] {
  return length < 128 ? [length] : [(length & 127) | 128, length >> 7]; // names are short
}
