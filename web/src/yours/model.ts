import type { Answer, Classifier } from "../classifier.ts";
import { softmax } from "../forward/layers.ts";
import { type Layer, type Outcome, run } from "../forward/network.ts";
import { type Tensor, tensor } from "../forward/tensor.ts";
import { readGraph, withOutput } from "./onnx-graph.ts";
import { inTurn, loadRuntime, type Metadata, type OrtTensor, type Runtime, type Session } from "./runtime.ts";
import { type Tail, tailOf } from "./tail.ts";

const MOST_BYTES = 100_000_000;
const TOLERANCE = 1e-3; // of probabilities' sum
const LONGEST_NAME = 60; // characters

export type ModelTrouble = "bytes" | "runtime" | "unreadable" | "input" | "output" | "classes" | "numbers";

/** Why a network cannot be used, with what was found instead. */
export class ModelError extends Error {
  readonly trouble: ModelTrouble;

  constructor(trouble: ModelTrouble, found = "") {
    super(found);
    this.trouble = trouble;
  }
}

/** The images that it must take, and the answers that it must give. */
export interface Expected {
  readonly side: number;
  readonly channels: number;
  readonly classes: number;
}

/** What the last feature map is, and what the page computes from it. */
export interface Explained {
  readonly features: Tensor;
  readonly layers: readonly Layer[];
  readonly outcome: Outcome;
}

export interface YourNetwork extends Classifier {
  /** Of its file. */
  readonly name: string;
  readonly probabilities: boolean;
  readonly layout: Layout;
  /** Null where the network does not end in a global average and dense layers. */
  readonly explain: ((image: Tensor) => Promise<Explained>) | null;
  /** Give its memory back, once what was asked of it before is answered; what is asked later fails. */
  release(): void;
}

type Layout = "rows-first" | "channels-first";

/**
 * Open an ONNX classifier, and try it on some images.
 *
 * @param tried images of the test set.
 * @throws ModelError if it cannot be used; nothing of it is kept then.
 */
export async function openModel(file: File, expected: Expected, tried: readonly Tensor[]): Promise<YourNetwork> {
  if (file.size > MOST_BYTES) throw new ModelError("bytes");
  const bytes = new Uint8Array(await file.arrayBuffer());
  const runtime = await loadRuntime().catch((error: unknown) => {
    throw new ModelError("runtime", firstLine(error));
  });
  const tail = readTail(bytes);
  const create = (model: Uint8Array) =>
    inTurn(() => runtime.InferenceSession.create(model, { executionProviders: ["wasm"] })).catch((error: unknown) => {
      throw new ModelError("unreadable", firstLine(error));
    });
  const session = await (tail ? create(withOutput(bytes, tail.features)).catch(() => create(bytes)) : create(bytes));
  try {
    return await checked({ runtime, session, expected, tail }, file.name, tried);
  } catch (error) {
    await inTurn(() => session.release());
    throw error instanceof ModelError ? error : new ModelError("unreadable", firstLine(error));
  }
}

/** How a network ends, where that can be read; it works without. */
function readTail(bytes: Uint8Array): Tail | null {
  try {
    return tailOf(readGraph(bytes));
  } catch {
    return null;
  }
}

/** A network that is opened, and what it is to take and give. */
interface Opened {
  readonly runtime: Runtime;
  readonly session: Session;
  readonly expected: Expected;
  readonly tail: Tail | null;
}

async function checked(opened: Opened, name: string, tried: readonly Tensor[]): Promise<YourNetwork> {
  const { session, expected, tail } = opened;
  const form = inputOf(session.inputMetadata, expected);
  const evaluate = (images: readonly Tensor[]) => evaluated(opened, images, form);
  const rows = await evaluate(tried);
  if (rows.some((row) => row.some((value) => !Number.isFinite(value)))) throw new ModelError("numbers");
  const probabilities = rows.every(
    (row) =>
      row.every((value) => value >= 0 && value <= 1 + TOLERANCE) &&
      Math.abs(row.reduce((sum, value) => sum + value, 0) - 1) < TOLERANCE,
  );
  const answered = (row: Float32Array): Answer =>
    probabilities
      ? { probabilities: row, scores: logOdds(row) }
      : { probabilities: softmax(row), scores: row };
  const explain = async (image: Tensor): Promise<Explained> => {
    const outputs = await inTurn(() => session.run(feedsOf(opened, [image], form)));
    if (!tail) throw new ModelError("output");
    const features = featureMap(outputs[tail.features]);
    return { features, layers: tail.layers, outcome: run(tail.layers, features) };
  };
  return {
    key: `yours ${name}`,
    role: "yours",
    side: expected.side,
    name: name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name,
    probabilities,
    layout: form.layout,
    explain: tail && (await agrees(explain, tried, rows.map(answered))) ? explain : null,
    answer: async (images) => (await evaluate(images)).map(answered),
    release: () => void inTurn(() => session.release()).catch(() => undefined),
  };
}

/** Whether what the page computes from the last feature map is what the network answers. */
async function agrees(
  explain: (image: Tensor) => Promise<Explained>,
  images: readonly Tensor[],
  answers: readonly Answer[],
): Promise<boolean> {
  try {
    for (const [index, image] of images.entries()) {
      const { probabilities } = (await explain(image)).outcome;
      const close = (value: number, label: number) => Math.abs(value - answers[index].probabilities[label]) < TOLERANCE;
      if (!probabilities.every(close)) return false;
    }
    return true;
  } catch {
    return false;
  }
}

/** The first of several feature maps, channels last. */
function featureMap({ dims, data }: OrtTensor): Tensor {
  const [, channels, height, width] = dims;
  const map = tensor(height, width, channels);
  for (let at = 0; at < map.data.length; at += 1) {
    map.data[at] = data[(at % channels) * height * width + Math.floor(at / channels)];
  }
  return map;
}

interface InputForm {
  readonly layout: Layout;
  /** How many images at once; null if any number. */
  readonly batch: number | null;
}

/** How its only input takes images. */
function inputOf(inputs: readonly Metadata[], { side, channels }: Expected): InputForm {
  const [input] = inputs;
  const written = inputs.map(({ type, shape }) => `${type ?? "?"} [${(shape ?? []).join(", ")}]`).join("; ");
  if (inputs.length !== 1 || !input.isTensor || input.type !== "float32" || input.shape?.length !== 4) {
    throw new ModelError("input", written);
  }
  const [first, ...others] = input.shape;
  // An open size is a name.
  const fits = (sizes: readonly number[]) =>
    sizes.every((size, place) => typeof others[place] === "string" || others[place] === size);
  const batch = typeof first === "number" && first > 0 ? first : null;
  if (fits([side, side, channels])) return { layout: "rows-first", batch };
  if (fits([channels, side, side])) return { layout: "channels-first", batch };
  throw new ModelError("input", written);
}

/** Images as the network takes them; where it takes a fixed number, those that are missing are black. */
function feedsOf(
  { runtime, session, expected: { side, channels } }: Opened,
  images: readonly Tensor[],
  { layout, batch }: InputForm,
): Record<string, OrtTensor> {
  const together = batch ?? images.length;
  const size = side * side * channels;
  const values = new Float32Array(together * size);
  images.forEach((image, index) => {
    values.set(layout === "rows-first" ? image.data : channelsFirst(image).data, index * size);
  });
  const sides = layout === "rows-first" ? [side, side, channels] : [channels, side, side];
  return { [session.inputMetadata[0].name]: new runtime.Tensor("float32", values, [together, ...sides]) };
}

async function evaluated(opened: Opened, images: readonly Tensor[], form: InputForm): Promise<Float32Array[]> {
  const { classes } = opened.expected;
  const rows: Float32Array[] = [];
  const together = form.batch ?? images.length;
  for (let start = 0; start < images.length; start += together) {
    const feeds = feedsOf(opened, images.slice(start, start + together), form);
    const outputs = Object.values(await inTurn(() => opened.session.run(feeds)));
    const output = outputs.find(({ type, dims }) => type === "float32" && dims.length === 2 && dims[0] === together);
    if (!output) throw new ModelError("output", outputs.map(({ type, dims }) => `${type} [${dims.join(", ")}]`).join("; "));
    if (output.dims[1] !== classes) throw new ModelError("classes", String(output.dims[1]));
    const all = Float32Array.from(output.data);
    for (let index = 0; index < Math.min(together, images.length - start); index += 1) {
      rows.push(all.slice(index * classes, (index + 1) * classes));
    }
  }
  return rows;
}

/** Each class's probability against all others, which goes on changing where the class is nearly certain. */
function logOdds(row: Float32Array): Float32Array {
  const bounded = (value: number) => Math.max(value, 1e-30);
  return row.map((value, label) => {
    const others = row.reduce((sum, other, index) => (index === label ? sum : sum + other), 0);
    return Math.log(bounded(value)) - Math.log(bounded(others));
  });
}

function channelsFirst({ height, width, channels, data }: Tensor): Tensor {
  const moved = tensor(channels, height, width);
  data.forEach((value, at) => {
    moved.data[(at % channels) * height * width + Math.floor(at / channels)] = value;
  });
  return moved;
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split("\n")[0].slice(0, 200);
}
