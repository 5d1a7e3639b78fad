import type { Layer } from "../forward/network.ts";
import type { Graph, GraphNode } from "./onnx-graph.ts";

/** The layers behind a network's last feature map, as the page computes them itself. */
export interface Tail {
  /** Which value of the graph is the feature map, channels first. */
  readonly features: string;
  /** A global average and dense layers. */
  readonly layers: readonly Layer[];
}

const RESHAPING = new Set(["Flatten", "Squeeze", "Reshape", "Identity"]);

interface Dense {
  readonly units: number;
  readonly inputs: number;
  /** Inputs, units. */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  readonly relu: boolean;
}

/** The last layers of a graph, where they are a global average and dense layers; else null. */
export function tailOf(graph: Graph): Tail | null {
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const found: Dense[] = []; // from the last one
  let name = graph.outputs[0];
  let bias: Float32Array | null = null;
  let relu = false;
  for (let steps = 0; steps < graph.nodes.length; steps += 1) {
    const node = makers.get(name);
    if (!node) return null;
    if (node.operator === "GlobalAveragePool") {
      const complete = found.length > 0 && !bias && !relu;
      return complete ? { features: node.inputs[0], layers: layersOf(found.reverse()) } : null;
    }
    if (node.operator === "Softmax" && (found.length > 0 || bias || relu)) return null;
    if (node.operator === "Add") {
      const at = node.inputs.findIndex((each) => graph.arrays.has(each));
      if (at < 0 || bias) return null;
      bias = graph.arrays.get(node.inputs[at])?.data ?? null;
      name = node.inputs[1 - at];
      continue;
    }
    if (node.operator === "MatMul" || node.operator === "Gemm") {
      const dense = denseOf(node, graph, bias, relu);
      if (!dense) return null;
      found.push(dense);
      [bias, relu] = [null, false];
    } else if (node.operator === "Relu") {
      if (bias || relu || found.length === 0) return null;
      relu = true;
    } else if (node.operator !== "Softmax" && (bias || !RESHAPING.has(node.operator))) {
      return null;
    }
    name = node.inputs[0];
  }
  return null;
}

function denseOf(node: GraphNode, { arrays }: Graph, added: Float32Array | null, relu: boolean): Dense | null {
  const kernel = arrays.get(node.inputs[1]);
  if (!kernel || kernel.dims.length !== 2) return null;
  const number = (name: string, usual: number) => node.numbers.get(name) ?? usual;
  if (number("alpha", 1) !== 1 || number("beta", 1) !== 1 || number("transA", 0) !== 0) return null;
  const turned = number("transB", 0) !== 0;
  const [inputs, units] = turned ? [kernel.dims[1], kernel.dims[0]] : kernel.dims;
  const weights = turned
    ? Float32Array.from(kernel.data, (_, at) => kernel.data[(at % units) * inputs + Math.floor(at / units)])
    : kernel.data;
  const own = node.inputs[2] ? arrays.get(node.inputs[2])?.data : undefined;
  if (own && added) return null;
  const bias = own ?? added ?? new Float32Array(units);
  if (weights.length !== inputs * units || bias.length !== units) return null;
  return { units, inputs, weights, bias, relu };
}

function layersOf(dense: readonly Dense[]): Layer[] {
  const average: Layer = { description: { name: "average", kind: "global-average", weights: [] }, arrays: [] };
  return [
    average,
    ...dense.map(({ inputs, units, weights, bias, relu }, index): Layer => {
      const activation = index === dense.length - 1 ? "softmax" : relu ? "relu" : "linear";
      const shapes = [[inputs, units], [units]];
      return { description: { name: `dense ${index}`, kind: "dense", activation, weights: shapes }, arrays: [weights, bias] };
    }),
  ];
}
