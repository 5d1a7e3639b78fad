import type { Answer, Classifier } from "../classifier.ts";
import { softmax } from "../forward/layers.ts";
import { type Tensor, tensor } from "../forward/tensor.ts";
import { loadRuntime, type Metadata, type Runtime, type Session } from "./runtime.ts";

const MOST_BYTES = 100_000_000;
const TOLERANCE = 1e-3; // of probabilities' sum

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

export interface YourNetwork extends Classifier {
  readonly name: string;
  readonly probabilities: boolean;
  readonly layout: Layout;
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
  const session = await runtime.InferenceSession.create(bytes, { executionProviders: ["wasm"] }).catch(
    (error: unknown) => {
      throw new ModelError("unreadable", firstLine(error));
    },
  );
  try {
    return await checked(runtime, session, file.name, expected, tried);
  } catch (error) {
    await session.release();
    throw error instanceof ModelError ? error : new ModelError("unreadable", firstLine(error));
  }
}

async function checked(
  runtime: Runtime,
  session: Session,
  name: string,
  expected: Expected,
  tried: readonly Tensor[],
): Promise<YourNetwork> {
  const { layout, batch } = inputOf(session.inputMetadata, expected);
  const evaluate = (images: readonly Tensor[]) => evaluated(runtime, session, images, layout, batch, expected);
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
  return {
    key: `yours ${name}`,
    role: "yours",
    side: expected.side,
    name,
    probabilities,
    layout,
    answer: async (images) => (await evaluate(images)).map(answered),
    release: () => void session.release(),
  };
}

/** How its only input takes images: where the channels are, and how many images at once; null if any number. */
function inputOf(inputs: readonly Metadata[], { side, channels }: Expected): { layout: Layout; batch: number | null } {
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

async function evaluated(
  runtime: Runtime,
  session: Session,
  images: readonly Tensor[],
  layout: Layout,
  batch: number | null,
  { side, channels, classes }: Expected,
): Promise<Float32Array[]> {
  const rows: Float32Array[] = [];
  const together = batch ?? images.length;
  const size = side * side * channels;
  for (let start = 0; start < images.length; start += together) {
    const values = new Float32Array(together * size); // of a fixed number, those that are too many stay black
    images.slice(start, start + together).forEach((image, index) => {
      values.set(layout === "rows-first" ? image.data : channelsFirst(image).data, index * size);
    });
    const sides = layout === "rows-first" ? [side, side, channels] : [channels, side, side];
    const feeds = { [session.inputMetadata[0].name]: new runtime.Tensor("float32", values, [together, ...sides]) };
    const outputs = Object.values(await session.run(feeds));
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
