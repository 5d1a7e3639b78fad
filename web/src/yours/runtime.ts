/** The part of ONNX Runtime's interface that the page uses. */
export interface Session {
  readonly inputMetadata: readonly Metadata[];
  readonly outputMetadata: readonly Metadata[];
  run(feeds: Record<string, OrtTensor>): Promise<Record<string, OrtTensor>>;
  release(): Promise<void>;
}

export interface Metadata {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type?: string;
  /** Numbers, or names where a size is open. */
  readonly shape?: readonly (number | string)[];
}

export interface OrtTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: ArrayLike<number>;
}

export interface Runtime {
  readonly env: {
    logLevel: string;
    readonly wasm: { numThreads: number; wasmPaths: { wasm: string } };
  };
  readonly InferenceSession: {
    create(model: Uint8Array, options: Record<string, unknown>): Promise<Session>;
  };
  readonly Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => OrtTensor;
}

let loading: Promise<Runtime> | null = null;
let last: Promise<unknown> = Promise.resolve();

/** Do one thing after the other: all networks share the runtime's memory, and a run waits in between. */
export function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const done = last.then(work);
  last = done.catch(() => undefined);
  return done;
}

/**
 * Load ONNX Runtime from the page's own folder, once.
 *
 * @throws Error if it is not there, or the browser runs no WebAssembly.
 */
export function loadRuntime(): Promise<Runtime> {
  loading ??= load().catch((error: unknown) => {
    loading = null;
    throw error;
  });
  return loading;
}

async function load(): Promise<Runtime> {
  const place = (name: string) => new URL(`onnx/${name}`, document.baseURI).href;
  const runtime = (await import(/* @vite-ignore */ place("ort.wasm.bundle.min.mjs"))) as Runtime;
  runtime.env.logLevel = "fatal"; // what fails is told by the page
  runtime.env.wasm.numThreads = 1; // more need headers that plain web servers do not send
  runtime.env.wasm.wasmPaths = { wasm: place("ort-wasm-simd-threaded.wasm") };
  return runtime;
}
